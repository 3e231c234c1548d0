"""Rules about tasks and threads: each begins with an empty stack."""

from __future__ import annotations

import ast
from typing import NamedTuple

from spanlab.causes import remedy
from spanlab.causes.evidence import Case, Place
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.remedy import Change
from spanlab.causes.source import SPAWNS, called, maker
from spanlab.record import Record, SpanNew, TaskSpawned, ThreadStarted
from spanlab.syntax import block
from spanlab.view.words import Names, quoted

Begun = TaskSpawned | ThreadStarted  # what begins with an empty stack


class Lost(NamedTuple):
    """Tasks, or threads, that began with an empty stack although something was current.

    The first belongs to the event, each spawned by the next; `span` was current at the last.
    """

    case: Case
    begun: tuple[Begun, ...]
    span: int

    @classmethod
    def find(cls, case: Case) -> Lost | None:
        """Look from the outermost span of the event, if that was made on an empty stack."""
        current, begun = case.facts.current, list[Begun]()
        at: Record | None = case.root
        if current[case.root.index] is not None:
            return None
        while at is not None and (at := _began(case, at)) is not None:
            begun.append(at)
            span = current[at.index]
            if span is not None:
                return cls(case, tuple(begun), span)
        return None

    @property
    def tree(self) -> Names:
        """The names of the spans that the event would be in if nothing had been lost."""
        return self.case.under(self.span, self.begun[0].index)

    @property
    def place(self) -> Place:
        """Where the spans stayed behind."""
        return self.begun[-1].file, self.begun[-1].line

    @property
    def call(self) -> ast.Call | None:
        """The call that began the event's task, or its thread."""
        return _call(self.case, self.begun[0])

    def found(self, cause: Cause, said: str, place: Place) -> Finding:
        """Give a finding whose fix is to take the span along, at each spawn."""
        changes = [_carry(self.case, begun) for begun in self.begun]
        return finding(self.case, cause, said, place, self.tree, *changes)


def _began(case: Case, record: Record) -> Begun | None:
    """Find what began the task, or the thread, that a record belongs to."""
    if record.task:
        return case.facts.tasks.get(record.task)
    started = case.facts.started.get(record.thread)
    if record.task is not None or started is None or started is record or not started.line:
        return None
    return started


def _call(case: Case, begun: Begun) -> ast.Call | None:
    calls = [n for n in case.code.on(begun.file, begun.line) if isinstance(n, ast.Call)]
    return next((call for call in calls if called(call) in SPAWNS and call.args), None)


def _carry(case: Case, begun: Begun) -> Change | None:
    call = _call(case, begun)
    if call is None:
        return None
    if called(call) == "spawn":
        return remedy.carried(case.code, call.args[0])
    return remedy.entered_there(case.code, call)


def captured_late(case: Case, node: ast.AST) -> Finding | None:
    """The current span was asked for where there was none, at `node`."""
    lost, place = Lost.find(case), case.place(node)
    said = f"{case.said(place)} captures the current span where there is none"
    return lost.found(Cause.CAPTURED_LATE, said, place) if lost else None


def spawned(case: Case) -> Finding | None:
    """The task, or the thread, began with an empty stack, as every one does."""
    lost = Lost.find(case)
    if lost is None:
        return None
    return _lazy(lost) or _thread(lost) or _bare(lost)


def handle(case: Case) -> Finding | None:
    """What was instrumented is the handle, so the waiting is in the span."""
    lost = Lost.find(case)
    call = lost.call if lost else None
    if lost is None or call is None or called(call) != "spawn":
        return None
    for wrapper in (hop.node for hop in case.code.after(call) if hop.kind == "wrapped"):
        if not isinstance(wrapper, ast.Call):
            continue
        place = case.place(wrapper)
        span = wrapper.func.value if isinstance(wrapper.func, ast.Attribute) else None
        span = span if called(wrapper) == "instrument" else None
        whole = wrapper if call in wrapper.args else call
        change = remedy.inside_out(case.code, call, span, whole)
        said = (
            f"{case.said(place)} instruments the JoinHandle, "
            f"so the waiting is in the span and the task is not"
        )
        return finding(case, Cause.HANDLE, said, place, _handle_tree(lost, span), change)
    return None


def _handle_tree(lost: Lost, span: ast.expr | None) -> Names:
    case, made = lost.case, maker(lost.case.code, span)
    news = case.facts.news(made) if made else []
    if not news:
        return lost.tree
    return case.under(news[-1].span, lost.begun[0].index)


def _lazy(lost: Lost) -> Finding | None:
    """The outermost span is that of the spawned function, made at the first poll."""
    case, root, first = lost.case, lost.case.root, lost.begun[0]
    function = case.code.marked(root.file, root.line) if isinstance(root, SpanNew) else None
    if not isinstance(first, TaskSpawned) or not isinstance(root, SpanNew) or function is None:
        return None
    inner, place, at = block(function), (root.file, root.line), case.said((root.file, root.line))
    if first.name != getattr(inner or function, "name", None):
        return None
    if inner is None:
        said = (
            f"the attribute in {at} makes {quoted(root.name)} at the first poll and not in the "
            f"call, and that poll came on the empty stack of ThreadId({root.thread})"
        )
        return lost.found(Cause.MADE_LATE, said, place)
    said = (
        f"the attribute in {at} covers the future of {quoted(inner.name + '()')} and not the call, "
        f"so {quoted(root.name)} was made at the first poll, on the empty stack of "
        f"ThreadId({root.thread})"
    )
    given = lost.call.args[0] if lost.call else None
    calls_it = isinstance(given, ast.Call) and case.code.find(given.func) is function
    if not calls_it or len(lost.begun) > 1:
        return lost.found(Cause.FUTURE_ONLY, said, place)
    change = remedy.carried_out(case.code, function)
    return finding(case, Cause.FUTURE_ONLY, said, place, lost.tree, change)


def _thread(lost: Lost) -> Finding | None:
    """A thread of the blocking pool, or of its own, polls nothing and has an empty stack."""
    first, call = lost.begun[0], lost.call
    pool = isinstance(first, TaskSpawned)
    if pool and not (call is not None and called(call) == "spawn_blocking"):
        return None
    said = (
        f"{lost.case.said((first.file, first.line))} gives it a thread of "
        f"{'the blocking pool' if pool else 'its own'}, "
        f"and ThreadId({lost.case.root.thread}) begins with an empty stack"
    )
    return lost.found(Cause.EMPTY_THREAD, said, lost.place)


def _bare(lost: Lost) -> Finding:
    case, at = lost.case, lost.case.said(lost.place)
    said = (
        f"{at} spawns its task bare, so {quoted(case.facts.spans[lost.span].name)} "
        f"was not on the stack of ThreadId({case.root.thread})"
    )
    if len(lost.begun) > 1:
        again = lost.begun[0]
        said = f"{at} spawns bare, and {case.said((again.file, again.line))} does so again"
    return lost.found(Cause.SPAWNED_BARE, said, lost.place)
