"""What a change would give: the stacks of a run, replayed as they would be with it made.

A change moves no poll and no line that runs: it only has something entered, or not entered, in
other places. So the tree that it gives can be told from the records, and is not guessed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from spanlab import stack
from spanlab.causes.evidence import Evidence, Made
from spanlab.causes.remedy import New, Repair
from spanlab.causes.source import captures, span_name
from spanlab.causes.way import hops
from spanlab.record import Record, SpanEntered, SpanNew, TaskSpawned

Place = tuple[float, float]


class Changed:
    """The spans that records would be in with some repairs made."""

    def __init__(self, facts: Evidence, repairs: Iterable[Repair]) -> None:
        self.facts = facts
        self.does = {key: span for repair in repairs for key, span in repair.does.items()}

    def spans(self, record: Made) -> list[int | New]:
        """Give the spans that a record would be in, leaf to root."""
        spans, span = list[int | New](), self._parent(record)
        while span is not None and len(spans) < 1000:
            spans.append(span)
            above = isinstance(span, New)
            span = span.above if above else self._parent(self.facts.spans[span])
        return spans

    def _parent(self, record: Made) -> Any:
        if self.facts.is_explicit(record) and ("rooted", self.facts.node(record)) not in self.does:
            return record.parent
        if isinstance(record, SpanNew) and (spawn := self._early(record)) is not None:
            return self._current(spawn)
        return self._current(record)

    def _early(self, record: SpanNew) -> TaskSpawned | None:
        """Find the call, at a spawn, in which the span of an attribute would now be made."""
        function, begun = self.facts.marked(record), self.facts.tasks.get(record.task or 0)
        return begun if ("covering", function) in self.does and begun is not None else None

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
            spot = facts.spot(entry.by)
            if self.does.keys().isdisjoint({("unguarded", spot), ("removed", spot)}):
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
        facts, does = self.facts, self.does
        for hop, out in hops(facts, record):
            if ("carried", hop.node) in does and hop.kind in ("made", "returned"):
                yield (-out, -1), does["carried", hop.node]
            if hop.kind == "called" and ("covering", hop.function) in does:
                yield (-out, -1), span_name(hop.function)
        begun = facts.begun(record)
        if begun is not None and (call := ("carried", facts.node(begun))) in does:
            span = does[call]
            yield (-math.inf, math.inf), self._current(begun) if span is None else span
        for entry, out in facts.own_guards(record):
            if ("unguarded", facts.spot(entry)) in does:
                yield (-out, entry.index), entry.span
        for new in [facts.trace[at] for what, at in does if what == "entered"]:
            if facts.maker(new) in depth and new.index < record.index:
                yield (-depth[facts.maker(new)], new.index), new.span
