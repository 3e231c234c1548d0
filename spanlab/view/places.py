"""Where everything stands in the lanes: a lane per thread, a place for each record.

A place along a lane is a place in the order of the records: a virtual clock often stands still,
and the gaps of a real one would hide what happens between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf

from spanlab import record as kind
from spanlab.evidence.replay import lost_parents
from spanlab.record import Record
from spanlab.stack import pop
from spanlab.traces import Trace
from spanlab.view.words import task, waited

_PIXELS = {
    "thread": 0, "event": 26, "enter": 14, "close": 6, "poll": 16, "polled": 16,
    "spawn": 18, "finish": 6, "park": 8, **dict.fromkeys(kind.FUTURES, 0),
}  # fmt: skip
WIDTHS = {kind.KINDS[word]: float(wide) for word, wide in _PIXELS.items()}  # all others get 12
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
    end: float = inf
    room: float = 0.0  # from the start of a wait to what stands on top of it


@dataclass(frozen=True)
class Mark:
    """An event, numbered as in the log, or a panic, which has no number."""

    record: int
    thread: int
    number: int
    x: float
    lost: bool = False  # its parent


@dataclass(frozen=True)
class Arrow:
    """From the record that spawned or woke a task to the poll that followed."""

    kind: str
    records: tuple[int, int]
    threads: tuple[int, int]
    start: float
    end: float


class Places:
    """All places, in pixels, from one pass over the records; `threads` get a lane, in their order.

    `x` has one for each record, `top` and `tall` one for each thread. In a part of a trace what is
    from before has no width: what is open there begins at the edge.
    """

    def __init__(self, trace: Trace, threads: Iterable[int]) -> None:
        self.x: list[float] = []
        self.width = self.height = 0.0
        self.bars: list[Bar] = []
        self.marks: list[Mark] = []
        self.arrows: list[Arrow] = []
        self.times: list[tuple[float, int]] = [(-float(APART), 0)]  # the first is not drawn
        self._numbers = {event.index: number for number, event in trace.numbered}
        self._names = {number: new.name for number, new in trace.spans.items()}
        self._lost = lost_parents(trace)
        self._open: dict[int, Bar] = {}  # the poll of each thread, or what runs outside any
        self._entered: defaultdict[int, list[Bar]] = defaultdict(list)
        self._free: defaultdict[int, list[int]] = defaultdict(list)  # rows that were left
        self._called: dict[int, tuple[str, Record, float]] = {}  # who spawned or woke a task last
        self._wait: Bar | None = None
        self._seen = set[int]()  # spans
        for record in trace.records:
            self.x.append(self.width)
            self.width += self._wide(record) if record.index >= trace.cut.begun else 0
            if not isinstance(record, kind.ThreadStarted):
                self._add(record)
        for bar in self.bars:
            bar.end = min(bar.end, self.width)
        self.bars = [bar for bar in self.bars if bar.end]  # what ended before has no width
        self.arrows = [arrow for arrow in self.arrows if arrow.end]
        self.top, self.tall = dict[int, float](), dict[int, float]()
        rows = {bar.thread: bar.row + 1 for bar in sorted(self.bars, key=lambda bar: bar.row)}
        for thread in threads:
            self.top[thread] = self.height
            self.tall[thread] = TITLE + ROW * min(rows.get(thread, 0), DEEPEST) + 3
            self.height += ABOVE + self.tall[thread] + BELOW

    def _wide(self, record: Record) -> float:
        wide = WIDTHS.get(type(record), 12)
        if isinstance(record, kind.TaskFinished) and record.outcome == "panicked":
            return WIDTHS[kind.Event]
        if not isinstance(record, kind.SpanEntered) or record.span in self._seen:
            return wide
        self._seen.add(record.span)  # its first bar has room for its name
        return max(wide, min(6.7 * len(self._names.get(record.span, "")) - 22, 240))

    def _add(self, record: Record) -> None:
        thread, x = record.thread, self.x[-1]
        middle, (timed, last) = (x + self.width) / 2, self.times[-1]
        if record.time > last and x - timed > APART:
            self.times.append((x, record.time))
        if record.task is None and isinstance(record, OUTSIDE) and thread not in self._open:
            self._open[thread] = self._bar("outside", record, x)
        match record:
            case kind.PollStarted():
                self._poll(record, x)
            case kind.PollEnded(task=number, ready=ready):
                self._close(thread, self.width)
                if number == 0 and not ready:
                    name = f"main waits for {waited(record)}"
                    self._wait = self._bar("wait", record, self.width, name)
            case kind.ThreadParked(task=None):
                self._close(thread, x)
            case kind.SpanEntered(span=span):
                bar = self._bar("span", record, x, self._names.get(span, "?"))
                here, free = self._entered[thread], self._free[thread]
                bar.span, bar.row = span, heappop(free) if free else len(here)
                here.append(bar)
            case kind.SpanExited(span=span):
                here = self._entered[thread]
                for entered in [bar for bar in here if bar.span == span][-1:]:
                    pop(here, entered)
                    entered.end = self.width
                    heappush(self._free[thread], entered.row)
            case kind.Event() | kind.TaskFinished(outcome="panicked"):
                at = record.index
                mark = Mark(at, thread, self._numbers.get(at, 0), middle, at in self._lost)
                self.marks.append(mark)
            case kind.TaskSpawned(spawned=number):
                self._called[number] = "spawn", record, middle
            case kind.TaskWoken(woken=number):
                self._called[number] = "wake", record, middle

    def _bar(self, look: str, record: Record, x: float, label: str = "") -> Bar:
        bar = Bar(look, record.index, record.thread, record.task, x, label)
        if self._wait and self._wait.thread == record.thread and not self._wait.room:
            self._wait.room = x - self._wait.start
        self.bars.append(bar)
        return bar

    def _close(self, thread: int, x: float) -> None:
        if thread in self._open:
            self._open.pop(thread).end = x

    def _poll(self, record: Record, x: float) -> None:
        self._close(record.thread, x)
        number = record.task or 0
        self._open[record.thread] = self._bar("poll", record, x, task(number))
        if number == 0 and self._wait:
            self._wait.end, self._wait.room = x, self._wait.room or x - self._wait.start
            self._wait = None
        if number in self._called:
            why, call, start = self._called.pop(number)
            between = (call.index, record.index), (call.thread, record.thread)
            self.arrows.append(Arrow(why, *between, start, x))
