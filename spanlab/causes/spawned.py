"""Rules about tasks and threads: each begins with an empty stack."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any, NamedTuple

from spanlab.causes import remedy
from spanlab.causes.case import Case, Where, task_name
from spanlab.causes.evidence import Begun
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.remedy import New, Repair
from spanlab.causes.source import captures, named, owner_of
from spanlab.causes.way import wrappers
from spanlab.evidence.syntax import block
from spanlab.record import SpanEntered, SpanNew, TaskSpawned
from spanlab.view.words import quoted


class Lost(NamedTuple):
    """Tasks, or threads, that began with an empty stack although something was current.

    The first belongs to the event, each spawned by the next; `span` was current at the last.
    """

    case: Case
    begun: tuple[Begun, ...]
    span: int

    @classmethod
    def find(cls, case: Case) -> Lost | None:
        """Look from the outermost span of the event, if the event has lost its parent."""
        facts, begun, record = case.facts, list[Begun](), case.facts.begun(case.root)
        span = facts.lost.get(case.event.index)
        while record is not None and span is not None:
            begun.append(record)
            if facts.current[record.index] == span:
                return cls(case, tuple(begun), span)
            record = facts.begun(record)
        return None

    @property
    def calls(self) -> list[ast.Call]:
        """The calls that began the task of the event, that one's task, and so on, if known."""
        calls = map(self.case.facts.spawn_of, self.begun)
        return [call for call in calls if call is not None]

    def found(self, cause: Cause, said: str, at: Where) -> Finding | None:
        """Give a finding whose fix is to take the span along, at each spawn."""
        repairs = [remedy.carried_along(self.case.code, call) for call in self.calls]
        repairs = repairs if len(repairs) == len(self.begun) else []
        tree = self.case.under(self.span, self.begun[0].index)
        return finding(self.case, cause, said, at, *repairs, otherwise=None if repairs else tree)


class Held(NamedTuple):
    """A task that carries a span which nobody else enters any more: it holds that span open."""

    case: Case
    begun: TaskSpawned
    span: int
    by: SpanEntered  # what the task carries: that span, or one inside it

    @classmethod
    def find(cls, case: Case) -> Held | None:
        """Look for the outermost span that was exited for good by others before the event.

        Who waits for the task inside a span, or in the function of its guard, wants it so.
        """
        facts, begun, event = case.facts, case.spawn, case.event
        stack = [by for by, _ in facts.stack(event) if by.task == event.task]
        if not isinstance(begun, TaskSpawned) or not stack or facts.in_drop(begun):
            return None  # what cleans up is part of the work
        is_open, is_joined = False, facts.is_joined(begun)
        for new in facts.trace.ancestors(facts.current[begun.index])[::-1]:
            others = [use for use in facts.uses[new.span] if use.task != event.task]
            if not others or isinstance(others[-1], SpanEntered) or others[-1].index > event.index:
                is_open = True
            elif new in case.scope:
                entries = [use for use in others if isinstance(use, SpanEntered)]
                makers = [facts.maker(use) for use in entries if not facts.marked(use)]
                if not is_joined or not (is_open or facts.maker(begun) in makers):
                    inside = (by for by in stack if new in facts.trace.ancestors(by.span))
                    return cls(case, begun, new.span, next(inside, stack[0]))
        return None

    def found(self, link: str) -> Finding | None:
        """Give a finding whose fix is a root span for the task."""
        case, begun, facts = self.case, self.begun, self.case.facts
        spawn, wrapper = facts.spawn_of(begun), facts.node(self.by)
        by, work = self.by, "its work"
        said = f"{task_name(begun.spawned)} carries {case.label(by.span)} ({case.said(by)})"
        if by.span != self.span:
            is_child, held = facts.spans[by.span].parent == self.span, case.label(self.span)
            work = f"the work of {held}"
            said += f", {'a child of' if is_child else 'which is inside'} {held}"
        said += f", outlives {work}, and holds it open until it has ended"
        repairs = list[Repair]()
        if spawn is not None and isinstance(wrapper, ast.Call):
            name, spot = begun.name or "job", facts.spot(self.by)
            repairs.append(remedy.apart(case.code, spawn, wrapper, spot, name, link))
        found = finding(case, Cause.HELD_OPEN, said, self.by, *repairs, otherwise=case.now)
        return found and replace(found, expected=case.now)


def held_open(case: Case) -> Finding | None:
    """What is spawned takes a span along whose own work ends before."""
    held = Held.find(case)
    return held.found(".follows_from(Span.current())") if held else None


def captured_late(case: Case, node: ast.AST) -> Finding | None:
    """The current span was asked for where there was none, at `node`."""
    lost, function = Lost.find(case), getattr(case.code.enclosing(node), "name", "")
    where = f", in {quoted(function)}" if function else ""
    said = f"{case.said(node)} captures the current span where there is none{where}"
    return lost.found(Cause.CAPTURED_LATE, said, node) if lost else None


def spawned(case: Case) -> Finding | None:
    """The task, or the thread, began with an empty stack, as every one does."""
    lost = Lost.find(case)
    return (_lazy(lost) or _thread(lost) or _bare(lost)) if lost else None


def handle(case: Case) -> Finding | None:
    """What was instrumented is the handle, so the waiting is in the span."""
    lost = Lost.find(case)
    call = case.facts.spawn_of(lost.begun[0]) if lost else None
    found = wrappers(case.code, call) if call else []
    entered = [by.span for wrapper in found[:1] for by in case.facts.by(wrapper, SpanEntered)]
    if lost is None or call is None or not entered:
        return None
    wrapper, owner = found[0], owner_of(found[0])
    span: Any = None if captures(wrapper) else entered[-1]
    if owner and case.code.maker(owner) is owner and not case.facts.spans[span].explicit:
        span = New(named(owner), case.facts.current[lost.begun[0].index])  # it is made elsewhere
    said = f"{case.said(wrapper)} instruments the JoinHandle"
    said += ", so the waiting is in the span and the task is not"
    repair = remedy.inside_out(case.code, call, wrapper, span)
    return finding(case, Cause.HANDLE, said, wrapper, repair)


def _lazy(lost: Lost) -> Finding | None:
    """The outermost span is that of the spawned function, made at the first poll."""
    case, root, first = lost.case, lost.case.root, lost.begun[0]
    function = case.facts.marked(root)
    inner = block(function) if function is not None else None
    if function is None or not isinstance(root, SpanNew) or not isinstance(first, TaskSpawned):
        return None
    if first.name != getattr(inner or function, "name", None):
        return None
    at, name, stack = case.said(root), quoted(root.name), f"empty stack of ThreadId({root.thread})"
    if inner is None:
        said = f"the attribute in {at} makes {name} at the first poll and not in the call"
        return lost.found(Cause.MADE_LATE, f"{said}, and that poll came on the {stack}", root)
    future = quoted(f"{inner.name}()")
    said = f"the attribute in {at} covers the future of {future} and not the call"
    said += f", so {name} was made at the first poll, on the {stack}"
    given = [call.args[0] for call in lost.calls]
    if [case.code.find(getattr(call, "func", call)) for call in given] != [function]:
        return lost.found(Cause.FUTURE_ONLY, said, root)
    return finding(case, Cause.FUTURE_ONLY, said, root, remedy.carried_out(case.code, function))


def _thread(lost: Lost) -> Finding | None:
    """A thread of the blocking pool, or of its own, polls nothing and has an empty stack."""
    case, first, own = lost.case, lost.begun[0], "its own"
    if isinstance(first, TaskSpawned):
        own = "the blocking pool"
        if "blocking" not in first.to:
            return None
    said = f"{case.said(first)} gives it a thread of {own}, and ThreadId({case.root.thread}) begins"
    return lost.found(Cause.EMPTY_THREAD, f"{said} with an empty stack", lost.begun[-1])


def _bare(lost: Lost) -> Finding | None:
    case, first, last = lost.case, lost.begun[0], lost.begun[-1]
    lacks = f"{case.label(lost.span)} was not on the stack of ThreadId({case.root.thread})"
    said = f"{case.said(last)} spawns its task bare, so {lacks}"
    if last is not first:
        said = f"{case.said(last)} spawns bare, and {case.said(first)} does so again"
    return lost.found(Cause.SPAWNED_BARE, said, last)
