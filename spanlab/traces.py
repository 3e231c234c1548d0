"""The `Trace`: all that happened in one run, and what can be asked of it.

Everything below this module writes records; every view above it only reads them.
"""

from __future__ import annotations

import linecache
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, overload

from spanlab.errors import LIBRARY, UsageError
from spanlab.evidence.sites import Seen, Site, place, sites
from spanlab.field import Level, pairs, written
from spanlab.tape import Row, Tape

if TYPE_CHECKING:
    from spanlab.record import Event, Record, SpanNew, TaskSpawned, ThreadStarted

R = TypeVar("R", bound="Record")

VIRTUAL_START = 1_704_067_200_000_000_000  # virtual clocks start on 2024-01-01, in ns since 1970

_SAID = {"enter": 2, "spawn": 4, "thread": 1}  # slots of the record; what follows is for `seen`
_FIELDS_AT = {"new": 5, "record": 1}  # of the slots
_LEVEL_AT = {"new": 7, "event": 4}  # rows hold plain numbers, which the garbage collector skips


class Cut(NamedTuple):
    """Where a part stands in the whole trace."""

    records: int = 0  # how far each record of the stretch stands from its place in the whole
    events: int = 0  # before the stretch
    begun: int = 0  # records of the part that are from before the stretch


class Trace:
    """The records of one run, in one total order. Every view is a function of it.

    `trace[i]` is a record, `result` what `run` got back. `trace[:n]` is the trace up to step n,
    `trace[a:b]` the records of a stretch, after those before it that they build on.

    >>> with recording() as trace:
    ...     info("hello")
    >>> trace.events[0].message
    'hello'
    """

    views: ClassVar[tuple[Callable[[Trace], Any], ...]] = ()  # what a notebook shows of a trace
    outcomes: ClassVar[Callable[[Any], Any]]  # and of what was explored

    def __init__(
        self, rows: list[Row] | None = None, started: int = VIRTUAL_START, zero: int = 0
    ) -> None:
        self.tape = Tape(rows)
        self.started = started  # nanoseconds since 1970
        self._zero = zero  # what the clock showed then
        self.cut = Cut()
        self.origin: Any = None  # the log it was read from: it prints itself, and answers `why`
        self.result: Any = None
        self._records: list[Record] = []
        self._of: defaultdict[str, list[Any]] = defaultdict(list)  # by the name of their class
        self._spans: dict[int, SpanNew] = {}
        self._places: dict[tuple[int, int], tuple[str, int]] = {}  # of each instruction
        self._sources: dict[str, str] = {}
        self._seen: dict[int, Seen] = {}
        self._loaded = False

    @property
    def noted(self) -> list[Row]:
        """All rows, as they were written."""
        return self.tape.rows()

    @property
    def rows(self) -> list[Row]:
        """All that was noted, in plain words."""
        return [self._plain(*noted) for noted in self.noted]

    def _plain(
        self, kind: str, time: int, thread: int, task: int | None, code: Any, at: int, *what: Any
    ) -> Row:
        """Give a row with its file and line, and with the message of an event among its fields."""
        if (id(code), at) not in self._places:
            self._places[id(code), at] = place(code, at)
        if kind == "event" and not isinstance(what[2], tuple):  # the message stands beside them
            level, target, message, fields, *spans = what
            said = () if message is None else (("message", written(message)),)
            what = level, target, (*said, *pairs(fields)), *spans
        elif kind in _FIELDS_AT:
            at_fields = _FIELDS_AT[kind]
            before, fields, after = what[:at_fields], what[at_fields], what[at_fields + 1 :]
            what = *map(written, before), pairs(fields), *after
        return (kind, time, thread, task, *self._places[id(code), at], *what[: _SAID.get(kind)])

    def seen(self, index: int) -> Seen:
        """Tell what is known of the frames behind a record, looked up when first asked for."""
        if index not in self._seen:
            kind, _, _, _, code, at, *what = self.noted[index]
            link = code if isinstance(code, tuple) else (code, at, 0, None)
            more = what[_SAID.get(kind, 9) :]
            by = more[0] if kind in ("enter", "thread") and more else 0
            made = more[0][0][:2] if kind == "spawn" and more and more[0] else None
            self._seen[index] = Seen(sites(link), by, made)
        return self._seen[index]

    @property
    def records(self) -> list[Record]:
        """All records; made from what was noted when first asked for."""
        from spanlab.record import KINDS  # to record needs none of their classes

        for noted in self.noted[len(self._records) :]:
            kind, time, *values = self._plain(*noted)
            if kind in _LEVEL_AT:
                values[_LEVEL_AT[kind]] = Level(values[_LEVEL_AT[kind]])
            record: Any = KINDS[kind](len(self._records), time - self._zero, *values)
            self._records.append(record)
            self._of[type(record).__name__].append(record)
            if kind == "new":
                self._spans[record.span] = record
        return self._records

    def of(self, kind: type[R]) -> list[R]:
        """All records of one kind, in order."""
        if getattr(kind, "__module__", "") != "spanlab.record":
            raise UsageError(f"of() needs a class of records, got {kind!r:.60}. Write: of(Event)")
        return self._named(kind.__name__)

    def _named(self, kind: str) -> list[Any]:
        return list(self._of[kind]) if self.records else []

    @property
    def events(self) -> list[Event]:
        """All events, in order."""
        return self._named("Event")

    @property
    def numbered(self) -> list[tuple[int, Event]]:
        """All events with their numbers in the log, which they keep in a part of the trace."""
        return list(enumerate(self.events, self.cut.events + 1))

    @property
    def spans(self) -> dict[int, SpanNew]:
        """Every span by its number."""
        return self._spans if self.records else {}

    @property
    def tasks(self) -> dict[int, TaskSpawned]:
        """Every spawned task by its number."""
        return {task.spawned: task for task in self._named("TaskSpawned")}

    @property
    def threads(self) -> dict[int, ThreadStarted]:
        """Every thread by its number, whether it ran or not."""
        return {thread.thread: thread for thread in self._named("ThreadStarted")}

    @property
    def ran(self) -> dict[int, int]:
        """The place of each thread among those that did anything, in the order they first did."""
        ran = dict.fromkeys(row[2] for row in self.noted if row[0] not in ("thread", "park"))
        return {thread: place for place, thread in enumerate(ran)}

    def ancestors(self, span: int | None) -> list[SpanNew]:
        """Give the span and its parents, leaf to root."""
        spans, found = self.spans, []
        while span in spans:
            found.append(spans[span])
            span = spans[span].parent
        return found

    def names(self, span: int | None) -> tuple[str, ...]:
        """Name a span and its parents, leaf to root."""
        return tuple(new.name for new in self.ancestors(span))

    def scope(self, event: Event) -> tuple[str, ...]:
        """Name the spans that an event belongs to, leaf to root."""
        if not hasattr(event, "parent"):
            call = "trace.scope(trace.events[0])"
            raise UsageError(f"scope() needs an event, got {event!r:.60}. Write: {call}")
        return self.names(event.parent)

    @property
    def sources(self) -> dict[str, str]:
        """The text of every file, or notebook cell, that a record points into.

        A trace that was loaded has what it brought: no file of this machine is read for it.
        """
        if self._loaded:
            return self._sources
        files = {record.file for record in self.records}
        files |= {s.file for n in range(len(self)) for s in self.seen(n).sites if s.line}
        for file in {file for file in files if not file.startswith(LIBRARY)} - self._sources.keys():
            self._sources[file] = "".join(linecache.getlines(file))
        return self._sources

    def to_json(self) -> str:
        """Write the trace as JSON: `{"started", "zero", "cut", "rows", "sources", "seen"}`."""
        from spanlab.evidence.saved import dumps  # needed by nobody who only records

        numbers = {"started": self.started, "zero": self._zero, "cut": self.cut}
        seen = [self.seen(index) for index in range(len(self))]
        return dumps(self.rows, self.sources, seen=seen, **numbers)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read what `to_json` wrote; raises `UsageError` for anything else."""
        from spanlab.evidence.saved import loads

        data = loads(text)
        trace = cls(data["rows"], data["started"], data["zero"])
        trace._sources, trace._loaded, trace.cut = data["sources"], True, Cut(*data["cut"])
        for index, (found, by, made) in enumerate(data["seen"]):
            trace._seen[index] = Seen(
                tuple(Site(*site) for site in found), by, made and tuple(made)
            )
        return trace

    def __len__(self) -> int:
        return len(self.noted)

    @overload
    def __getitem__(self, step: int) -> Record: ...
    @overload
    def __getitem__(self, step: slice) -> Trace: ...
    def __getitem__(self, step: int | slice) -> Record | Trace:
        if isinstance(step, int):
            return self.records[step]
        first, end, stride = step.indices(len(self)) if isinstance(step, slice) else (0, 0, 0)
        if stride != 1:
            raise UsageError(
                f"a part of a trace is one record or all of a stretch, got {step!r:.60}. "
                f"Write: trace[10], or: trace[10:20]"
            )
        return self._part(first, max(first, end))

    def kept(self, rows: list[Row], places: list[int]) -> Trace:
        """Give a trace of rows that stood at these places of this one."""
        part = Trace(rows, self.started, self._zero)
        part._sources, part._loaded = self._sources, self._loaded
        kept = enumerate(places)
        part._seen = {new: self._seen[old] for new, old in kept if old in self._seen}
        return part

    def _part(self, first: int, end: int) -> Trace:
        from spanlab.evidence.part import begun  # needed by nobody who only records

        past, stretch = self.noted[:first], self.noted[first:end]
        before = begun(past, stretch) if past else []
        part = self.kept([past[at] for at in before] + stretch, [*before, *range(first, end)])
        part.origin = self.origin
        part.cut = Cut(
            self.cut.records + first - len(before),
            self.cut.events + sum(row[0] == "event" for row in past),
            min(len(part), len(before) + max(0, self.cut.begun - first)),
        )
        return part

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundles = [view(self)._repr_mimebundle_() for view in self.views]
        kinds = ("text/plain", "text/html") if bundles else ()
        return {kind: "\n".join(bundle[kind] for bundle in bundles) for kind in kinds}

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} records, {len(self.events)} events>"
