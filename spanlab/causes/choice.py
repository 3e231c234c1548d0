"""The right question: whether what is spawned should be in the span at all.

Losing the parent is one fault, keeping it too long is the other: a pool or a connection that
inherits the span of a request holds it open for hours. So there are four ways to go on.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from spanlab.causes import remedy
from spanlab.causes.case import Case, task_name
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.remedy import Change, New
from spanlab.causes.spawned import Lost
from spanlab.record import PollEnded, TaskSpawned, TaskWoken
from spanlab.view.words import Names, quoted

NOTHING = "Nothing of the event is exported"
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
    def said(self) -> str:
        """Say which way fits, why, and what is exported then."""
        return f"That is `{self.fits}`, which fits: {self.because}. {self.fitting.exported}."

    @property
    def others(self) -> list[Choice]:
        """The ways that do not fit."""
        return [way for way in self.ways if way.kind != self.fits]


def choices(case: Case, found: Finding) -> Choices | None:
    """Give the ways to go on, for what was spawned without its span."""
    lost = Lost.find(case)
    if lost is None or found.cause not in ASKED or not found.fixes:
        return None
    life = Life(lost)
    fits, because = life.fitting()
    span, new, who = case.label(lost.span), quoted(life.name), life.who
    held = f"stays open until {who} has ended, and is exported then"
    child = f"{span} {'is exported when it closes, as before' if life.ends_first else held}"
    linked = f"{span} is exported when it closes; {new} is a trace of its own, with a link to it"
    root = f"{new} is a trace of its own, and nothing leads from it to {span}"
    none = f"{quoted(case.now[-1])} is a trace of its own" if case.now else NOTHING
    ways = [
        Choice("child", found.tree, child, found.fixes),
        _apart(lost, life.name, "linked", ".follows_from(Span.current())", linked),
        _apart(lost, life.name, "root", "", root),
        Choice("nothing", case.now, none),
    ]
    if fits == "message":
        asking = case.facts.trace.names(life.served[-1])
        ways.append(Choice("message", asking, "Each event is in the span of who asked for it"))
    return Choices(fits, because, tuple(ways))


def _apart(lost: Lost, name: str, kind: str, link: str, exported: str) -> Choice:
    """Give the outermost task a root span of its own; tasks inside carry that along."""
    code, (*inner, last) = lost.case.code, lost.calls
    repairs = [remedy.carried_along(code, call) for call in inner]
    made = f'info_span("{name}", parent=None){link}'
    repairs.append(remedy.carried_along(code, last, made, New(name, None)))
    given = finding(lost.case, Cause.SPAWNED_BARE, "", lost.begun[-1], *repairs)
    tree, fixes = (given.tree, given.fixes) if given else (lost.case.now, ())
    return Choice(kind, tree, exported, fixes)


class Life:
    """How long the outermost task lives, or the thread, for whom it works, and who waits for it."""

    def __init__(self, lost: Lost) -> None:
        self.lost, self.facts, self.begun = lost, lost.case.facts, lost.begun[-1]
        self.task = self.begun.spawned if isinstance(self.begun, TaskSpawned) else None
        self.who = "the thread" if self.task is None else task_name(self.task)
        self.name = getattr(self.begun, "name", None) or "job"

    def fitting(self) -> tuple[str, str]:
        """Say which way fits: by whom it serves, whether it is waited for, how long it lives."""
        span, label, who = self.lost.span, self.lost.case.label, self.who
        served = dict.fromkeys(self.facts.trace.ancestors(span)[-1].span for span in self.served)
        if len(served) > 1:
            names = " and ".join(label(root) for root in [*served][:2])
            return "message", f"{who} works for {names}: take the span along with each message"
        if self.ends_first:
            return "child", f"{who} ends before {label(span)} closes"
        if self.is_joined:
            return "child", f"{who} is waited for"
        return "linked", f"{who} outlives {label(span)}, and nobody waits for it"

    @property
    def served(self) -> list[int]:
        """The spans of others that were current where they woke the task, for this event."""
        wakes = self.facts.trace.of(TaskWoken) if self.task is not None else []
        woken = [wake.index for wake in wakes if wake.woken == self.task]
        spans = [self.facts.current[at] for at in woken if at < self.lost.case.event.index]
        return [s for s in spans if s is not None and self.facts.spans[s].task != self.task]

    @property
    def ended(self) -> float:
        """The record with which it ends."""
        if self.task is not None:
            return self.facts.finished.get(self.task, inf)
        return max(r.index for r in self.facts.trace.records if r.thread == self.begun.thread)

    @property
    def ends_first(self) -> bool:
        """Tell whether it ends before its span closes, so that it would not hold that open."""
        return self.ended < self.facts.closed.get(self.lost.span, inf)

    @property
    def is_joined(self) -> bool:
        """Tell whether somebody waits for it: says so, or is woken by its end."""
        trace, ended = self.facts.trace, self.ended
        after = trace.records[int(ended) + 1 :][:1] if ended < inf else ()
        woken = any(isinstance(r, TaskWoken) and r.task == self.task for r in after)
        awaited = {poll.awaits for poll in trace.of(PollEnded)} - {None}
        return self.task is None or woken or self.task in awaited
