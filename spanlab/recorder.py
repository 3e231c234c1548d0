"""Where records go while a recording lasts."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from spanlab import threads
from spanlab.field import Level
from spanlab.record import Trace


class Recorder:
    """One recording: its trace, its clock, its numbering.

    In Rust: a `Subscriber` with a maximum level.
    """

    __slots__ = ("append", "clock", "level", "open", "span_ids", "task_ids", "thread_ids", "trace")

    def __init__(self, level: str | Level, clock: Callable[[], int] | None) -> None:
        self.level = 6 if level == "off" else int(Level.parse(level))
        if clock is None:
            clock = time.perf_counter_ns
            self.trace = Trace(started=time.time_ns(), zero=clock())
        else:
            self.trace = Trace()
        self.clock = clock
        self.append = self.trace.rows.append  # atomic, so real threads may share it
        self.span_ids, self.task_ids, self.thread_ids = count(), count(1), count(1)
        self.open = True

    def thread(self, name: str, runtime: Any = None) -> threads.Thread:
        """Make the next thread, real or virtual, and record it."""
        thread = threads.Thread(next(self.thread_ids), name, self, runtime)
        self.append(("thread", self.clock(), thread.id, None, "", 0, name))
        return thread


@contextmanager
def recording(
    level: str | Level = "trace", clock: Callable[[], int] | None = None
) -> Iterator[Trace]:
    """Record what a `with` block does, on a main thread of its own with an empty stack.

    What is less important than `level` does not exist; "off" records no span or event. `clock`
    gives nanoseconds; real time is the default.

    In Rust: `tracing::subscriber::with_default`.

    >>> with recording() as trace:
    ...     with info_span("request").enter():
    ...         info("hello")
    >>> trace.scope(trace.events[0])
    ('request',)
    """
    recorder = Recorder(level, clock)
    thresholds = gc.get_threshold()
    gc.set_threshold(300_000, *thresholds[1:])  # records pile up and are no garbage
    with threads.on(recorder.thread("main")):
        try:
            yield recorder.trace
        finally:
            recorder.open = False
            gc.set_threshold(*thresholds)
