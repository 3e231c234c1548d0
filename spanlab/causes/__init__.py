"""Why an event has the parent that it has: a small set of causes, and the rules that tell them.

Each rule looks at one case and gives a finding, or None if it has nothing to say. The first that
finds something is right: what is nearest to the event is asked first, then what the program did
on purpose, then what it left out.
"""

from __future__ import annotations

from spanlab.causes.case import Case
from spanlab.causes.covered import before_the_block, captured_inside, covered, wrapped
from spanlab.causes.disabled import disabled_attribute, disabled_guard
from spanlab.causes.finding import Cause, Finding
from spanlab.causes.guards import a_root, as_expected, explicit, kept
from spanlab.causes.spawned import handle, spawned
from spanlab.causes.unused import dropped, never_kept, outlived

__all__ = ["Cause", "Finding", "find"]

RULES = (
    explicit, kept, disabled_guard, disabled_attribute, before_the_block,
    wrapped, captured_inside, handle,  # what the program does on purpose, in vain
    covered, spawned,
    never_kept, dropped, outlived, a_root,
)  # fmt: skip


def find(case: Case) -> Finding:
    """Tell why the event of a case has its parent."""
    return next(filter(None, (rule(case) for rule in RULES)), None) or as_expected(case)
