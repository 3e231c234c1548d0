"""Rules about what is on the stack: parents written down, and guards kept across an await."""

from __future__ import annotations

import ast
import math

from spanlab.causes import remedy
from spanlab.causes.case import Case, task_name
from spanlab.causes.evidence import Made
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.record import SpanEntered, SpanNew
from spanlab.replay import Pushed
from spanlab.view.words import quoted


def explicit(case: Case) -> Finding | None:
    """A parent was named, by the event or by one of its spans, and there would be another."""
    named = (_named(case, record) for record in case.chain if case.facts.is_explicit(record))
    return next(filter(None, named), None)


def _named(case: Case, record: Made) -> Finding | None:
    current, node = case.facts.current[record.index], case.facts.node(record)
    given = node.keywords if isinstance(node, ast.Call) else []
    named = [keyword.value for keyword in given if keyword.arg == "parent"]
    if not named or not isinstance(node, ast.Call):
        return None
    if record.parent is None and ast.unparse(named[0]) != "None":
        said = f"{case.said(record)} names a parent that is disabled, and that makes a root"
        expected, edits = case.beside(record), remedy.or_current(case.code, named[0])
        return told(case, Cause.DISABLED, said, record, expected, edits)
    if current is None:
        return None
    repair = remedy.without_parent(case.code, node)
    return finding(case, Cause.EXPLICIT, _names(case, record), record, repair)


def _names(case: Case, record: Made) -> str:
    of = f" of {quoted(record.name)}" if isinstance(record, SpanNew) else ""
    names = f"names the parent{of}" if record.parent is not None else f"asks for no parent{of}"
    return f"{case.said(record)} {names}, and what is on the stack does not matter"


def a_root(case: Case) -> Finding | None:
    """A parent was named, and nothing else would give another."""
    for record in case.chain:
        other = record.parent is None or record.parent != case.facts.current[record.index]
        if other and case.facts.is_explicit(record):
            expected = case.beside(record)
            return told(case, Cause.EXPLICIT, _names(case, record), record, expected)
    return None


def kept(case: Case) -> Finding | None:
    """A guard stayed on a thread while its code did not run: of another task, or its own."""
    facts, others, left = case.facts, dict[SpanEntered, Made](), list[SpanEntered]()
    for record in case.chain:
        others |= {e.by: record for e in facts.stacks[record.index] if facts.is_foreign(record, e)}
        own = [by for by, _ in facts.own_guards(record)]
        left += [by for by in own if by.thread != record.thread or _above(case, by)]
    guilty = [*others, *left]
    if not guilty:
        return None
    top = _top(case)
    over = [by for by in others if by.span in [new.span for new in case.scope]]
    by = top.by if top and top.by in others else [*others, *left, *over][-1]
    said = _foreign(case, by, others[by]) if by in others else _left(case, by)
    cause = Cause.GUARD_BELOW if _above(case, by) else Cause.GUARD_LEFT
    cause = Cause.FOREIGN_GUARD if by in others else cause
    places = {facts.spot(by): facts.node(by) for by in guilty}
    repairs = [remedy.instrumented(case.code, node, spot) for spot, node in places.items()]
    return finding(case, cause, said, by, *repairs)


def _foreign(case: Case, by: SpanEntered, record: Made) -> str:
    guard = f"the guard of {case.label(by.span)} ({case.said(by)})"
    if by.task != record.task and by.task is not None:
        who, thread = task_name(record.task), f"ThreadId({by.thread})"
        if case.facts.finished.get(by.task, math.inf) < record.index:
            return f"{guard} outlived {task_name(by.task)}, so {who} ran under it on {thread}"
        kept = f"{task_name(by.task)} kept {guard} across an await"
        return f"{kept}, so {who} was polled under it on {thread}"
    node = case.facts.node(by)
    function = case.code.enclosing(node) if node else None
    where = quoted(getattr(function, "name", "another function"))
    if isinstance(function, ast.AsyncFunctionDef):
        how = "across a yield" if case.code.inside(function, ast.Yield) else "while it waited"
        return f"{where} kept {guard} {how}, and what the same task runs meanwhile is under it"
    return f"{guard} has left {where}, where it was made, and is still entered"


def _above(case: Case, by: SpanEntered) -> list[int]:
    """Give the spans of the event that code further out has entered above a guard, to hide it."""
    facts, scope = case.facts, [new.span for new in case.scope]
    depth, stack = facts.depth(case.event), facts.stacks[case.event.index]
    over = [entry.by for entry in stack if entry.by.index > by.index and by.span not in scope]
    inside = depth.get(facts.maker(by), math.inf)
    return [e.span for e in over if e.span in scope and depth.get(facts.maker(e), 0) > inside]


def _left(case: Case, by: SpanEntered) -> str:
    guard = f"the guard of {case.label(by.span)}"
    if above := _above(case, by):
        poll = f"the next poll entered {case.label(above[0])} above it"
        return f"{guard} ({case.said(by)}) was kept across an await, and {poll}"
    stays = f"{guard} stayed on ThreadId({by.thread}) when {task_name(case.event.task)}"
    return f"{stays} was suspended, and ThreadId({case.event.thread}) went on without it"


def _top(case: Case) -> Pushed | None:
    live = [entry for entry in case.facts.stacks[case.event.index] if not entry.duplicate]
    return live[-1] if live else None


def as_expected(case: Case) -> Finding:
    """Nothing was lost: say what put the parent on the stack."""
    event, top, stack = case.event, _top(case), case.facts.stacks[case.event.index]
    cause, place, parent = Cause.EXPECTED, None, event.parent
    if top is not None and case.facts.current[event.index] is None:
        cause, place = Cause.GUARD_LEFT, case.place(top.by)
        stays = f"{case.label(top.by.span)} has closed and was never exited"
        said = f"{stays} on ThreadId({event.thread}), and a closed span on top hides all below it"
    elif parent is None:
        said = "no span was entered around it, here or where its code was called"
    elif top is None or not top.by.line:
        said = f"{case.label(parent)} came with the context, which is copied where a task is made"
    else:
        place, stands = case.place(top.by), f"on top of the stack of ThreadId({top.by.thread})"
        said = f"{case.said(top.by)} put {case.label(parent)} {stands}"
    if stack and stack[-1].duplicate:
        again = case.label(stack[-1].by.span)
        said += f"; {again} was entered once more, and a second entry is never current"
    return Finding(cause, said, place, case.now, case.now)
