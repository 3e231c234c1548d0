"""What "the current thread" is, real or virtual.

A span stack belongs to a thread. So does the runtime that drives it. Spans and runtimes never
import each other: they meet here, in the slots of a `Thread`, as they do in Rust's thread-locals.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from spanlab.chain import ends

T = TypeVar("T")

ENDED = 7  # the level of a recorder whose recording has ended


class Thread:
    """One thread, real or virtual: a number, and what lives on it.

    In Rust: `std::thread::Thread` together with the thread-local values of
    tracing (`span_stack`, `recorder`) and of tokio (`runtime`, `task`, `waker`).
    """

    def __init__(self, id: int, name: str, recorder: Any, runtime: Any = None) -> None:
        self.id = id
        self.name = name
        self.recorder = recorder  # where records go: the thread's default subscriber
        self.span_stack: list[Any] = []  # of weak references to spans; stack.py has the rule
        self.runtime = runtime  # whom spawn() asks
        self.task: int | None = None  # the task that is polled now; 0 is the main future
        self.waker: Any = None  # the task that `wake()` wakes for the future that is polled now
        self.budget = 0  # operations left in this poll before it must yield: wait.py spends it
        self.pinned: list[Any] = []  # values that must stay here (not `Send`), the oldest first

    def __repr__(self) -> str:
        return f"ThreadId({self.id})"


class _Local(threading.local):
    thread: Thread | None = None


local = _Local()  # `local.thread` is the thread that runs this line, None if it is unknown
_MAIN = threading.main_thread()


# where the records of threads go that nobody told us of; running threads of `spawn_thread`; whom to
# tell of a panic, see panic.py
process = SimpleNamespace(recorder=None, handles=set(), panicked=None)


def current() -> Thread | None:
    """Give the thread that runs this line; one that we do not know yet joins the recording.

    In Rust: `std::thread::current`, where all threads share one subscriber.
    """
    thread, recorder = local.thread, process.recorder
    unknown = thread is None or thread.recorder.level == ENDED  # or known to a run that has ended
    if unknown and recorder is not None and threading.current_thread() is not _MAIN:
        thread = local.thread = recorder.thread("")
    return thread


@contextmanager
def on(thread: Thread | None) -> Iterator[None]:
    """Run a `with` block on `thread`."""
    previous, local.thread = local.thread, thread
    try:
        yield
    finally:
        local.thread = previous


class ThreadHandle(Generic[T]):
    """Gives what a thread's function gave, or raises what it raised.

    In Rust: `std::thread::JoinHandle`.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._value: Any = None
        self._error: Exception | None = None
        self._os_thread: threading.Thread | None = None

    @ends
    def _run(self, thread: Thread | None) -> None:
        with on(thread):
            try:
                self._value = self._function()
            except Exception as error:
                process.panicked(error)
                self._error = error
            finally:
                process.handles.discard(self)

    def join(self) -> T:
        """Wait for the thread to end."""
        if self._os_thread is not None:
            self._os_thread.join()
        if self._error is not None:
            raise self._error
        value: T = self._value
        return value


def spawn_thread(function: Callable[[], T]) -> ThreadHandle[T]:
    """Run a function on a new thread, which begins with an empty span stack.

    Where the clock is virtual the thread is virtual too, and has ended when this returns.

    In Rust: `std::thread::spawn`, where all threads share one subscriber.
    """
    here, handle, frame = current(), ThreadHandle(function), sys._getframe(1)
    thread = None
    if here is not None:
        at = here.recorder.chain(frame), frame.f_lasti
        thread = here.recorder.thread("", None, here.task, *at, here.id)
    if here is not None and not here.recorder.is_real:
        handle._run(thread)
    else:
        process.handles.add(handle)
        handle._os_thread = threading.Thread(target=handle._run, args=(thread,), daemon=True)
        handle._os_thread.start()
    return handle
