"""Where everything stands in the lanes: a lane per thread, a place for each record.

A place along a lane is a place in the order of the records: a virtual clock often stands still,
and the gaps of a real one would hide what happens between them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from heapq import heappop, heappush

from spanlab import record as kind
from spanlab.record import Record
from spanlab.stack import pop
from spanlab.traces import Trace
from spanlab.view.words import task, waited

WIDTHS = {  # pixels along the lane; all others get 12
    "thread": 0, "event": 26, "enter": 14, "close": 6, "poll": 16, "polled": 16,
    "spawn": 18, "finish": 6, "park": 8,
}  # fmt: skip
OUTSIDE = (kind.Event, kind.SpanNew, kind.SpanEntered, kind.TaskSpawned)  # done without polling
TITLE, ROW, DEEPEST = 17, 18, 5  # the height of a bar's title, of a span; spans above each other
ABOVE, BELOW, APART = 16, 27, 90  # room for arrows, for marks; pixels between two times


@dataclass
class Bar:
    """A stretch of a lane: a poll, a span, a wait of main, or what ran outside any poll."""

    kind: str
    record: int
    thread: int
    task: int | None
    start: float
    label: str = ""
    span: int | None = None
    row: int = 0
    end: float = 0.0
    room: float = 0.0  # from the start of a wait to what stands on top of it


@dataclass(frozen=True)
class Mark:
    """An event, numbered as in the log."""

    record: int
    thread: int
    number: int
    x: float


@dataclass(frozen=True)
class Arrow:
    """From the record that spawned or woke a task to the poll that followed."""

    kind: str
    records: tuple[int, int]
    threads: tuple[int, int]
    start: float
    end: float


@dataclass
class Places:
    """All places, in pixels; `x` has one for each record and `top` one for each thread."""

    x: list[float] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0
    top: dict[int, float] = field(default_factory=dict)
    tall: dict[int, float] = field(default_factory=dict)
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    times: list[tuple[float, int]] = field(default_factory=list)


def places(trace: Trace, threads: list[int]) -> Places:
    """Give everything its place; `threads` are those that get a lane, in their order."""
    placing = _Placing(trace)
    for record in trace.records:
        if not isinstance(record, kind.ThreadStarted):
            placing.add(record)
    placing.end()
    placed = placing.placed
    for thread in threads:
        rows = max((bar.row + 1 for bar in placed.bars if bar.thread == thread), default=0)
        placed.top[thread] = placed.height
        placed.tall[thread] = TITLE + ROW * min(rows, DEEPEST) + 3
        placed.height += ABOVE + placed.tall[thread] + BELOW
    return placed


class _Placing:
    """One pass over the records: what is open on each thread, and what each task waits for."""

    def __init__(self, trace: Trace) -> None:
        self.placed = Places()
        self.names = {number: new.name for number, new in trace.spans.items()}
        self.open: dict[int, Bar] = {}  # the poll of each thread, or what runs outside any
        self.entered: defaultdict[int, list[Bar]] = defaultdict(list)
        self.free: defaultdict[int, list[int]] = defaultdict(list)  # rows that were left
        self.called: dict[int, tuple[str, Record, float]] = {}  # who spawned or woke a task last
        self.wait: Bar | None = None
        self.x = 0.0
        self.timed = -float(APART)
        self.widths: list[float] = []
        self.last_time, seen = 0, set[int]()
        widths = {kind.KINDS[word]: pixels for word, pixels in WIDTHS.items()}
        for record in trace.records:
            self.placed.x.append(self.placed.width)
            width: float = widths.get(type(record), 12)
            if isinstance(record, kind.SpanEntered) and record.span not in seen:
                seen.add(record.span)  # its first bar has room for its name
                width = max(width, min(6.7 * len(self.names.get(record.span, "")) - 22, 48))
            self.widths.append(width)
            self.placed.width += width

    def add(self, record: Record) -> None:
        thread, x = record.thread, self.placed.x[record.index]
        self.x = x + self.widths[record.index]
        middle = (x + self.x) / 2
        if record.time > self.last_time and x - self.timed > APART:
            self.placed.times.append((x, record.time))
            self.timed, self.last_time = x, record.time
        if record.task is None and isinstance(record, OUTSIDE) and thread not in self.open:
            self.open[thread] = self._bar("outside", record, x)
        match record:
            case kind.PollStarted():
                self._poll(record, x)
            case kind.PollEnded():
                self._ended(record)
            case kind.ThreadParked(task=None) if thread in self.open:
                self.open.pop(thread).end = x
            case kind.SpanEntered(span=span):
                bar = self._bar("span", record, x, self.names.get(span, "?"))
                entered, free = self.entered[thread], self.free[thread]
                bar.span, bar.row = span, heappop(free) if free else len(entered)
                entered.append(bar)
            case kind.SpanExited(span=span):
                for bar in [bar for bar in self.entered[thread] if bar.span == span][-1:]:
                    pop(self.entered[thread], bar)
                    bar.end = self.x
                    heappush(self.free[thread], bar.row)
            case kind.Event():
                number = len(self.placed.marks) + 1
                self.placed.marks.append(Mark(record.index, thread, number, middle))
            case kind.TaskSpawned(spawned=number):
                self.called[number] = "spawn", record, middle
            case kind.TaskWoken(woken=number):
                self.called[number] = "wake", record, middle

    def _bar(self, look: str, record: Record, x: float, label: str = "") -> Bar:
        bar = Bar(look, record.index, record.thread, record.task, x, label)
        if self.wait and self.wait.thread == record.thread and not self.wait.room:
            self.wait.room = x - self.wait.start
        self.placed.bars.append(bar)
        return bar

    def _poll(self, record: Record, x: float) -> None:
        if record.thread in self.open:
            self.open.pop(record.thread).end = x
        number = record.task or 0
        self.open[record.thread] = self._bar("poll", record, x, task(number))
        if number == 0 and self.wait:
            self.wait.end, self.wait.room = x, self.wait.room or x - self.wait.start
            self.wait = None
        if number in self.called:
            why, call, start = self.called.pop(number)
            between = (call.index, record.index), (call.thread, record.thread)
            self.placed.arrows.append(Arrow(why, *between, start, x))

    def _ended(self, record: kind.PollEnded) -> None:
        if record.thread in self.open:
            self.open.pop(record.thread).end = self.x
        if record.task == 0 and not record.ready:
            self.wait = self._bar("wait", record, self.x, f"main waits for {waited(record)}")

    def end(self) -> None:
        """End what is still open at the end of the trace."""
        entered = (bar for bars in self.entered.values() for bar in bars)
        for bar in [*self.open.values(), *entered, *([self.wait] if self.wait else [])]:
            bar.end = self.placed.width
