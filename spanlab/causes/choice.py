"""The right question: whether what is spawned should be in the span at all.

Losing the parent is one fault, keeping it too long is the other: a pool or a connection that
inherits the span of a request holds it open for hours. So there are four ways to go on.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from spanlab.causes import remedy
from spanlab.causes.case import Case, task_name
from spanlab.causes.evidence import Begun
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.remedy import Change, New
from spanlab.causes.source import called
from spanlab.causes.spawned import Held, Lost
from spanlab.record import PollEnded, SpanNew, TaskSpawned, TaskWoken
from spanlab.view.words import Names, quoted

NOTHING = "It is in no trace that is exported"
ASKED = (
    Cause.SPAWNED_BARE, Cause.MADE_LATE, Cause.EMPTY_THREAD, Cause.CAPTURED_LATE,
    Cause.GUARD_DROPPED, Cause.CALL_ONLY, Cause.FUTURE_ONLY,
)  # fmt: skip


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


def choices(case: Case, found: Finding) -> Choices | None:
    """Give the ways to go on, for what was spawned without its span, or holds one open."""
    if found.cause is Cause.HELD_OPEN and (held := Held.find(case)) and found.fixes:
        life = Life(case, held.begun, held.span)
        ways = [Choice("child", case.now, life.exported("child")), life.way("linked", found)]
        ways.append(life.way("root", held.found("")))
        return Choices("linked", f"{life.who} outlives the work of {life.span}", tuple(ways))
    lost = Lost.find(case)
    if lost is None or found.cause not in ASKED or not found.fixes:
        return None
    life = Life(case, lost.begun[-1], lost.span)
    fits, because = life.fitting()
    none = [f"{quoted(name)} is a trace of its own" for name in case.now[-1:]] or [NOTHING]
    ways = [
        life.way("child", found),
        life.way("linked", _apart(lost, life.name, ".follows_from(Span.current())")),
        life.way("root", _apart(lost, life.name, "")),
        Choice("nothing", case.now, none[0]),
    ]
    if fits == "message":
        asking = case.facts.trace.names(life.asked_by)
        ways.append(Choice("message", asking, "Each event is in the span of who asked for it"))
    return Choices(fits, because, tuple(ways))


def _apart(lost: Lost, name: str, link: str) -> Finding | None:
    """Give the outermost task a root span of its own; tasks inside carry that along."""
    code, (*inner, last) = lost.case.code, lost.calls
    repairs = [remedy.carried_along(code, call) for call in inner]
    made = f'info_span("{name}", parent=None){link}'
    repairs.append(remedy.carried_along(code, last, made, New(name, None)))
    return finding(lost.case, Cause.SPAWNED_BARE, "", lost.begun[-1], *repairs)


class Life:
    """How long the outermost task lives, or the thread, for whom it works, and who waits for it."""

    def __init__(self, case: Case, begun: Begun, span: int) -> None:
        self.case, self.facts, self.begun = case, case.facts, begun
        self.lost, self.span = span, case.label(span)
        self.task = begun.spawned if isinstance(begun, TaskSpawned) else None
        self.who = "the thread" if self.task is None else task_name(self.task)
        root, self.name = case.root, begun.name or "job"
        if isinstance(root, SpanNew) and root.name == self.name:
            self.name = f"spawned {self.name}"  # its attribute has a span of that name

    def way(self, kind: str, found: Finding | None) -> Choice:
        """Give a way to go on, with what a finding proposes for it."""
        tree, fixes = (found.tree, found.fixes) if found else (self.case.now, ())
        return Choice(kind, tree, self.exported(kind), fixes)

    def exported(self, kind: str) -> str:
        """Say what an exporter of finished spans shows."""
        held = f"stays open until {self.who} has ended, and is exported then"
        held = "is exported when it closes, as before" if self.ends_first else held
        says = {"child": "{0} {1}", "root": "{2}, and nothing leads from it to {0}"}
        says["linked"] = "{0} is exported when it closes; {2}, with a link to it"
        return says[kind].format(self.span, held, f"{quoted(self.name)} is a trace of its own")

    def fitting(self) -> tuple[str, str]:
        """Say which way fits: by whom it serves, whether it is waited for, how long it lives."""
        span, who = self.span, self.who
        roots = dict.fromkeys(self.facts.trace.ancestors(by)[-1].span for _, by in self.served)
        names = " and ".join(self.case.label(root) for root in [*roots][:2])
        if len(roots) > 1 and self.asked_by is not None:
            if self.is_served_by_messages:
                return "message", f"{who} works for {names}: take the span along with each message"
            who = f"{who}, which is woken by {names},"
        if self.ends_first:
            return "child", f"{who} ends before {span} closes"
        if self.task is None or self.facts.is_joined(self.begun):
            return "child", f"{who} is waited for"
        return "linked", f"{who} outlives {span}, and nobody waits for it"

    @cached_property
    def served(self) -> list[tuple[int, int]]:
        """The spans of others that were current where they woke the task, and when."""
        wakes = self.facts.trace.of(TaskWoken) if self.task is not None else []
        woken = [wake.index for wake in wakes if wake.woken == self.task]
        spans = [(at, by) for at in woken if (by := self.facts.current[at]) is not None]
        return [(at, by) for at, by in spans if self.facts.spans[by].task != self.task]

    @property
    def is_served_by_messages(self) -> bool:
        """Tell whether it waited for a message then; of several things, whether it receives any."""
        ends = [end for end in self.facts.trace.of(PollEnded) if end.task == self.task]
        at = [bisect_left(ends, at, key=attrgetter("index")) for at, _ in self.served]
        waits = " ".join(end.waits_for for n in at for end in ends[n - 1 : n])
        functions = [self.case.code.enclosing(hop.node) for hop in self.case.way[:-1]]
        nodes = (node for f in (self.case.function, *functions) if f for node in ast.walk(f))
        receives = any(called(node).startswith("recv") for node in nodes)
        return "a message" in waits or ("branches" in waits and receives)

    @property
    def asked_by(self) -> int | None:
        """The span of who woke the task last, before the event."""
        return next((by for at, by in self.served[::-1] if at < self.case.event.index), None)

    @property
    def ends_first(self) -> bool:
        """Tell whether it ends before its span closes, so that it would not hold that open."""
        return self.facts.ended(self.begun) < self.facts.closed[self.lost]
