"""What a change would give: the stacks of a run, replayed as they would be with it made.

A change moves no poll and no line that runs: it only has something entered, or not entered, in
other places. So the tree that it gives can be told from the records, and is not guessed.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spanlab import stack
from spanlab.causes.evidence import Evidence, Made
from spanlab.causes.source import captures
from spanlab.causes.way import calls, hops
from spanlab.record import Record, SpanEntered, SpanNew, TaskSpawned
from spanlab.syntax import Function

Place = tuple[float, float]


class New(NamedTuple):
    """A span that there would be; `above` is its parent."""

    name: str
    above: Any


@dataclass(frozen=True)
class Edits:
    """What is changed: each is a call, or a function, in the source.

    carried     futures that take a span along: one that there is, a new root, or (None) the
                current one
    rooted      calls whose `parent=…` is left out
    unguarded   places of guards that become instrumented futures
    removed     places where nothing is entered any more
    entered     records of spans that are then entered to the end of the block
    covering    functions whose attribute covers the call, and not only the future
    """

    carried: dict[ast.AST, int | New | None] = field(default_factory=dict)
    rooted: frozenset[ast.AST] = frozenset()
    unguarded: frozenset[Any] = frozenset()
    removed: frozenset[Any] = frozenset()
    covering: frozenset[Function] = frozenset()
    entered: frozenset[int] = frozenset()


class Changed:
    """The spans that records would be in with some changes made."""

    def __init__(self, facts: Evidence, edits: Edits) -> None:
        self.facts, self.edits = facts, edits

    def spans(self, record: Made) -> list[int | New]:
        """Give the spans that a record would be in, leaf to root."""
        spans, span = list[int | New](), self._parent(record)
        while span is not None and len(spans) < 1000:
            spans.append(span)
            above = isinstance(span, New)
            span = span.above if above else self._parent(self.facts.spans[span])
        return spans

    def _parent(self, record: Made) -> Any:
        if self.facts.is_explicit(record) and self.facts.node(record) not in self.edits.rooted:
            return record.parent
        if isinstance(record, SpanNew) and (spawn := self._early(record)) is not None:
            return self._current(spawn)
        return self._current(record)

    def _early(self, record: SpanNew) -> TaskSpawned | None:
        """Find the call, at a spawn, in which the span of an attribute would now be made."""
        function, begun = self.facts.marked(record), self.facts.tasks.get(record.task or 0)
        return begun if function in self.edits.covering and begun is not None else None

    def _current(self, record: Record) -> Any:
        spans = self._stack(record)
        top = stack.top(spans)
        recorded = [entry.by.span for entry in self.facts.stacks[record.index]]
        closed = self.facts.closed.get(top, record.index) if top in recorded else record.index
        return None if closed < record.index else top

    def _stack(self, record: Record) -> list[Any]:
        """Give the spans on the stack; each has a place: how far out, and since when."""
        facts, began = self.facts, self.facts.began.get(record.index, -1)
        depth = facts.depth(record)
        held, out = list[tuple[Any, Place]](), len(facts.sites(record))
        for entry in facts.stacks[record.index]:
            if facts.spot(entry.by) not in self.edits.unguarded | self.edits.removed:
                out = depth.get(facts.maker(entry.by), out)
                old = entry.by.index <= began
                place: Place = (-math.inf if old else -out, entry.by.index)
                held.append((self._captured(record, entry.by), place))
        for place, span in sorted(self._inserted(record, depth), key=lambda found: found[0]):
            at = next((at for at, (_, other) in enumerate(held) if other > place), len(held))
            if isinstance(span, str):
                span = New(span, stack.top([other for other, _ in held[:at]]))
            if span is not None:
                held.insert(at, (span, place))
        return [span for span, _ in held if span is not None]

    def _captured(self, record: Record, by: SpanEntered) -> Any:
        """Give the span that a wrapper enters: the current one of a spawn, if it stands in it."""
        begun, node = self.facts.begun(record), self.facts.node(by)
        call = self.facts.node(begun) if begun is not None else None
        if node is None or call is None or begun is None or by.task != record.task:
            return by.span
        if not captures(node) or call not in self.facts.code.up(node):
            return by.span
        span = self._current(begun)
        return span if self.facts.current[begun.index] == by.span else by.span

    def _inserted(self, record: Record, depth: dict[int, int]) -> Iterator[tuple[Place, Any]]:
        """Give what would be entered besides: its place, and the span or the name of a new one."""
        facts, edits = self.facts, self.edits
        for hop, out in hops(facts, record):
            if hop.node in edits.carried and hop.kind in ("made", "returned"):
                yield (-out, -1), edits.carried[hop.node]
        begun = facts.begun(record)
        if begun is not None and (call := facts.node(begun)) in edits.carried:
            named = edits.carried[call]
            yield (-math.inf, math.inf), self._current(begun) if named is None else named
        for entry, out in facts.own_guards(record):
            if facts.spot(entry) in edits.unguarded:
                yield (-out, entry.index), entry.span
        for index in edits.entered:
            new = facts.trace[index]
            if facts.maker(new) in depth and index < record.index:
                yield (-depth[facts.maker(new)], index), new.span  # type: ignore[attr-defined]
        for function, out in calls(facts, record):
            if function in edits.covering:
                yield (-out, -1), facts.span_name(function)
