"""`spawn_thread`: the threads that a program starts itself."""

from __future__ import annotations

import inspect
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from spanlab.errors import FutureReused, UsageError
from spanlab.evidence.chain import ends
from spanlab.threads import Thread, current, on, process

T = TypeVar("T")

LOOK = 0.04  # seconds between two looks at what a thread does
BUSY = 0.1  # the part of them that it works at least, if it does not mostly wait
WAIT = 0.05  # the same, while one waits for it to end


class ThreadHandle(Generic[T]):
    """Gives what a thread's function gave, or raises what it raised.

    In Rust: `std::thread::JoinHandle`.
    """

    def __init__(self, function: Callable[[], T], recorder: Any) -> None:
        self._function = function
        self.recorder = recorder
        self._value: Any = None
        self._error: BaseException | None = None
        self._os_thread: threading.Thread | None = None

    @ends
    def _run(self, thread: Thread | None) -> None:
        with on(thread):
            try:
                self._value = self._function()
            except BaseException as error:  # also what ends a process: whoever joins ends too
                if not isinstance(error, KeyboardInterrupt):
                    process.panicked(error)
                self._error = error
            finally:
                process.handles.discard(self)

    def join_or_leave_waiting(self) -> None:
        """Wait until the thread has ended, or mostly waits: for a message, a lock, or time."""
        worked, before = LOOK, 0.0
        while self._os_thread is not None and self._os_thread.is_alive() and worked > BUSY * LOOK:
            self._os_thread.join(LOOK)
            process.waited()
            now = self._worked()
            worked, before = now - before, now

    def _worked(self) -> float:
        """Give the seconds for which the thread has run, or could have; elsewhere all threads'."""
        try:
            number = self._os_thread and self._os_thread.native_id
            with open(f"/proc/self/task/{number}/schedstat") as spent:
                return sum(map(int, spent.read().split()[:2])) / 1e9
        except (OSError, ValueError):  # not on Linux, or it has ended
            return time.process_time()

    def join(self) -> T:
        """Wait for the thread to end.

        Raises `Deadlock` if it waits for ever, as all others do.
        """
        if self._os_thread is threading.current_thread():
            raise UsageError("a thread was to wait for its own end. Join it on another thread")
        while self._os_thread is not None and self._os_thread.is_alive():
            self._os_thread.join(WAIT)
            process.waited(until=self._os_thread)
        if (error := self._error) is not None:
            self._error = FutureReused(
                "a thread that panicked is joined once, and was. Keep it: except Exception as error"
            )
            try:
                raise error
            finally:
                del error  # it would hold this frame, and be held by it
        value: T = self._value
        return value


def check_function(function: Any, caller: str) -> None:
    """Check that what is to be called elsewhere is a plain function that nobody has called."""
    if not callable(function):
        if inspect.iscoroutine(function):
            function.close()
        raise UsageError(
            f"{caller} needs a function, got {function!r:.60}. Pass it uncalled: {caller[:-1]}work)"
        )
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        raise UsageError(
            f"{caller} needs a plain function, got the async function '{function.__name__}'. "
            f"Write: spawn({function.__name__}())"
        )


def spawn_thread(function: Callable[[], T]) -> ThreadHandle[T]:
    """Run a function on a new thread, which begins with an empty span stack.

    Where the clock is virtual the spawner goes on when the thread has ended, or waits itself.

    In Rust: `std::thread::spawn`, where all threads share one subscriber.
    """
    check_function(function, "spawn_thread()")
    here, frame, thread = current(), sys._getframe(1), None
    handle = ThreadHandle(function, here and here.recorder)
    if here is not None:
        at = here.recorder.chain(frame), frame.f_lasti
        thread = here.recorder.thread("", None, here.task, *at, here.id)
    name = repr(thread) if thread else None
    handle._os_thread = threading.Thread(None, handle._run, name, (thread,), daemon=True)
    process.handles.add(handle)
    handle._os_thread.start()
    if here is not None and not here.recorder.is_real:
        handle.join_or_leave_waiting()
    return handle
