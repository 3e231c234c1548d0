"""What happened, one record at a time, and the `Trace` that holds the records.

Everything below this module writes records; every view above it only reads them.
"""

from __future__ import annotations

import json
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, overload

from spanlab.errors import UsageError
from spanlab.field import Fields, Level, Text

Row = tuple[Any, ...]
R = TypeVar("R", bound="Record")

VIRTUAL_START = 1_704_067_200_000_000_000  # virtual clocks start on 2024-01-01, in ns since 1970


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened.

    `time` is in nanoseconds from the start, `thread` is the number in `ThreadId(n)`, `task` is
    what the thread was polling: 0 for the main future, None outside any poll.
    """

    index: int
    time: int
    thread: int
    task: int | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ThreadStarted(Record):
    """A new thread; `task`, `file` and `line` say who started it, if a program did."""

    name: str


@dataclass(frozen=True, slots=True)
class ThreadParked(Record):
    pass


@dataclass(frozen=True, slots=True)
class SpanNew(Record):
    span: int
    parent: int | None
    name: str
    level: Level
    target: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class SpanEntered(Record):
    span: int


@dataclass(frozen=True, slots=True)
class SpanExited(Record):
    span: int


@dataclass(frozen=True, slots=True)
class SpanClosed(Record):
    span: int


@dataclass(frozen=True, slots=True)
class SpanRecorded(Record):
    span: int
    fields: Fields


@dataclass(frozen=True, slots=True)
class SpanFollows(Record):
    span: int
    follows: int


@dataclass(frozen=True, slots=True)
class Event(Record):
    """An event: `parent` is the span it belongs to, `current` the one on top of the stack."""

    level: Level
    target: str
    fields: Fields
    parent: int | None
    current: int | None

    @property
    def message(self) -> str:
        """The text of the event; empty if it has only fields."""
        return str(dict(self.fields).get("message", ""))


@dataclass(frozen=True, slots=True)
class TaskSpawned(Record):
    spawned: int
    name: str


@dataclass(frozen=True, slots=True)
class PollStarted(Record):
    pass


@dataclass(frozen=True, slots=True)
class PollEnded(Record):
    """The end of one poll; what is not `ready` waits, for the task `awaits` if it is a task."""

    ready: bool
    waits_for: str
    awaits: int | None


@dataclass(frozen=True, slots=True)
class TaskWoken(Record):
    woken: int


@dataclass(frozen=True, slots=True)
class TaskFinished(Record):
    """The end of a task: its `outcome` is "ok", "panicked" or "cancelled"."""

    finished: int
    outcome: str


@dataclass(frozen=True, slots=True)
class TaskAborted(Record):
    """Somebody asked a task to stop; it is dropped when its runtime next comes to it."""

    aborted: int


KINDS: Mapping[str, type[Record]] = {
    "thread": ThreadStarted, "park": ThreadParked,
    "new": SpanNew, "enter": SpanEntered, "exit": SpanExited, "close": SpanClosed,
    "record": SpanRecorded, "follows": SpanFollows, "event": Event,
    "spawn": TaskSpawned, "poll": PollStarted, "polled": PollEnded, "wake": TaskWoken,
    "finish": TaskFinished, "abort": TaskAborted,
}  # fmt: skip

_LEVEL_AT = {"new": 7, "event": 4}  # rows hold plain numbers, which the garbage collector skips


class Trace:
    """The records of one run, in one total order. Every view is a function of it.

    `trace[i]` is a record, `trace[:n]` the trace up to step n, `result` what `run` got back.

    >>> with recording() as trace:
    ...     info("hello")
    >>> trace.events[0].message
    'hello'
    """

    views: ClassVar[tuple[Callable[[Trace], Any], ...]] = ()  # what a notebook shows of a trace

    def __init__(
        self, rows: list[Row] | None = None, started: int = VIRTUAL_START, zero: int = 0
    ) -> None:
        self.rows: list[Row] = [] if rows is None else rows
        self.started = started  # nanoseconds since 1970
        self._zero = zero  # what the clock showed then
        self.result: Any = None
        self._records: list[Record] = []
        self._sources: dict[str, str] = {}

    @property
    def records(self) -> list[Record]:
        """All records; made from the rows when first asked for."""
        for index in range(len(self._records), len(self.rows)):
            kind, time, *values = self.rows[index]
            if kind in _LEVEL_AT:
                values[_LEVEL_AT[kind]] = Level(values[_LEVEL_AT[kind]])
            self._records.append(KINDS[kind](index, time - self._zero, *values))
        return self._records

    def of(self, kind: type[R]) -> list[R]:
        """All records of one kind, in order."""
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def events(self) -> list[Event]:
        """All events, in order."""
        return self.of(Event)

    @property
    def spans(self) -> dict[int, SpanNew]:
        """Every span by its number."""
        return {new.span: new for new in self.of(SpanNew)}

    @property
    def tasks(self) -> dict[int, TaskSpawned]:
        """Every spawned task by its number."""
        return {task.spawned: task for task in self.of(TaskSpawned)}

    @property
    def threads(self) -> dict[int, ThreadStarted]:
        """Every thread by its number, whether it ran or not."""
        return {thread.thread: thread for thread in self.of(ThreadStarted)}

    def ancestors(self, span: int | None) -> list[SpanNew]:
        """Give the span and its parents, leaf to root."""
        spans, found = self.spans, []
        while span is not None:
            found.append(spans[span])
            span = spans[span].parent
        return found

    def scope(self, event: Event) -> tuple[str, ...]:
        """Name the spans that an event belongs to, leaf to root."""
        return tuple(span.name for span in self.ancestors(event.parent))

    @property
    def sources(self) -> dict[str, str]:
        """The text of every file, or notebook cell, that a record points into."""
        for file in {row[4] for row in self.rows} - self._sources.keys():
            self._sources[file] = "".join(linecache.getlines(file))
        return self._sources

    def to_json(self) -> str:
        """Write the trace as JSON: `{"started", "zero", "rows", "sources"}`."""
        rows = [[_tag(value) for value in row] for row in self.rows]
        what = {"started": self.started, "zero": self._zero, "rows": rows}
        return json.dumps({**what, "sources": self.sources})

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read what `to_json` wrote."""
        try:
            data = json.loads(text)
            if unknown := {row[0] for row in data["rows"]} - KINDS.keys():
                raise KeyError(*unknown)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise UsageError(
                f"a trace is read from what trace.to_json() wrote, got {text!r:.40} ({error!r})"
            ) from None
        rows = [tuple(_untag(value) for value in row) for row in data["rows"]]
        trace = cls(rows, data["started"], data["zero"])
        trace._sources = data["sources"]
        return trace

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, step: int) -> Record: ...
    @overload
    def __getitem__(self, step: slice) -> Trace: ...
    def __getitem__(self, step: int | slice) -> Record | Trace:
        if isinstance(step, int):
            return self.records[step]
        if step.start or step.step:
            raise UsageError(
                f"a part of a trace starts at its start, got {step}. Write: trace[:10]"
            )
        part = Trace(self.rows[step], self.started, self._zero)
        part._sources = self.sources
        return part

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundles = [view(self)._repr_mimebundle_() for view in self.views]
        kinds = ("text/plain", "text/html") if bundles else ()
        return {kind: "\n".join(bundle[kind] for bundle in bundles) for kind in kinds}

    def __repr__(self) -> str:
        return f"<Trace of {len(self.rows)} records, {len(self.events)} events>"


def _tag(value: Any) -> Any:
    """Fields in a form that JSON keeps: `[name, value]`, or `[name, text, "text"]`."""
    if not isinstance(value, tuple):
        return value
    return [[n, v, "text"] if isinstance(v, Text) else [n, v] for n, v in value]


def _untag(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return tuple((pair[0], Text(pair[1]) if len(pair) == 3 else pair[1]) for pair in value)
