"""`Handle`: a runtime as others see it, from threads that it does not drive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from spanlab import threads
from spanlab.errors import NestedRuntime, NoRuntime, UsageError
from spanlab.future import Pending, drop, into_future
from spanlab.os_thread import check_function
from spanlab.threads import Thread
from spanlab.tokio.host.ending import PATIENCE
from spanlab.tokio.task import JoinHandle, new_task
from spanlab.tokio.wait import BUDGET, here

T = TypeVar("T")


class Spawner:
    """What a runtime and its handles let other threads do with it."""

    runtime: Any

    def spawn(self, future: Any) -> JoinHandle[Any]:
        """Give a future to the runtime, as `spawn` does where it is the current one."""
        with self.enter():
            return JoinHandle(new_task(future, "handle.spawn()"))

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Have `spawn` and its kin find this runtime on this thread, for one `with` block.

        In Rust: the block ends with the drop of the guard.
        """
        thread = _thread("handle.enter()")
        around, thread.runtime = thread.runtime, _Entered(self.runtime, thread.runtime)
        try:
            yield
        finally:
            thread.runtime = around


class Owned(Spawner):
    """What its owner can do with a runtime, beside running a future on it.

    In Rust: `tokio::runtime::Runtime`. `shutdown` is its drop.
    """

    patience = PATIENCE  # seconds that blocking work may go on after the end

    def call(self, function: Callable[[], T]) -> T:
        """Call a function that blocks. Real workers go on meanwhile: it may block on a future."""
        thread = here("call()")
        around = thread.runtime
        if self.runtime.clock is None:
            thread.runtime = _Entered(self.runtime, None)
        try:
            return function()
        finally:
            thread.runtime = around

    def handle(self) -> Handle:
        """Give a handle, for others to spawn by."""
        return Handle(self.runtime)

    def shutdown_timeout(self, seconds: float) -> None:
        """Drop all that is left; work that blocks may go on for so many seconds."""
        self.patience = seconds
        thread = _thread("shutdown_timeout()")
        around = thread.runtime, thread.task, thread.waker, thread.budget
        thread.runtime = None
        try:
            self.runtime.shutdown()
        finally:
            thread.runtime, thread.task, thread.waker, thread.budget = around

    def shutdown_background(self) -> None:
        """Drop all that is left, and wait for nothing; also from inside another runtime."""
        self.shutdown_timeout(0)


class Handle(Spawner):
    """A runtime as others see it: they spawn on it, or block a thread of theirs on a future.

    In Rust: `tokio::runtime::Handle`.

    >>> async def answer():
    ...     return 42
    >>> async def main():
    ...     handle = Handle.current()
    ...     return spawn_thread(lambda: handle.block_on(answer())).join()
    >>> run(main()).result
    42
    """

    def __init__(self, runtime: Any) -> None:
        self.runtime = runtime

    @staticmethod
    def current() -> Handle:
        """Give the handle of the runtime that drives this thread, or that it has entered."""
        runtime = here("Handle.current()").runtime
        return Handle(runtime.entered if isinstance(runtime, _Entered) else runtime)

    def block_on(self, future: Any) -> Any:
        """Poll a future on this thread until it has a value; its timers and tasks go on elsewhere.

        The thread must not drive a runtime: take one of `spawn_thread`, or of `spawn_blocking` on
        `OsThreads`. While a poll waits for it, time passes on `VirtualThreads`, on one thread none.
        """
        thread, future = _thread("handle.block_on()"), into_future(future, "handle.block_on()")
        if not isinstance(thread.runtime, _Entered) or thread.runtime.drives_here():
            refuse_nested(thread, future)
        around, thread.waker = thread.waker, _Parked()
        try:
            with self.enter():
                return thread.waker.block_on(thread, future)
        finally:
            drop(future)
            thread.waker = around


def refuse_nested(thread: Thread | None, main: Any) -> None:
    """Raise if `thread` drives a runtime already."""
    if thread is not None and thread.runtime is not None:
        drop(main)
        raise NestedRuntime(
            "cannot start a runtime from within a runtime: this thread is driving one already. "
            "Await the future instead: await main()"
        )


def block_in_place(function: Callable[[], T]) -> T:
    """Call a function that blocks, inside a task: other workers take what waits for this one.

    It stays on this thread, so that its events are in the task's spans, as after `spawn_blocking`
    they are not. `Handle.block_on` may be called inside, on `OsThreads`.

    In Rust: `tokio::task::block_in_place`, where a new thread takes the worker's place. Raises
    `UsageError` on a runtime without workers, where it panics in Rust.
    """
    check_function(function, "block_in_place()")
    thread = here("block_in_place()")
    around = thread.runtime
    if not hasattr(around, "hand_over"):
        raise UsageError(
            f"block_in_place() needs a runtime with workers, and this is {around!r}. "
            f"Write: run(main(), on=VirtualThreads()), or: await spawn_blocking(work)"
        )
    around.hand_over()
    value: T = around.call(function)
    return value


def _thread(caller: str) -> Thread:
    thread = threads.current()
    if thread is None:
        raise NoRuntime(f"{caller} needs a recording around it, got none. Write: run(main())")
    return thread


class _Entered:
    """A runtime on a thread that it does not drive: who yields is woken at once."""

    def __init__(self, runtime: Any, around: Any) -> None:
        self.entered = runtime
        self._around = around  # what the thread had before, which may drive it

    def __getattr__(self, name: str) -> Any:
        return getattr(self.entered, name)

    def drives_here(self) -> bool:
        """Tell whether some runtime drives this thread."""
        around = self._around
        return around.drives_here() if isinstance(around, _Entered) else around is not None

    def defer(self, waker: Any) -> None:
        """Let a waker wait for its turn, if there are turns here."""
        waker.wake() if self._around is None else self._around.defer(waker)

    force = defer


class _Parked:
    """The waker of a thread that waits."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def block_on(self, thread: Thread, future: Any) -> Any:
        """Poll a future, and wait each time until it is woken."""
        while True:
            thread.budget = BUDGET
            try:
                pending = future.send(None)
            except StopIteration as ready:
                return ready.value
            if not isinstance(pending, Pending):
                thread.runtime.adopt(pending, self, future)
            self._woken.wait()
            self._woken.clear()
