"""Where records go while a recording lasts."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, ClassVar

from spanlab import threads
from spanlab.errors import BudgetExceeded, UsageError
from spanlab.evidence.chain import Chains, origins
from spanlab.field import Level
from spanlab.frames import Place
from spanlab.traces import Trace

OFF = 6  # above every level
ASK = 8  # and above all of those: whether something is recorded is a question to the filter
RECORDS = 1_000_000  # that a recording may have: less than 300 MB, and a few seconds
LIVE = 4  # records that weigh as much as a task that has not ended
VALUES = 13  # that a record counts as: those of an event
_discard: Any = deque(maxlen=0).extend


class Recorder:
    """One recording: its trace, its clock, its numbering.

    In Rust: a `Subscriber` with a maximum level.
    """

    parse: ClassVar[Callable[[Any, bool], Any]]  # makes a filter that is at work, of directives

    def __init__(
        self, level: str | Level, clock: Callable[[], int] | None, records: int = RECORDS,
        filter: Any = None, scoped: bool = False,
    ) -> None:  # fmt: skip
        self._most = budget("records", records)
        self.is_real = clock is None  # real time passes here, and threads are real
        self.clock = clock or time.perf_counter_ns
        self.level = OFF if level == "off" else int(Level.parse(level))
        self.trace = Trace(None, time.time_ns(), self.clock()) if self.is_real else Trace()
        self.tape = self.trace.tape
        self.tape.most = VALUES * records
        self.tape.turn()
        self.append = _discard if self.level == OFF else self.tape.extend  # of one row
        if (filter is not None or scoped) and self.level != OFF:
            self.filter, self.least, self.level = Recorder.parse(filter, scoped), self.level, ASK
            self.append = lambda row: self.tape.extend(self.filter.saw(row))
        self.chain = Chains.noting()
        self.next_span, self.next_future = numbers(0), numbers(1)
        self.next_task, self.next_thread = numbers(1), numbers(1)
        self.new_stack: Callable[[], Any] = list  # what the span stack of a thread is

    def wants(self, thread: int, level: int, *said: Any) -> bool:
        """Tell whether a span or event is recorded; a filter looks at all that is said of it."""
        if self.level != ASK:
            return level >= self.level
        return level >= self.least and bool(self.filter.enabled(thread, level, *said))

    def note(self, kind: str, place: Place, *what: Any) -> None:
        """Add a record of the current thread, if there is one."""
        thread = threads.local.thread
        if thread is not None:
            if len(self.tape) >= self.tape.full and kind != "dropped":  # a drop must go on
                self.check()
            self.append((kind, self.clock(), thread.id, thread.task, *place, *what))

    def check(self) -> None:
        """Raise if the program has made all the records that it may make."""
        here, tape = threads.local.thread, self.tape
        if len(tape) >= tape.full:
            tape.turn()
        tasks = here.runtime.tasks if here is not None and here.runtime is not None else ()
        if (tape.past + len(tape)) // VALUES + LIVE * len(tasks) >= self._most:
            tape.full = 0  # whoever goes on is told again
            raise BudgetExceeded(
                f"the program was expected to end within {self._most} records (a task that has "
                f"not ended counts as {LIVE}), and has not. Look for a loop that never ends, "
                f"or allow more: run(main(), records={10 * self._most})"
            )

    def thread(
        self, name: str, runtime: Any = None, task: int | None = None, file: Any = "",
        line: int = 0, by: int = 0,
    ) -> threads.Thread:  # fmt: skip
        """Make the next thread, real or virtual, and record it, with who started it and where."""
        self.check()
        thread = threads.Thread(self.next_thread(), name, self, runtime)
        thread.span_stack = self.new_stack()
        self.append(("thread", self.clock(), thread.id, task, file, line, name, by))
        return thread

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Be where the records of unknown threads go, for a `with` block, and close after it."""
        _lasting.append(self)
        threads.process.recorder = self
        try:
            with origins():
                yield
        finally:
            _lasting.remove(self)  # not always the newest: two `arun` may last side by side
            threads.process.recorder = _lasting[-1] if _lasting else None
            self.level, self.append = threads.ENDED, _discard  # what comes late is not recorded


_lasting: list[Recorder] = []  # the recordings that last, the newest at the end


@contextmanager
def recording(
    level: str | Level = "trace", clock: Callable[[], int] | None = None, records: int = RECORDS,
    filter: Any = None, scoped: bool = False,
) -> Iterator[Trace]:  # fmt: skip
    """Record what a `with` block does, on a main thread of its own with an empty stack.

    What is less important than `level` does not exist; "off" records nothing at all. `filter` has
    directives, as `EnvFilter` takes them. `clock` gives nanoseconds; real time is the default. A
    block that makes more than about `records` records is stopped with `BudgetExceeded`.

    In Rust: a global default subscriber, that of all threads; with `scoped=True` that of
    `tracing::subscriber::with_default`: on other threads spans are disabled, and events go nowhere.

    >>> with recording() as trace:
    ...     with info_span("request").enter():
    ...         info("hello")
    >>> trace.scope(trace.events[0])
    ('request',)
    """
    recorder = Recorder(level, clock, records, filter, scoped)
    with recorder.installed(), threads.on(recorder.thread("main")):
        yield recorder.trace


def budget(name: str, value: Any) -> int:
    """Check how much of something a program may do."""
    if type(value) is not int or value < 1:
        raise UsageError(f"{name} is a whole number from 1, got {value!r:.60}. Write: {name}=10**6")
    return value


def numbers(first: int) -> Callable[[], int]:
    """Give a function that counts up, one number for each call, whatever thread calls it."""
    counter = count(first)
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        return counter.__next__
    lock = threading.Lock()  # without the GIL two threads could get the same number

    def following() -> int:
        with lock:
            return next(counter)

    return following
