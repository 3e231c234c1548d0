"""Futures that are lent, and wakers that are kept."""

from __future__ import annotations

from typing import Any

from spanlab.future import Future, Lent, check_future
from spanlab.tokio.wait import here


class Waker:
    """Has a task polled again: the one that was polled when this was taken.

    In Rust: `std::task::Waker`.
    """

    __slots__ = ("_waker",)

    def __init__(self, waker: Any) -> None:
        self._waker = waker

    def wake(self) -> None:
        """Wake the task, from any thread. One that is woken already, or has ended, is let be."""
        self._waker.wake()

    def will_wake(self, other: Waker) -> bool:
        """Tell whether both wake the same task."""
        return self._waker is other._waker


def waker() -> Waker:
    """Give the waker of the poll that goes on, for a `Future.poll` of your own to keep.

    A future that gives a `Pending` without having kept one is never polled again.

    In Rust: `cx.waker().clone()`.

    >>> class Flag(Future):
    ...     waker = None
    ...     def poll(self):
    ...         if self.waker:
    ...             return "set"
    ...         self.waker = waker()
    ...         return Pending("its flag")
    >>> async def main():
    ...     flag = Flag()
    ...     task = spawn(flag)
    ...     await yield_now()
    ...     flag.waker.wake()
    ...     return await task
    >>> run(main(), on=CurrentThread()).result
    'set'
    """
    return Waker(here("waker()").waker)


def by_ref(future: Any) -> Future[Any]:
    """Lend a future to `select`, `timeout` or `join`, which poll it and do not drop it.

    It can be lent again: one that was polled is awaited with `await by_ref(future)` too.

    In Rust: `&mut future`, pinned.

    >>> async def main():
    ...     task = spawn(sleep(0.01))
    ...     for _ in range(2):
    ...         await select(by_ref(task), sleep(0.006), biased=True)
    ...     return now()
    >>> run(main()).result
    0.01
    """
    return Lent(check_future(future, "by_ref()"))
