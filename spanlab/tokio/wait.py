"""What waits for a runtime: `yield_now`, `sleep`, `pending`."""

from __future__ import annotations

from typing import Any

from spanlab.errors import NoRuntime, UsageError
from spanlab.future import Future, Pending
from spanlab.threads import Thread, local

BUDGET = 128  # operations that one poll may do before it must yield


def here(what: str) -> Thread:
    """Give the current thread if a runtime drives it."""
    thread = local.thread
    if thread is None or thread.runtime is None:
        raise NoRuntime(
            f"{what} must be called from the context of a runtime, and there is none. "
            f"Call it inside an async function that you start with: run(main())"
        )
    return thread


def saw(*what: Any) -> None:
    """Tell the runtime what the poll that goes on got to know, in a word; `explore` listens.

    Whatever lets a poll learn who was faster has to say so, by a word of `explore.theorem.BREAKS`.
    """
    thread = local.thread
    if thread is not None and thread.runtime is not None:
        thread.runtime.saw(what)


def out_of_budget(thread: Thread) -> Pending:
    """Make a task that did 128 operations in one poll wait for its next turn.

    In Rust: `tokio::task::coop`.
    """
    thread.runtime.force(thread.waker)
    return Pending("its next turn: its budget is spent")


class _YieldNow(Future[None]):
    __slots__ = ("_yielded",)

    def __init__(self) -> None:
        self._yielded = False

    def poll(self) -> Pending | None:
        saw("yield", self._yielded)
        if self._yielded:
            return None
        self._yielded = True
        thread = here("yield_now()")
        thread.runtime.defer(thread.waker)
        return Pending("its next turn")


def yield_now() -> Future[None]:
    """Let everything else that is ready run first.

    The task is not put back into the queue at once: it is woken when its thread's queue has run
    dry, or after 61 polls. Tasks that yield in the same round are woken in reverse. The main future
    of a runtime with workers is woken at once.

    In Rust: `tokio::task::yield_now`.
    https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/runtime/scheduler/defer.rs
    """
    return _YieldNow()


class Sleep(Future[None]):
    """A timer. Its deadline is fixed when it is made, its place in line when first polled."""

    __slots__ = ("_deadline", "_timer")

    def __init__(self, seconds: float) -> None:
        self._timer: Any = None
        if not isinstance(seconds, (int, float)) or not 0 <= seconds <= 1e9:
            raise UsageError(
                f"sleep() needs from 0 to 1e9 seconds, got {seconds!r:.60}. Write: sleep(0.01)"
            )
        now = here("sleep()").runtime.now()
        saw("clock", now)
        self._deadline = -(-(now + round(seconds * 1e9)) // 1_000_000)  # whole ms, rounded up

    def poll(self) -> Pending | None:
        thread = here("sleep()")
        if thread.budget <= 0:
            return out_of_budget(thread)
        if self._timer is None and thread.runtime.now() < self._deadline * 1_000_000:
            self._timer = thread.runtime.timer(self._deadline, thread.waker)
        if self._timer is not None:
            self._timer.waker = thread.waker
            if not self._timer.fired:
                return Pending(f"{self._deadline} ms on the clock")
        thread.budget -= 1
        saw("slept")
        return None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.waker = None

    __del__ = close


def sleep(seconds: float) -> Future[None]:
    """Wait for a number of seconds, in steps of whole milliseconds, rounded up.

    On a virtual clock no real time passes: it jumps when nothing else can run.

    In Rust: `tokio::time::sleep`.
    """
    return Sleep(seconds)


class _Forever(Future[Any]):
    __slots__ = ()

    def poll(self) -> Pending:
        return Pending("something that never comes")


def pending() -> Future[Any]:
    """Give a future that is never ready.

    In Rust: `std::future::pending`.
    """
    return _Forever()
