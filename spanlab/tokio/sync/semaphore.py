"""Places that are given back to whoever has waited longest: all of `sync` stands on them.

A place that comes back belongs to the first in line at once, before that one is polled.
https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/sync/batch_semaphore.rs
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import count
from typing import Any

from spanlab.future import Future, Pending
from spanlab.tokio.wait import here, out_of_budget, saw


class Semaphore:
    """Some places, and the line of those who wait for one."""

    def __init__(self, places: int) -> None:
        self.door = threading.RLock()  # held where the state changes; wakes come after it
        self.line: deque[Acquire] = deque()
        self.free = self.size = places
        self.is_closed = False
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

    def close(self) -> None:
        """Refuse places from now on, also to those who wait."""
        self.is_closed = True
        self.wake_all()

    def wake_all(self) -> None:
        """Wake all who stand in line, without a place."""
        with self.door:
            self.saw()
            line, self.line = self.line, deque()
        for waiting in line:
            waiting.waker.wake()

    def left(self) -> None:
        """Hear that somebody has left the line."""


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
        self.waker = self.waker if closed else None
        return not closed

    def close(self) -> None:
        """Leave the line; a place that was given goes to the next."""
        with self.semaphore.door:
            if self in self.semaphore.line:
                self.semaphore.line.remove(self)
            gives, self.has_place = self.has_place, False
            waker, self.waker = self.waker, None
        if gives:
            self.semaphore.release()
        if waker is not None:
            self.semaphore.left()

    __del__ = close
