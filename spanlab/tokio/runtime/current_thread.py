"""The `current_thread` flavour: one thread, tokio's order, a virtual clock."""

from __future__ import annotations

from collections import deque

from spanlab import threads
from spanlab.threads import Thread
from spanlab.tokio.runtime.base import Main, Runtime
from spanlab.tokio.task import BUDGET, Task

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
        self._inject: deque[Task] = deque()  # from other threads
        self._thread: Thread | None = None
        self._tick = 0

    def schedule(self, task: Task) -> None:
        here = threads.current()
        (self._local if here is self._thread else self._inject).append(task)

    def _drive(self, main: Main) -> None:
        self._thread = main.thread
        while True:
            if main.woken:
                self._count_poll(main)
                main.poll()
                if main.done:
                    return
            self._turn(main)

    def _turn(self, main: Main) -> None:
        """Poll tasks until none is ready or it is time to look elsewhere."""
        thread = main.thread
        for _ in range(EVENT_INTERVAL):
            task = self._next()
            if task is None:
                self._park(main)
                break
            self._count_poll(task)
            thread.budget = BUDGET
            task.poll(thread)
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
        if self._deferred or main.woken:
            return
        if self._blocking:
            self._run_blocking()
        else:
            self._advance(main)
