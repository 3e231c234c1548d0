"""What a rule finds: a cause, in words, with the line that did it and what would change it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from spanlab.causes.case import Case, Where
from spanlab.causes.changed import Changed
from spanlab.causes.evidence import Place
from spanlab.causes.remedy import Change, Edit, Repair, changes
from spanlab.view.words import Names


class Cause(StrEnum):
    """What decides the parent of an event."""

    EXPECTED = "as expected"
    SPAWNED_BARE = "spawned bare"
    FUTURE_ONLY = "the attribute covers the future, not the call"
    CALL_ONLY = "the attribute covers the call, not the future"
    GUARD_DROPPED = "guard dropped before the poll"
    MADE_LATE = "span made at the first poll"
    MADE_INSIDE = "made inside a span, polled outside"
    FOREIGN_GUARD = "another task's guard on the stack"
    GUARD_BELOW = "a guard kept across an await, below an outer span"
    GUARD_LEFT = "guard left on another thread"
    EMPTY_THREAD = "a thread begins with an empty stack"
    DISABLED = "the span is disabled"
    EXPLICIT = "an explicit parent"
    AT_ONCE = "guard dropped at once"
    NEVER = "a span that is never entered"
    DROPPED = "logged in a drop, after its span"
    OUTLIVED = "a span that was captured elsewhere"
    HANDLE = "the handle is instrumented, not the future"
    CAPTURED_LATE = "captured in the wrong place"


class Finding(NamedTuple):
    """A cause: in words, with the line that did it, what was expected, and what a change gives."""

    cause: Cause
    said: str
    place: Place | None
    expected: Names
    tree: Names
    fixes: tuple[Change, ...] = ()
    then: Names = ()  # the tree, each span told apart from others of its name


def finding(case: Case, cause: Cause, said: str, at: Where, *repairs: Repair) -> Finding | None:
    """Promise what the records give with the repairs made; None if that changes nothing."""
    spans = Changed(case.facts, repairs).spans(case.event)
    if spans == [new.span for new in case.scope]:
        return None
    edits = [edit for repair in repairs for edit in repair.text or ()]
    whole = all(repair.text is not None for repair in repairs)
    found = told(case, cause, said, at, case.facts.names(spans), edits if whole else None)
    return found._replace(then=case.facts.labels(spans)) if found.fixes else found


def told(
    case: Case, cause: Cause, said: str, at: Where, expected: Names,
    edits: list[Edit] | None = None, tree: Names | None = None,
) -> Finding:  # fmt: skip
    """Promise what was expected, or `tree`, if the edits can be made."""
    place, tree = case.place(at), expected if tree is None else tree
    if not edits:
        return Finding(cause, said, place, expected, case.now)
    return Finding(cause, said, place, expected, tree, changes(case.code, edits))
