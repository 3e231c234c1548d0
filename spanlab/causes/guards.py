"""Rules about what is on the stack: parents written down, and guards that are still entered."""

from __future__ import annotations

import ast
import math

from spanlab.causes import blocks, remedy
from spanlab.causes.case import Case, task_name
from spanlab.causes.evidence import Made
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.causes.remedy import Repair
from spanlab.evidence.replay import Pushed
from spanlab.record import SpanEntered, SpanNew
from spanlab.view.words import quoted


def explicit(case: Case) -> Finding | None:
    """The event, or one of its spans, names its parent: as is wanted, so nothing is proposed."""
    for record in case.chain:
        current, node = case.facts.current[record.index], case.facts.node(record)
        if not case.facts.is_explicit(record) or record.parent == current is not None:
            continue
        expected = case.under(current, record.index - 1)
        given = [k.value for k in getattr(node, "keywords", ()) if k.arg == "parent"]
        if given and record.parent is None and ast.unparse(given[0]) != "None":
            said = f"{case.said(record)} names a parent that is disabled, and that makes a root"
            edits = remedy.or_current(case.code, given[0])
            return told(case, Cause.DISABLED, said, record, expected, edits)
        of = f" of {quoted(record.name)}" if isinstance(record, SpanNew) else ""
        names = "names the parent" if record.parent is not None else "asks for no parent"
        said = f"{case.said(record)} {names}{of}, and what is on the stack does not matter"
        return told(case, Cause.EXPLICIT, said, record, expected)
    return None


def stale(case: Case) -> Finding | None:
    """A guard was dropped on a thread where its span was not entered, which changes no stack."""
    facts = case.facts
    pushed = [(record, by) for record in case.chain for by, _ in facts.stack(record)[::-1]]
    for by, drop in [(by, drop) for record, by in pushed if (drop := facts.dropped(by, record))]:
        said = f"the guard of {case.label(by.span)} ({case.said(by)}) was dropped on "
        said += f"ThreadId({drop.thread}), where it was not entered, so the entry stays on "
        said += f"the stack of ThreadId({by.thread}){_hides(case, by)}"
        repair = Repair(None, {("removed", facts.spot(by)): True})
        if found := finding(case, Cause.STALE, said, by, repair):
            return found
    return None


def kept(case: Case) -> Finding | None:
    """A guard stayed on a thread while its code did not run: of another task, or its own."""
    facts, others, left = case.facts, dict[SpanEntered, Made](), list[SpanEntered]()
    for record in case.chain:
        others |= dict.fromkeys(facts.foreign(record), record)
        left += [by for by, _ in facts.own_guards(record) if by.thread != record.thread]
    own = [by for by, _ in facts.own_guards(case.event)]
    below = {by: over for by in own if (over := _above(case, by)) is not None}
    guilty = [*others, *left, *below]
    if not guilty:
        return None
    spans, top = [new.span for new in case.scope], _top(case)
    guilty += [by for by in others if by.span in spans]
    by = top.by if top and top.by in others else guilty[-1]
    guard = f"the guard of {case.label(by.span)} ({case.said(by)})"
    who, thread = task_name(case.event.task), f"ThreadId({case.event.thread})"
    cause, said = Cause.GUARD_LEFT, f"{guard} stayed on ThreadId({by.thread}) when {who} was"
    said += f" suspended, and {thread} went on without it"
    if by in others:
        cause, said = Cause.FOREIGN_GUARD, _foreign(case, by, others[by], guard)
    elif by in below:
        cause, poll = Cause.GUARD_BELOW, f"the next poll entered {case.label(below[by])} above it"
        said = f"{guard} was kept across an await, and {poll}"
    places = {facts.spot(by): facts.node(by) for by in guilty}
    repairs = [blocks.instrumented(case.code, node, spot) for spot, node in places.items()]
    without = {(what, spot): True for what in ("removed", "unguarded") for spot in places}
    if finding(case, cause, said, by, Repair(None, without)) is None:
        return None
    calls = {("carried", call): call for by in others for call in _under(case, by, others[by])}
    calls = {key: calls[key] for key in calls if all(key not in r.does for r in repairs)}
    repairs += [remedy.carried_along(case.code, call) for call in calls.values()]
    return finding(case, cause, said, by, *repairs, same=True)


def _under(case: Case, by: SpanEntered, record: Made) -> list[ast.Call]:
    """Give the spawns between a guard and a record, if the guard was around the outermost."""
    facts, calls, begun = case.facts, list[ast.Call](), case.facts.begun(record)
    while begun is not None and (call := facts.spawn_of(begun)) is not None:
        span = facts.current[begun.index]
        if span is None or not (facts.is_joined(begun) or facts.ended(begun) < facts.closed[span]):
            break
        calls.append(call)
        if by in [own for own, _ in facts.own_guards(begun)]:
            return calls
        begun = facts.begun(begun)
    return []


def _hides(case: Case, by: SpanEntered) -> str:
    is_closed = case.event.parent is None and case.facts.closed[by.span] < case.event.index
    return "; a closed span on top hides all below it" if is_closed else ""


def _foreign(case: Case, by: SpanEntered, record: Made, guard: str) -> str:
    if by.task != record.task and by.task is not None:
        who, thread = task_name(record.task), f"ThreadId({by.thread})"
        owner, hides = task_name(by.task), _hides(case, by)
        if case.facts.finished[by.task] < record.index:
            is_dropped = case.facts.dropped(by, record)
            left = guard.replace("guard", "entry", 1) if is_dropped else guard
            under = f" on {thread}{hides}" if hides else f", so {who} ran under it on {thread}"
            return f"{left} outlived {owner}{under}"
        kept = f"{owner} kept {guard} across an await"
        return kept + (hides or f", so {who} was polled under it on {thread}")
    node = case.facts.node(by)
    function = case.code.enclosing(node) if node else None
    where = quoted(getattr(function, "name", "another function"))
    if isinstance(function, ast.AsyncFunctionDef):
        how = "across a yield" if case.code.inside(function, ast.Yield) else "while it waited"
        return f"{where} kept {guard} {how}, and what the same task runs meanwhile is under it"
    return f"{guard} has left {where}, where it was made, and is still entered"


def _above(case: Case, by: SpanEntered) -> int | None:
    """Give the span of the event that code further out has entered above a guard, to hide it."""
    facts, scope, depth = case.facts, [new.span for new in case.scope], case.facts.depth(case.event)
    inside = depth.get(facts.maker(by), math.inf) if by.span not in scope else math.inf
    over = [e for e, _ in facts.stack(case.event) if e.index > by.index and e.span in scope]
    return next((e.span for e in over if depth.get(facts.maker(e), 0) > inside), None)


def _top(case: Case) -> Pushed | None:
    return next((entry for entry in case.facts.stack(case.event)[::-1] if not entry[1]), None)


def as_expected(case: Case) -> Finding:
    """Nothing was lost: say what put the parent on the stack."""
    top, stack, parent, place = _top(case), case.facts.stack(case.event), case.event.parent, None
    if parent is None:
        said = "no span was entered around it, here or where its code was called"
    elif top is not None and not top.by.line and not case.facts.in_context(top.by):
        said = f"{case.label(parent)} was on top of the stack of ThreadId({top.by.thread})"
    elif top is None or not top.by.line:
        said = f"{case.label(parent)} came with the context, which is copied where a task is made"
    else:
        place, stands = case.place(top.by), f"on top of the stack of ThreadId({top.by.thread})"
        said = f"{case.said(top.by)} put {case.label(parent)} {stands}"
    if stack and stack[-1].duplicate:
        again = case.label(stack[-1].by.span)
        said += f"; {again} was entered once more, and a second entry is never current"
    return Finding(Cause.EXPECTED, said, place, case.now, case.now)
