"""One event, and what belongs to it, before anybody judges it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from spanlab.causes.evidence import Begun, Evidence, Made, Place
from spanlab.causes.source import Code, called
from spanlab.causes.way import Way, hops
from spanlab.record import Event, Record, SpanNew
from spanlab.syntax import Function
from spanlab.view.words import Names, quoted, short, visible


@dataclass(frozen=True)
class Case:
    """One event: who recorded it, and the way of that code from its making to its poll."""

    facts: Evidence
    event: Event
    function: Function | None
    node: ast.AST | None
    way: Way

    @classmethod
    def of(cls, facts: Evidence, event: Event) -> Case:
        """Gather what belongs to one event."""
        node = facts.node(event)
        function = facts.code.enclosing(node) if node else facts.marked(event)
        return cls(facts, event, function, node, tuple(hop for hop, _ in hops(facts, event)))

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
    def spawn(self) -> Begun | None:
        """The record that began the task of this event, or its thread."""
        return self.facts.begun(self.event)

    @property
    def before(self) -> int:
        """The record before which the future was made."""
        return self.spawn.index if self.spawn else self.event.index

    @property
    def now(self) -> Names:
        """The names of the spans that the event is in, leaf to root."""
        return self.facts.trace.scope(self.event)

    def label(self, span: int) -> str:
        """Name a span so that it is told apart from others of its name."""
        return quoted(self.facts.label(span))

    def under(self, span: int | None, since: int) -> Names:
        """Name the event's spans that are newer than a record, then a span with its parents."""
        own = tuple(new.name for new in self.scope if new.index > since)
        return own + self.facts.trace.names(span)

    def place(self, node: ast.AST) -> Place:
        """Give file and line of a node."""
        return self.code.place(node)

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

    def said(self, place: Place | Record) -> str:
        """Write a place as a reader of the event's file would say it."""
        file, line = (place.file, place.line) if isinstance(place, Record) else place
        return f"line {line}" + (f" of {visible(short(file))}" if file != self.event.file else "")
