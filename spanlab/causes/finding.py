"""What a rule finds: a cause, in words, with the line that did it and what would change it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from spanlab.causes.evidence import Case, Place
from spanlab.causes.remedy import Change
from spanlab.view.words import Names


class Cause(StrEnum):
    """What decides the parent of an event."""

    EXPECTED = "as expected"
    SPAWNED_BARE = "spawned bare"
    FUTURE_ONLY = "the attribute covers the future, not the call"
    CALL_ONLY = "the attribute covers the call, not the future"
    GUARD_DROPPED = "guard dropped before the poll"
    MADE_LATE = "span made at the first poll"
    FOREIGN_GUARD = "another task's guard on the stack"
    GUARD_LEFT = "guard left on another thread"
    EMPTY_THREAD = "a thread begins with an empty stack"
    DISABLED = "the span is disabled"
    EXPLICIT = "an explicit parent"
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


def finding(
    case: Case, cause: Cause, said: str, place: Place, expected: Names,
    *changes: Change | None, tree: Names | None = None,
) -> Finding:  # fmt: skip
    """Promise a tree, what was expected unless said otherwise, if all its changes can be made."""
    fixes = tuple(change for change in changes if change)
    if not fixes or len(fixes) < len(changes):
        return Finding(cause, said, place, expected, case.now)
    return Finding(cause, said, place, expected, expected if tree is None else tree, fixes)
