"""`Notify`: wakes one task that waits, or all of them, and carries no value."""

from __future__ import annotations

from spanlab.future import Future, Pending
from spanlab.tokio.sync.semaphore import Acquire, Semaphore
from spanlab.tokio.wait import here


class Notify(Semaphore):
    """Wakes tasks, who has waited longest first.

    Where nobody waits a `notify_one` is kept for the next, once; a `notify_waiters` is not.

    In Rust: `tokio::sync::Notify`.
    """

    def __init__(self) -> None:
        super().__init__(0)
        self.rounds = 0  # calls of `notify_waiters`

    def notified(self) -> Future[None]:
        """Wait to be notified."""
        return _Notified(self)

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
    __slots__ = ("_round",)

    def __init__(self, notify: Notify) -> None:
        super().__init__(notify, "a notification that nobody gives")
        self._round = notify.rounds

    def poll(self) -> Pending | None:
        thread, got = here("notified()"), None
        thread.budget, left = 1, thread.budget  # it costs nothing
        if self.has_place or self._round == self.semaphore.rounds:
            got = super().poll()
        thread.budget = left
        return got if isinstance(got, Pending) else None
