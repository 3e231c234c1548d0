"""The right question: whether what is spawned should be in the span at all.

Losing the parent is one fault, keeping it too long is the other: a pool or a connection that
inherits the span of a request holds it open for hours. So there are four ways to go on.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.changed import New
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.remedy import Change
from spanlab.causes.spawned import Lost
from spanlab.record import PollEnded, TaskSpawned, TaskWoken
from spanlab.view.words import Names, quoted, task_name

ASKED = (Cause.SPAWNED_BARE, Cause.MADE_LATE, Cause.EMPTY_THREAD, Cause.CAPTURED_LATE)


class Choice(NamedTuple):
    """One way to go on: the spans that it gives, leaf to root, and what is exported then."""

    kind: str
    tree: Names
    exported: str
    fixes: tuple[Change, ...] = ()


class Choices(NamedTuple):
    """All ways to go on, the kind of the one that fits this program, and why it does."""

    fits: str
    because: str
    ways: tuple[Choice, ...]

    @property
    def fitting(self) -> Choice:
        """The way that fits."""
        return next(way for way in self.ways if way.kind == self.fits)

    @property
    def others(self) -> list[Choice]:
        """The ways that do not fit."""
        return [way for way in self.ways if way.kind != self.fits]


def choices(case: Case, found: Finding) -> Choices | None:
    """Give the ways to go on, for what was spawned without its span."""
    lost = Lost.find(case)
    if lost is None or found.cause not in ASKED or not found.fixes:
        return None
    fits, because = _fitting(lost)
    span, who, new = case.label(lost.span), _who(lost), quoted(_name(lost))
    child = f"{span} stays open until {who} has ended, and is exported then"
    linked = f"{span} is exported when it closes; {new} is a trace of its own, with a link to it"
    root = f"{new} is a trace of its own, and nothing leads from it to {span}"
    none = "nothing of the event is exported"
    if case.now:
        none = f"{quoted(case.now[-1])} is a trace of its own"
    ways = [
        Choice("child", found.tree, child, found.fixes),
        _apart(lost, "linked", ".follows_from(Span.current())", linked),
        _apart(lost, "root", "", root),
        Choice("nothing", case.now, none),
    ]
    if fits == "message":
        asking = case.facts.trace.names(_served(lost)[-1])
        ways.append(Choice("message", asking, "each event is in the span of who asked for it"))
    return Choices(fits, because, tuple(ways))


def _apart(lost: Lost, kind: str, link: str, exported: str) -> Choice:
    """Give the outermost task a root span of its own; tasks inside carry that along."""
    name, code, *inner = _name(lost), lost.case.code, *reversed(lost.calls)
    made = f'info_span("{name}", parent=None){link}'
    calls = [call for call in inner if call is not None]
    spans = [made, *("" for _ in calls[1:])]
    changes = [remedy.carried_along(code, *pair) for pair in zip(calls, spans, strict=True)]
    place, edits = lost.place, lost.edits(New(name, None))
    promised = finding(lost.case, Cause.SPAWNED_BARE, "", place, edits, *changes)
    if promised is None:
        return Choice(kind, lost.case.now, exported)
    return Choice(kind, promised.tree, exported, promised.fixes)


def _name(lost: Lost) -> str:
    outermost = lost.begun[-1]
    return outermost.name if isinstance(outermost, TaskSpawned) and outermost.name else "job"


def _who(lost: Lost) -> str:
    outermost = lost.begun[-1]
    return task_name(outermost.spawned) if isinstance(outermost, TaskSpawned) else "the thread"


def _fitting(lost: Lost) -> tuple[str, str]:
    """Say which way fits: by whom it serves, whether it is waited for, and how long it lives."""
    facts, span, who = lost.case.facts, lost.case.label(lost.span), _who(lost)
    served = dict.fromkeys(facts.trace.ancestors(span)[-1].span for span in _served(lost))
    if len(served) > 1:
        names = " and ".join(lost.case.label(root) for root in [*served][:2])
        return "message", f"{who} works for {names}: take the span along with each message"
    ended = _ended(lost)
    if ended < facts.closed.get(lost.span, inf):
        return "child", f"{who} ends before {span} closes"
    if _is_joined(lost, ended):
        return "child", f"{who} is waited for"
    return "linked", f"{who} outlives {span}, and nobody waits for it"


def _served(lost: Lost) -> list[int]:
    """Give the spans of others that were current where they woke the task, for this event."""
    facts, outermost = lost.case.facts, lost.begun[-1]
    if not isinstance(outermost, TaskSpawned):
        return []
    wakes = [wake for wake in facts.trace.of(TaskWoken) if wake.woken == outermost.spawned]
    spans = [facts.current[wake.index] for wake in wakes if wake.index < lost.case.event.index]
    return [s for s in spans if s is not None and facts.spans[s].task != outermost.spawned]


def _ended(lost: Lost) -> float:
    facts, outermost = lost.case.facts, lost.begun[-1]
    if isinstance(outermost, TaskSpawned):
        return facts.finished.get(outermost.spawned, inf)
    return max(r.index for r in facts.trace.records if r.thread == outermost.thread)


def _is_joined(lost: Lost, ended: float) -> bool:
    """Tell whether somebody waits for it: says so, or is woken by its end."""
    outermost, records = lost.begun[-1], lost.case.facts.trace.records
    if not isinstance(outermost, TaskSpawned):
        return True
    waits = [poll for poll in lost.case.facts.trace.of(PollEnded) if poll.awaits is not None]
    after = records[int(ended) + 1 : int(ended) + 2] if ended < inf else []
    woken = any(isinstance(r, TaskWoken) and r.task == outermost.spawned for r in after)
    return woken or any(poll.awaits == outermost.spawned for poll in waits)
