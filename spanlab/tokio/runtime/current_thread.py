"""The `current_thread` flavour: one thread, tokio's order, a virtual clock."""

from __future__ import annotations

from collections import deque

from spanlab.threads import Thread, local
from spanlab.tokio.runtime.base import Main, Runtime
from spanlab.tokio.task import DONE, Task

EVENT_INTERVAL = 61  # tasks that may be polled before the main future is looked at again
INJECT_INTERVAL = 31  # every so many polls the queue of other threads goes first


class CurrentThread(Runtime):
    """All tasks on one thread, in tokio's exact order; the clock jumps when all wait.

    The main future is polled again only when the queue has run dry, or after 61 polls.

    In Rust: `Builder::new_current_thread().enable_time().start_paused(true)`.
    https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/runtime/scheduler/current_thread/mod.rs
    """

    def __repr__(self) -> str:
        return "CurrentThread()"

    def _reset(self) -> None:
        super()._reset()
        self._local: deque[Task] = deque()
        self._thread: Thread | None = None
        self._tick = 0

    def schedule(self, task: Task) -> None:
        (self._local if local.thread is self._thread else self._inject).append(task)

    def _drive(self, main: Main) -> None:
        self._thread = main.thread
        while True:
            if main.is_woken:
                self._poll(main, main.thread)
                if main.state is DONE:
                    return
            self._turn(main)

    def _turn(self, main: Main) -> None:
        """Poll tasks until none is ready or it is time to look elsewhere."""
        for _ in range(EVENT_INTERVAL):
            task = self._next()
            if task is None:
                self._park(main)
                break
            self._poll(task, main.thread)
        else:
            self._fire()
        self._wake_deferred()

    def _next(self) -> Task | None:
        self._tick += 1
        first, second = self._local, self._inject
        if self._tick % INJECT_INTERVAL == 0:
            first, second = second, first
        return first.popleft() if first else second.popleft() if second else None

    def _park(self, main: Main) -> None:
        """Nothing is ready: let blocked work go on, or let time pass."""
        if self._deferred or main.is_woken:
            return
        if self._blocking:
            self._run_blocking()
        else:
            self._advance(main)
