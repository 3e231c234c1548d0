"""What a rule finds: a cause, in words, and what a change would give, replayed with it made.

A change moves no poll and no line that runs: it only has something entered, or not entered, in
other places. So the tree that it gives can be told from the records, and is not guessed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Any

from spanlab import stack
from spanlab.causes.case import Case, Where
from spanlab.causes.evidence import DEEP, Made, Place
from spanlab.causes.remedy import Change, Edit, New, Repair, changes
from spanlab.causes.source import GUARDS, called, captures, named
from spanlab.causes.way import hops
from spanlab.evidence.syntax import attribute
from spanlab.record import Record, SpanEntered, SpanNew
from spanlab.view.words import Names


class Cause(StrEnum):
    """What decides the parent of an event."""

    EXPECTED = "as the stack says"
    SPAWNED_BARE = "spawned bare"
    FUTURE_ONLY = "the attribute covers the future, not the call"
    CALL_ONLY = "the attribute covers the call, not the future"
    GUARD_DROPPED = "guard dropped before the poll"
    MADE_LATE = "span made at the first poll"
    MADE_INSIDE = "made inside a span, polled outside"
    FOREIGN_GUARD = "another task's guard on the stack"
    GUARD_BELOW = "a guard kept across an await, below an outer span"
    GUARD_LEFT = "guard left on another thread"
    STALE = "guard dropped on another thread"
    EMPTY_THREAD = "a thread begins with an empty stack"
    DISABLED = "the span is disabled"
    EXPLICIT = "an explicit parent"
    AT_ONCE = "guard dropped at once"
    NEVER = "a span that is never entered"
    DROPPED = "logged in a drop, after its span"
    OUTLIVED = "a span that was captured elsewhere"
    MADE_ELSEWHERE = "a span that was made elsewhere"
    HELD_OPEN = "a span held open by a task that outlives it"
    HANDLE = "the handle is instrumented, not the future"
    CAPTURED_LATE = "captured in the wrong place"
    UNTOLD = "a log does not say"


@dataclass(frozen=True)
class Finding:
    """A cause: in words, with the line that did it, what was expected, and what a change gives."""

    cause: Cause
    said: str
    place: Place | None
    expected: Names
    tree: Names
    fixes: tuple[Change, ...] = ()
    then: Names = ()  # the tree, each span told apart from others of its name


def finding(
    case: Case, cause: Cause, said: str, at: Where, *repairs: Repair,
    otherwise: Names | None = None, same: bool = False,
) -> Finding | None:  # fmt: skip
    """Promise what the records give with the repairs made.

    If that changes nothing, and is not the `same` on purpose, or cannot be told, it is None, or
    says what `otherwise` was expected.
    """
    changed = Changed(case, *repairs)
    spans = changed.spans()
    if changed.is_open or (not same and spans == [new.span for new in case.scope]):
        return None if otherwise is None else told(case, cause, said, at, otherwise)
    edits = [edit for repair in repairs for edit in repair.text or ()]
    whole = all(repair.text is not None for repair in repairs)
    tree, then = case.facts.names(spans), case.facts.labels(spans)
    return told(case, cause, said, at, tree, edits if whole else None, then=then)


def told(
    case: Case, cause: Cause, said: str, at: Where, expected: Names,
    edits: list[Edit] | None = None, tree: Names | None = None, then: Names = (),
) -> Finding:  # fmt: skip
    """Promise what was expected, or `tree`, if the edits can be made."""
    place, tree = case.place(at), expected if tree is None else tree
    if not edits:
        return Finding(cause, said, place, expected, case.now)
    return Finding(cause, said, place, expected, tree, changes(case.code, edits), then)


class Changed:
    """The spans that an event would be in with some repairs made."""

    def __init__(self, case: Case, *repairs: Repair) -> None:
        self.event, self.facts = case.event, case.facts
        self.is_open = False  # what a span captured may be another one then, and nobody saw where
        self.does = {key: span for repair in repairs for key, span in repair.does.items()}

    def spans(self) -> list[int | New]:
        """Give the spans, leaf to root; what is very far out is as it was."""
        spans, span = list[int | New](), self._parent(self.event)
        while span is not None and len(spans) < DEEP:
            spans.append(span)
            span = span.above if isinstance(span, New) else self._parent(self.facts.spans[span])
        return spans + [new.span for new in self.facts.trace.ancestors(span)]

    def _parent(self, record: Made) -> Any:
        facts, begun = self.facts, self.facts.tasks.get(record.task or 0)
        if ("apart", facts.node(record)) in self.does:
            return None
        if facts.is_explicit(record):
            given = [
                k.value for k in getattr(facts.node(record), "keywords", ()) if k.arg == "parent"
            ]
            if called(facts.code.find(next(iter(given), None))) == "current":
                recorded = [by.span for by, _ in facts.stack(record)]
                above = takewhile(lambda span: span != record.parent, self._stack(record)[::-1])
                self.is_open |= record.parent in recorded and not {*recorded}.issuperset(above)
            return record.parent
        covered = isinstance(record, SpanNew) and ("covering", facts.marked(record)) in self.does
        return self._current(begun if covered and begun is not None else record)

    def _current(self, record: Record) -> Any:
        top = stack.top(self._stack(record))
        recorded = [by.span for by, _ in self.facts.stack(record)]
        return None if top in recorded and self.facts.closed[top] < record.index else top

    def _stack(self, record: Record) -> list[Any]:
        """Give the spans on the stack, each by how far in it is, and since when."""
        facts, began = self.facts, self.facts.began.get(record.index, -1)
        depth, outermost = facts.depth(record), len(facts.sites(record))
        held = list[tuple[Any, tuple[float, float]]]()
        for by, _ in facts.stack(record):
            if ("removed", facts.spot(by)) not in self.does:
                outermost = depth.get(facts.maker(by), outermost)
                out = math.inf if by.index <= began else outermost
                held.append((self._captured(record, by), (-out, by.index)))
        for spot, span in sorted(self._inserted(record, depth), key=lambda found: found[0]):
            at = next((at for at, (_, other) in enumerate(held) if other > spot), len(held))
            if isinstance(span, str):
                span = New(span, stack.top([other for other, _ in held[:at]]))
            held.insert(at, (span, spot))
        return [span for span, _ in held if span is not None]

    def _captured(self, record: Record, by: SpanEntered) -> Any:
        """Give what a wrapper or a guard enters: what is current at its spawn, or where it is."""
        node = self.facts.node(by)
        is_guard = called(node) in GUARDS
        made = by if is_guard else self.facts.begun(record)
        if node is None or made is None or by.task != record.task or not captures(node):
            return by.span
        here = is_guard or self.facts.node(made) in [*self.facts.code.up(node)]
        was_current = here and self.facts.current[made.index] == by.span
        return self._current(made) if was_current else by.span

    def _inserted(self, record: Record, depth: dict[int, int]) -> Iterator[tuple[Any, Any]]:
        """Give what would be entered besides: its spot, and the span or the name of a new one."""
        facts, does = self.facts, self.does
        for hop, out in hops(facts, record):
            nodes = hop.nodes if hop.kind in ("made", "returned") else ()
            for key in [key for node in nodes if (key := ("carried", node)) in does][:1]:
                yield (-out, -1), does[key]
            if hop.kind == "called" and ("covering", hop.function) in does:
                yield (-out, -1), named(attribute(hop.function), getattr(hop.function, "name", "?"))
        begun = facts.begun(record)
        if begun is not None and (call := ("carried", facts.node(begun))) in does:
            span = does[call]
            yield (-math.inf, math.inf), self._current(begun) if span is None else span
        for entry, out in facts.own_guards(record):
            if ("unguarded", facts.spot(entry)) in does:
                yield (-out, entry.index), entry.span
        for new, frame in [
            (facts.trace[k], f) for (what, k), f in does.items() if what == "entered"
        ]:
            if frame in depth and new.index < record.index:
                yield (-depth[frame], new.index), new.span
