"""Rust's `tokio::time`: what has to be done in time, or again and again."""

from __future__ import annotations

from typing import Any

from spanlab.errors import SpanlabError, UsageError
from spanlab.future import Future, Pending, into_future
from spanlab.tokio.wait import BUDGET, Sleep, here, saw, sleep

NS = 1_000_000_000


class Elapsed(SpanlabError, TimeoutError):
    """The time was over before the future was ready.

    In Rust: `tokio::time::error::Elapsed`.
    """


def now() -> float:
    """Give the seconds on the clock of the run, from 0 where it is virtual.

    In Rust: `tokio::time::Instant::now`.
    """
    time: int = here("now()").runtime.now()
    saw("clock", time)
    return time / NS


class _SleepUntil(Sleep):
    """A timer with a deadline in nanoseconds, maybe one that is over."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at
        self._timer = None
        self._deadline = -(-at // 1_000_000)


def sleep_until(deadline: float) -> Future[None]:
    """Wait until the clock of the run shows a number of seconds: `sleep_until(now() + 0.01)`.

    In Rust: `tokio::time::sleep_until`.
    """
    return _SleepUntil(_nanoseconds(deadline, "sleep_until()"))


def _nanoseconds(seconds: Any, caller: str) -> int:
    if not isinstance(seconds, (int, float)) or not 0 <= seconds <= NS:
        raise UsageError(
            f"{caller} needs from 0 to 1e9 seconds, got {seconds!r:.60}. Write: {caller[:-1]}0.01)"
        )
    return round(seconds * NS)


class _Timeout(Future[Any]):
    __slots__ = ("_delay", "inner")

    def __init__(self, inner: Any, delay: Future[None]) -> None:
        self.inner = inner
        self._delay = delay

    def send(self, value: None, /) -> Pending:
        thread = here("timeout()")
        had_budget = thread.budget > 0
        pending: Pending = self.inner.send(None)
        if had_budget and thread.budget <= 0:  # the clock is looked at all the same
            thread.budget, left = BUDGET, thread.budget
            over = self._delay.poll()
            thread.budget = left
        else:
            over = self._delay.poll()
        if over is None:
            raise Elapsed("the future was expected in time, and the time is over")
        return pending

    def close(self) -> None:
        super().close()
        self._delay.close()


def timeout(seconds: float, future: Any) -> Future[Any]:
    """Give the value of a future; raises `Elapsed` if it is not ready in so many seconds.

    The future is polled first, then the clock: with 0 seconds it is polled once. What was late is
    dropped before anything else runs; `timeout(seconds, by_ref(future))` leaves it alive.

    In Rust: `tokio::time::timeout`.

    >>> async def main():
    ...     try:
    ...         await timeout(0.005, sleep(1))
    ...     except Elapsed:
    ...         return now()
    >>> run(main()).result
    0.005
    """
    future = into_future(future, "timeout()")
    return _Timeout(future, sleep(seconds))


class Interval:
    """Ticks at once, and then once in each period.

    Ticks that were missed come one after the other, without a wait.

    In Rust: `tokio::time::Interval`, with `MissedTickBehavior::Burst`.
    """

    def __init__(self, period: int) -> None:
        self._period = period
        self._delay = _SleepUntil(here("interval()").runtime.now())

    def tick(self) -> Future[float]:
        """Wait for the next tick, and give the time at which it was due."""
        return _Tick(self)


class _Tick(Future[float]):
    __slots__ = ("_interval",)

    def __init__(self, interval: Interval) -> None:
        self._interval = interval

    def poll(self) -> float | Pending:
        delay = self._interval._delay
        pending = delay.poll()
        if pending is not None:
            return pending
        self._interval._delay = _SleepUntil(delay.at + self._interval._period)
        return delay.at / NS


def interval(seconds: float) -> Interval:
    """Make an interval with a period: `await ticks.tick()` waits for the next tick.

    In Rust: `tokio::time::interval`.
    """
    period = _nanoseconds(seconds, "interval()")
    if not period:
        raise UsageError("interval() needs more than 0 seconds, got 0. Write: interval(0.01)")
    return Interval(period)
