"""Rules about tasks and threads: each begins with an empty stack."""

from __future__ import annotations

import ast
from typing import NamedTuple

from spanlab.causes import remedy
from spanlab.causes.case import Case, Where
from spanlab.causes.evidence import Begun
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.causes.source import SPAWNS, called, owner_of
from spanlab.causes.way import wrappers
from spanlab.record import Record, SpanNew, TaskSpawned
from spanlab.syntax import block
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
        facts, begun, at = case.facts, list[Begun](), case.root
        if case.event.index not in facts.lost:
            return None
        record: Record | None = at
        while record is not None and (record := facts.begun(record)) is not None:
            begun.append(record)
            if (span := facts.current[record.index]) is not None:
                return cls(case, tuple(begun), span)
        return None

    @property
    def calls(self) -> list[ast.Call]:
        """The calls that began the task of the event, that one's task, and so on, if known."""
        nodes = [self.case.facts.node(begun) for begun in self.begun]
        calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
        return [call for call in calls if called(call) in SPAWNS]

    def found(self, cause: Cause, said: str, at: Where) -> Finding | None:
        """Give a finding whose fix is to take the span along, at each spawn."""
        repairs = [remedy.carried_along(self.case.code, call) for call in self.calls]
        if len(repairs) < len(self.begun):
            tree = self.case.under(self.span, self.begun[0].index)
            return told(self.case, cause, said, at, tree)
        return finding(self.case, cause, said, at, *repairs)


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
    call = case.facts.node(lost.begun[0]) if lost else None
    if not isinstance(call, ast.Call) or called(call) != "spawn" or not call.args:
        return None
    for wrapper in wrappers(case.code, call)[:1]:
        made = case.code.maker(owner_of(wrapper))
        news = [new.span for new in case.facts.by(made, SpanNew)] if made else []
        said = f"{case.said(wrapper)} instruments the JoinHandle"
        said += ", so the waiting is in the span and the task is not"
        repair = remedy.inside_out(case.code, call, wrapper, news[-1] if news else None)
        return finding(case, Cause.HANDLE, said, wrapper, repair)
    return None


def _lazy(lost: Lost) -> Finding | None:
    """The outermost span is that of the spawned function, made at the first poll."""
    case, root, first = lost.case, lost.case.root, lost.begun[0]
    function = case.facts.marked(root) if isinstance(root, SpanNew) else None
    if not isinstance(first, TaskSpawned) or not isinstance(root, SpanNew) or function is None:
        return None
    inner, at, name = block(function), case.said(root), quoted(root.name)
    if first.name != getattr(inner or function, "name", None):
        return None
    stack = f"on the empty stack of ThreadId({root.thread})"
    if inner is None:
        said = f"the attribute in {at} makes {name} at the first poll and not in the call"
        return lost.found(Cause.MADE_LATE, f"{said}, and that poll came {stack}", root)
    future = quoted(f"{inner.name}()")
    said = f"the attribute in {at} covers the future of {future} and not the call"
    said += f", so {name} was made at the first poll, {stack}"
    given = lost.calls[0].args[0] if lost.calls else None
    calls_it = isinstance(given, ast.Call) and case.code.find(given.func) is function
    if not calls_it or len(lost.begun) > 1:
        return lost.found(Cause.FUTURE_ONLY, said, root)
    return finding(case, Cause.FUTURE_ONLY, said, root, remedy.carried_out(case.code, function))


def _thread(lost: Lost) -> Finding | None:
    """A thread of the blocking pool, or of its own, polls nothing and has an empty stack."""
    first, own = lost.begun[0], "its own"
    if isinstance(first, TaskSpawned):
        own = "the blocking pool"
        if called(lost.case.facts.node(first)) != "spawn_blocking":
            return None
    given = f"{lost.case.said(first)} gives it a thread of {own}"
    said = f"{given}, and ThreadId({lost.case.root.thread}) begins with an empty stack"
    return lost.found(Cause.EMPTY_THREAD, said, lost.begun[-1])


def _bare(lost: Lost) -> Finding | None:
    case, first, last = lost.case, lost.begun[0], lost.begun[-1]
    lacks = f"{case.label(lost.span)} was not on the stack of ThreadId({case.root.thread})"
    said = f"{case.said(last)} spawns its task bare, so {lacks}"
    if last is not first:
        said = f"{case.said(last)} spawns bare, and {case.said(first)} does so again"
    return lost.found(Cause.SPAWNED_BARE, said, last)
