"""What the records and the code say about one event, before anybody judges it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from spanlab.causes.source import Code, Way, called, within
from spanlab.record import (
    Event,
    PollEnded,
    PollStarted,
    Record,
    SpanEntered,
    SpanExited,
    SpanNew,
    TaskSpawned,
    ThreadParked,
    ThreadStarted,
)
from spanlab.replay import Pushed, Stacks
from spanlab.syntax import Function
from spanlab.traces import Trace
from spanlab.view.words import Names, short, visible

WAYS = 500  # that a future may take through the code; more are not looked at
Place = tuple[str, int]  # file and line
Made = Event | SpanNew  # what has a parent


class Evidence:
    """One pass over a trace: what every stack held when a span, an event or a task was made."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.spans, self.tasks = trace, trace.spans, trace.tasks
        self.stacks: dict[int, tuple[Pushed, ...]] = {}
        self.current: dict[int, int | None] = {}
        self.poll: dict[int, int] = {}  # which poll of its task an event was in
        self.numbers = {event.index: number for number, event in trace.numbered}
        self.started: dict[int, ThreadStarted] = trace.threads
        self.entered: defaultdict[Place, list[SpanEntered]] = defaultdict(list)
        self.made: defaultdict[Place, list[SpanNew]] = defaultdict(list)
        self.exits: defaultdict[int, list[SpanExited]] = defaultdict(list)
        self._replay()

    def _replay(self) -> None:
        stacks, polling = Stacks(), dict[int, int | None]()
        polls: defaultdict[int | None, int] = defaultdict(int)
        outside = 1  # the thread that last did something outside any poll
        for record in self.trace.records:
            thread = record.thread
            match record:
                case PollStarted():
                    polls[record.task] += 1
                    polling[thread] = record.task
                case PollEnded():
                    polling.pop(thread, None)
                case ThreadStarted():
                    thread = next((t for t, at in polling.items() if at == record.task), outside)
                case SpanEntered():
                    self.entered[record.file, record.line].append(record)
                case SpanNew():
                    self.made[record.file, record.line].append(record)
                case SpanExited():
                    self.exits[record.span].append(record)
                case Event():
                    self.poll[record.index] = polls[record.task]
            if record.task is None and not isinstance(record, ThreadStarted | ThreadParked):
                outside = thread
            if isinstance(record, SpanNew | Event | TaskSpawned | ThreadStarted):
                self.stacks[record.index] = stacks.pushed(thread)
                self.current[record.index] = stacks.current(thread)
            stacks.replay(record)

    @cached_property
    def code(self) -> Code:
        """The sources, parsed."""
        return Code(self.trace.sources)

    def case(self, event: Event) -> Case:
        """Gather what belongs to one event."""
        function, node = self.code.event(event.file, event.line, event.message)
        case = Case(self, event, function, node, ())
        ways = list(islice(self.code.ways(function), WAYS))
        fitting = [way for way in ways if case.fits(way)]
        return Case(self, event, function, node, fitting[0] if fitting else ())

    def at(self, found: dict[Place, list[Record]], node: ast.AST) -> list[Record]:
        """Give the records of the lines that a node stands on."""
        file = self.code.file(node)
        lines = range(node.lineno, node.end_lineno + 1)  # type: ignore[attr-defined]
        return [record for line in lines for record in found.get((file, line), [])]

    def enters(self, node: ast.AST) -> list[SpanEntered]:
        """Give all that was entered on the lines of a node, in order."""
        return self.at(self.entered, node)  # type: ignore[arg-type,return-value]

    def news(self, node: ast.AST) -> list[SpanNew]:
        """Give all spans that were made on the lines of a node, in order."""
        return self.at(self.made, node)  # type: ignore[arg-type,return-value]


@dataclass(frozen=True)
class Case:
    """One event: who recorded it, and the way of that code from its making to its poll."""

    facts: Evidence
    event: Event
    function: Function | None
    node: ast.AST | None
    way: Way

    @property
    def code(self) -> Code:
        return self.facts.code

    @property
    def scope(self) -> list[SpanNew]:
        """The spans that the event is in, leaf to root."""
        return self.facts.trace.ancestors(self.event.parent)

    @property
    def chain(self) -> list[Made]:
        """The event and its spans, leaf to root."""
        return [self.event, *self.scope]

    @property
    def root(self) -> Made:
        """The outermost span of the event; the event itself if it is in none."""
        return self.chain[-1]

    @property
    def spawn(self) -> TaskSpawned | ThreadStarted | None:
        """The record that began the task of this event, or its thread."""
        if self.event.task:
            return self.facts.tasks.get(self.event.task)
        started = self.facts.started.get(self.event.thread)
        return started if started is not None and started.line else None

    @property
    def before(self) -> int:
        """The record before which the future was made."""
        return self.spawn.index if self.spawn else self.event.index

    def fits(self, way: Way) -> bool:
        """Tell whether a way through the code ends where the records say."""
        last = way[-1].node if way and way[-1].kind == "spawned" else None
        if self.spawn is None or last is None:
            return self.spawn is None and last is None
        return self.code.file(last) == self.spawn.file and within(last, self.spawn.line)

    @property
    def now(self) -> Names:
        """The names of the spans that the event is in, leaf to root."""
        return self.facts.trace.scope(self.event)

    def under(self, span: int | None, since: int) -> Names:
        """Name the event's spans that are newer than a record, then a span with its parents."""
        own = tuple(new.name for new in self.scope if new.index > since)
        return own + self.facts.trace.names(span)

    def place(self, node: ast.AST) -> Place:
        """Give file and line of a node."""
        return self.code.file(node), node.lineno  # type: ignore[attr-defined]

    def guards(self, node: ast.AST | None) -> Iterator[tuple[ast.AST, ast.Call]]:
        """Find each `with span.enter():` or `in_scope` around a node, up to its function.

        Each is what it covers, and the call that enters.
        """
        for around in self.code.up(node) if node is not None else ():
            if isinstance(around, ast.Call) and called(around) == "in_scope":
                yield around, around
            for item in around.items if isinstance(around, ast.With) else ():
                guard = item.context_expr
                if isinstance(guard, ast.Call) and called(guard) in ("enter", "entered"):
                    yield around, guard

    def said(self, place: Place) -> str:
        """Write a place as a reader of the event's file would say it."""
        file, line = place
        return f"line {line}" + (f" of {visible(short(file))}" if file != self.event.file else "")
