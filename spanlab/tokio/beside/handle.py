"""`Handle`: a runtime as others see it, from threads that it does not drive."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spanlab import threads
from spanlab.errors import NoRuntime
from spanlab.future import Pending, into_future
from spanlab.threads import Thread
from spanlab.tokio.runtime.base import BUDGET, refuse_nested
from spanlab.tokio.task import JoinHandle, new_task
from spanlab.tokio.wait import here


class Handle:
    """Spawns on a runtime, from any thread, and blocks a thread of its own on a future.

    In Rust: `tokio::runtime::Handle`.

    >>> async def main():
    ...     handle = Handle.current()
    ...     return spawn_thread(lambda: handle.block_on(answer())).join()
    >>> async def answer():
    ...     return 42
    >>> run(main()).result
    42
    """

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    @staticmethod
    def current() -> Handle:
        """Give the handle of the runtime that drives this thread, or that it has entered."""
        runtime = here("Handle.current()").runtime
        return Handle(runtime.entered if isinstance(runtime, _Entered) else runtime)

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
        around, thread.runtime = thread.runtime, _Entered(self._runtime, thread.runtime)
        try:
            yield
        finally:
            thread.runtime = around

    def block_on(self, future: Any) -> Any:
        """Poll a future on this thread until it has a value; its timers and tasks go on elsewhere.

        The thread must not drive a runtime: take one of `spawn_thread` or `spawn_blocking`.
        """
        thread, future = _thread("handle.block_on()"), into_future(future, "handle.block_on()")
        if not isinstance(thread.runtime, _Entered) or thread.runtime.drives_here():
            refuse_nested(thread, future)
        parked = _Parked()
        with self.enter():
            around, thread.waker = thread.waker, parked
            try:
                while True:
                    thread.budget = BUDGET
                    parked.wait(thread, future, future.send(None))
            except StopIteration as ready:
                return ready.value
            finally:
                future.close()
                thread.waker = around


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

    def wait(self, thread: Thread, future: Any, got: Any) -> None:
        """Wait until the future that gave `got` is to be polled again."""
        if not isinstance(got, Pending):
            thread.runtime.adopt(got, self, future)
        self._woken.wait()
        self._woken.clear()
