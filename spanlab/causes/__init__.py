"""Why an event has the parent that it has: a small set of causes, and the rules that tell them.

Each rule looks at one case and gives a finding, or None if it has nothing to say. The first that
finds something is right: what is nearest to the event is asked first, then what the program did
on purpose, then what it left out.
"""

from __future__ import annotations

from spanlab.causes import covered, guards, spawned, unused
from spanlab.causes.case import Case
from spanlab.causes.finding import Cause, Finding

__all__ = ["Cause", "Finding", "find"]

RULES = (
    guards.kept, guards.stale, covered.vain, covered.disabled_attribute, covered.before_the_block,
    spawned.handle, unused.made_elsewhere,  # what the program does on purpose, in vain
    covered.covered, spawned.spawned, unused.never_kept, unused.dropped, unused.outlived,
    spawned.held_open, guards.explicit,
)  # fmt: skip


def find(case: Case) -> Finding:
    """Tell why the event of a case has its parent."""
    return next(filter(None, (rule(case) for rule in RULES)), None) or guards.as_expected(case)
