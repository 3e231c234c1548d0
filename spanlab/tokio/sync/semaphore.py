"""What is given to whoever has waited longest: places, and what stands on them.

A place that comes back belongs to the first in line at once, before that one is polled.
https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/sync/batch_semaphore.rs
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import count
from typing import Any

from spanlab.errors import SpanlabError
from spanlab.future import Future, Pending
from spanlab.tokio.wait import here, out_of_budget, saw


class Semaphore:
    """Some places, and the line of those who wait for one."""

    def __init__(self, places: int) -> None:
        self.door = threading.RLock()  # held where the state changes; wakes come after it
        self.line: deque[Acquire] = deque()
        self.free, self.is_closed = places, False
        self._uses = count()

    def saw(self) -> None:
        """Tell `explore` that the order in which tasks come here matters."""
        saw("shared", next(self._uses))

    def try_acquire(self) -> bool:
        """Take a free place, if there is one."""
        with self.door:
            self.saw()
            got = self.free > 0 and not self.is_closed
            self.free -= got
        return got

    def release(self) -> None:
        """Give a place back: to the first in line, or to nobody."""
        with self.door:
            self.saw()
            first = self.line.popleft() if self.line else None
            self.free += first is None
        if first is not None:
            first.has_place = True
            first.waker.wake()

    def wake_all(self) -> None:
        """Wake all who stand in line, without a place."""
        with self.door:
            self.saw()
            line, self.line = self.line, deque()
        for waiting in line:
            waiting.waker.wake()


class Acquire(Future[Any]):
    """Waits for a place; False if there will be none."""

    __slots__ = ("_for", "has_place", "semaphore", "waker")

    def __init__(self, semaphore: Any, waits_for: str) -> None:
        self.semaphore, self._for = semaphore, waits_for
        self.has_place = False  # it was given one, and has not taken it yet
        self.waker: Any = None  # of who stands in line

    def poll(self) -> Any:
        thread, semaphore = here(self._for), self.semaphore
        if thread.budget <= 0:
            return out_of_budget(thread)
        with semaphore.door:
            closed, got = semaphore.is_closed, self.has_place or semaphore.try_acquire()
            if not closed and not got:
                if self.waker is None:
                    semaphore.line.append(self)
                self.waker = thread.waker
                return Pending(self._for)
            self.has_place = closed and self.has_place
        thread.budget -= 1
        return not closed

    def close(self) -> None:
        """Leave the line; a place that was given goes to the next."""
        with self.semaphore.door:
            if self in self.semaphore.line:
                self.semaphore.line.remove(self)
            gives, self.has_place = self.has_place, False
        if gives:
            self.semaphore.release()

    __del__ = close


class TryLockError(SpanlabError):
    """A lock was wanted at once, and somebody has it."""


class Mutex:
    """A lock around a value. When it is unlocked it goes to who has waited longest, at once.

    A task that panics with the lock held unlocks it: nothing is poisoned.

    In Rust: `tokio::sync::Mutex`.

    >>> async def main():
    ...     counter = Mutex(41)
    ...     with await counter.lock() as guard:
    ...         guard.value += 1
    ...         return guard.value
    >>> run(main()).result
    42
    """

    def __init__(self, value: Any = None) -> None:
        self._semaphore, self._value = Semaphore(1), value

    async def lock(self) -> MutexGuard:
        """Wait for the lock, and get its guard: `with await mutex.lock() as guard`."""
        await Acquire(self._semaphore, "a lock that somebody holds")
        return MutexGuard(self)

    def try_lock(self) -> MutexGuard:
        """Take the lock at once; raises `TryLockError` if somebody has it, or is to get it."""
        if not self._semaphore.try_acquire():
            raise TryLockError("a free lock was expected, and it is held. Write: await m.lock()")
        return MutexGuard(self)


class MutexGuard:
    """Holds a lock, and its `value`; it unlocks at the end of its `with` block, or when dropped."""

    def __init__(self, mutex: Any) -> None:
        self._mutex, self.value = mutex, mutex._value

    def __enter__(self) -> MutexGuard:
        return self

    def __exit__(self, *_: object) -> None:
        mutex, self._mutex = self._mutex, None
        if mutex is not None:
            mutex._value = self.value
            mutex._semaphore.release()

    __del__ = __exit__


class Notify(Semaphore):
    """Wakes tasks, who has waited longest first, and carries no value.

    Where nobody waits a `notify_one` is kept for the next, once; a `notify_waiters` is not.

    In Rust: `tokio::sync::Notify`.
    """

    def __init__(self) -> None:
        super().__init__(0)
        self.rounds = 0  # calls of `notify_waiters`

    def notified(self) -> Future[None]:
        """Wait to be notified."""
        return _Notified(self, "a notification that nobody gives")

    def notify_one(self) -> None:
        """Wake one; if nobody waits, the next `notified` is ready at once."""
        if self.line or not self.free:
            super().release()

    release = notify_one

    def notify_waiters(self) -> None:
        """Wake all who wait now, or whose `notified()` was made before."""
        self.rounds += 1
        self.wake_all()


class _Notified(Acquire):
    def __init__(self, notify: Notify, waits_for: str) -> None:
        super().__init__(notify, waits_for)
        self._round = notify.rounds

    def poll(self) -> Pending | None:
        thread, got = here("notified()"), None
        thread.budget, left = 1, thread.budget  # it costs nothing
        if self.has_place or self._round == self.semaphore.rounds:
            got = super().poll()
        thread.budget = left
        return got if isinstance(got, Pending) else None
