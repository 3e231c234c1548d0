"""What the runtimes on real time share: the clock, their threads, and how a run is found stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from spanlab import threads
from spanlab.threads import Thread
from spanlab.tokio.host.ending import Stop
from spanlab.tokio.host.keyboard import keyboard
from spanlab.tokio.runtime.base import Main, Runtime, Timer
from spanlab.tokio.runtime.stuck import deadlock
from spanlab.tokio.wait import BUDGET

TICK = 0.05  # seconds after which whoever waits for main looks whether anything can still happen
SHORT = 2 * BUDGET  # operations that a wait of less than a millisecond counts as


class RealClock(Runtime):
    """A runtime whose time passes by itself, and which may use real threads."""

    quiet = 3  # so many looks in a row must find that nothing can happen

    def _reset(self) -> None:
        super()._reset()
        self._start = time.perf_counter_ns()
        self._os_threads: list[threading.Thread] = []
        self._fatal: BaseException | None = None  # what has ended a thread, and ends the run

    @property
    def clock(self) -> Callable[[], int] | None:
        return None

    def now(self) -> int:
        return time.perf_counter_ns() - self._start

    def timer(self, deadline: int, waker: Any) -> Timer:
        if deadline * 1_000_000 - self.now() < 1_000_000:  # no wait to speak of, so that it is work
            self._forced += SHORT
        return super().timer(deadline, waker)

    def _begin(self, thread: Thread, work: Callable[[], None]) -> None:
        """Start a real thread, which is `thread` in the records."""

        def run() -> None:
            with threads.on(thread):
                try:
                    work()
                except BaseException as error:  # whoever waits for main must hear of it
                    self._fail(error)

        os_thread = threading.Thread(target=run, name=repr(thread), daemon=True)
        self._os_threads.append(os_thread)
        os_thread.start()

    def _fail(self, error: BaseException) -> None:
        if self._fatal is None and not isinstance(error, Stop):
            self._fatal = error

    def _look(self, main: Main) -> None:
        """Raise what the user wants or what has failed, or that the program is stuck."""
        keyboard.check()
        self._show_progress()
        if self.others.stand_still(self.quiet, self._is_quiet(main)):
            raise deadlock(self, main)

    def _is_quiet(self, main: Main) -> bool:
        """Tell whether nothing is due that could wake anything."""
        return not main.is_woken and self._next_deadline() is None
