"""`Mutex`: a lock that may be held across an await."""

from __future__ import annotations

from typing import Any

from spanlab.errors import SpanlabError
from spanlab.tokio.sync.semaphore import Acquire, Semaphore


class TryLockError(SpanlabError):
    """A lock was wanted at once, and somebody has it. In Rust: `tokio::sync::TryLockError`."""


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
        self._semaphore = Semaphore(1)
        self._value = value

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
        self._mutex = mutex
        self.value = mutex._value

    def __enter__(self) -> MutexGuard:
        return self

    def __exit__(self, *_: object) -> None:
        mutex, self._mutex = self._mutex, None
        if mutex is not None:
            mutex._value = self.value
            mutex._semaphore.release()

    __del__ = __exit__
