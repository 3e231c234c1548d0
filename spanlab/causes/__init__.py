"""Why an event has the parent that it has: a small set of causes, and the rules that tell them.

Each rule looks at one case and gives a finding, or None if it has nothing to say. The first that
finds something is right: what is nearest to the event is asked first, then what the program did
on purpose, then what it left out.
"""

from __future__ import annotations

from spanlab.causes.evidence import Case
from spanlab.causes.finding import Cause, Finding
from spanlab.causes.guards import as_expected, explicit, foreign, left
from spanlab.causes.spawned import handle, spawned
from spanlab.causes.syntax import (
    before_the_block,
    captured_inside,
    covered,
    disabled_attribute,
    disabled_guard,
    wrapped,
)

__all__ = ["Cause", "Finding", "find"]

RULES = (
    explicit, foreign, left, disabled_guard, disabled_attribute, before_the_block,
    wrapped, captured_inside, handle,  # what the program does on purpose, in vain
    covered, spawned,
)  # fmt: skip


def find(case: Case) -> Finding:
    """Tell why the event of a case has its parent."""
    return next(filter(None, (rule(case) for rule in RULES)), None) or as_expected(case)
