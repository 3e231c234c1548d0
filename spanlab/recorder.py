"""Where records go while a recording lasts."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from spanlab import threads
from spanlab.field import Level
from spanlab.record import Trace

OFF = 6  # above every level
_discard: Any = deque(maxlen=0).append


class Recorder:
    """One recording: its trace, its clock, its numbering.

    In Rust: a `Subscriber` with a maximum level.
    """

    __slots__ = ("append", "clock", "level", "next_span", "next_task", "next_thread", "trace")

    def __init__(self, level: str | Level, clock: Callable[[], int] | None) -> None:
        self.level = OFF if level == "off" else int(Level.parse(level))
        if clock is None:
            clock = time.perf_counter_ns
            self.trace = Trace(started=time.time_ns(), zero=clock())
        else:
            self.trace = Trace()
        self.clock = clock
        self.append = self.trace.rows.append  # atomic, so real threads may share it
        if self.level == OFF:
            self.append = _discard
        self.next_span, self.next_task, self.next_thread = numbers(0), numbers(1), numbers(1)

    @property
    def is_real(self) -> bool:
        """Tell whether real time passes here, and threads are real."""
        return self.clock is time.perf_counter_ns

    def thread(self, name: str, runtime: Any = None) -> threads.Thread:
        """Make the next thread, real or virtual, and record it."""
        thread = threads.Thread(self.next_thread(), name, self, runtime)
        self.append(("thread", self.clock(), thread.id, None, "", 0, name))
        return thread

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Be where the records of unknown threads go, for a `with` block, and close after it."""
        thresholds, before = gc.get_threshold(), threads.process.recorder
        gc.set_threshold(300_000, *thresholds[1:])  # records pile up and are no garbage
        threads.process.recorder = self
        try:
            yield
        finally:
            threads.process.recorder = before
            gc.set_threshold(*thresholds)
            self.level, self.append = OFF, _discard  # what comes late is not recorded


@contextmanager
def recording(
    level: str | Level = "trace", clock: Callable[[], int] | None = None
) -> Iterator[Trace]:
    """Record what a `with` block does, on a main thread of its own with an empty stack.

    What is less important than `level` does not exist; "off" records nothing at all. `clock`
    gives nanoseconds; real time is the default.

    In Rust: `tracing::subscriber::with_default`.

    >>> with recording() as trace:
    ...     with info_span("request").enter():
    ...         info("hello")
    >>> trace.scope(trace.events[0])
    ('request',)
    """
    recorder = Recorder(level, clock)
    with recorder.installed(), threads.on(recorder.thread("main")):
        yield recorder.trace


def numbers(first: int) -> Callable[[], int]:
    """Give a function that counts up, one number for each call, whatever thread calls it."""
    counter = count(first)
    if getattr(sys, "_is_gil_enabled", bool)() or not hasattr(sys, "_is_gil_enabled"):
        return counter.__next__
    lock = threading.Lock()  # without the GIL two threads could get the same number

    def following() -> int:
        with lock:
            return next(counter)

    return following
