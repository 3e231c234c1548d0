"""Rules about spans that were meant for this code, and were not on the stack when it ran."""

from __future__ import annotations

import ast
from typing import Any

from spanlab.causes import blocks, remedy
from spanlab.causes.case import Case
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.causes.source import called, captures, lines, owner_of
from spanlab.causes.way import WRAPPERS
from spanlab.record import FutureWrapped, SpanEntered, SpanExited, SpanNew


def never_kept(case: Case) -> Finding | None:
    """A function around the event entered a span and kept no guard, or only made the span."""
    facts, event = case.facts, case.event
    frames = {site.frame: site.line for site in facts.sites(event) if site.frame}
    here = {by for by, _ in facts.stack(event)}
    before = [r for r in facts.trace.records[: event.index] if r.task == event.task]
    for record in before[::-1]:
        if not isinstance(record, SpanEntered | SpanNew) or record in here:
            continue
        node, frame = facts.node(record), facts.maker(record)
        is_guard = called(node) in ("enter", "entered")
        made, *around = facts.sites(facts.spans[record.span])
        for site in around if is_guard and made.frame == frame else ():
            if node is not None and isinstance(case.code.parent[node], ast.Return):
                node, frame = case.code.exact(site), site.frame  # who gets the guard
        line = frames.get(frame)
        statement = case.code.parent.get(node) if node is not None else None
        if isinstance(statement, ast.withitem):
            statement = case.code.parent[statement]
        body = blocks.rest(case.code, statement)
        if not any(line in lines(part) for part in body):
            continue
        match statement:
            case ast.Expr() | ast.With(body=[ast.Pass()]) if is_guard:
                cause, said = Cause.AT_ONCE, "the guard of {} ({}) is dropped at once"
            case ast.Expr() | ast.Assign() if _is_unused(case, statement, record, body):
                cause, said = Cause.NEVER, "{} ({}) is made, and nothing enters it"
            case _:
                continue
        said = said.format(case.label(record.span), case.said(record))
        repair = blocks.entered_from(case.code, statement, body, (record.index, frame), is_guard)
        if found := finding(case, cause, said, record, repair):
            return found
    return None


def _is_unused(case: Case, statement: ast.stmt, new: Any, body: list[ast.stmt]) -> bool:
    """Tell whether a span that was made is not entered, and what it was given to not used."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    used = {n.id for part in body for n in ast.walk(part) if isinstance(n, ast.Name)}
    known = isinstance(new, SpanNew) and len(names) == len(targets) and not names & used
    return known and not case.facts.uses[new.span]


def dropped(case: Case) -> Finding | None:
    """It is logged while something is dropped, after a span around that was exited."""
    event, facts = case.event, case.facts
    exits = [
        e for e in facts.trace.of(SpanExited)
        if facts.began[event.index] < e.index < event.index
        if (e.thread, e.task) == (event.thread, event.task)
    ]  # fmt: skip
    if not exits or not facts.in_drop(event):
        return None
    last, span = exits[-1], facts.spans[exits[-1].span]
    entry = [use for use in facts.entries(span.span) if use.index < last.index][-1]
    wrapper, newer = facts.node(entry), any(by.index > entry.index for by, _ in facts.stack(event))
    if newer or span in case.scope or called(wrapper) not in WRAPPERS:
        return None  # the value is in a span of its own, or was never in this one
    function = case.code.enclosing(wrapper) if wrapper is not None else None
    if getattr(case.function, "name", "") != "__del__" and function is not case.function:
        return None
    outer = [case.code.exact(site) for site in facts.sites(event)[1:2]]
    if any(isinstance(getattr(node, "ctx", node), ast.Del | ast.Delete) for node in outer):
        return None  # it is dropped there on purpose
    said = f"it is logged while a value is dropped, and {case.label(span.span)} had been exited"
    given = function, wrapper, facts.spot(entry)
    repairs, around = blocks.around_all(case.code, *given), facts.trace.names(span.span)
    return finding(case, Cause.DROPPED, f"{said} by then", last, *repairs, otherwise=around)


def outlived(case: Case) -> Finding | None:
    """A wrapper enters a span that was captured, or made, while other work ran."""
    facts, foreign = case.facts, case.facts.foreign(case.event)
    stack = [entry for entry in facts.stack(case.event) if entry.by not in foreign]
    if len(stack) < 2 or stack[-1].duplicate or not case.scope:
        return None
    top, below, around = stack[-1].by, stack[-2].by, [new.span for new in case.scope]
    entries = [entry for entry in facts.entries(top.span) if entry.index <= top.index]
    node, spots = facts.node(top), {facts.spot(entry) for entry in entries}
    if below.span in around or top.span != around[0] or len(entries) < 2:
        return None
    name, hidden = case.label(top.span), case.label(below.span)
    hides = f"and hides {hidden}, which this is the work of"
    captured = facts.marked(case.scope[0]) or called(case.code.find(owner_of(node))) == "current"
    if captured and len(spots) > 1 and isinstance(node, ast.Call) and not captures(node):
        said = f"{case.said(top)} enters {name}, which was captured while that ran, {hides}"
        return finding(
            case, Cause.OUTLIVED, said, top, remedy.not_kept(case.code, node, facts.spot(top))
        )
    is_same = entries[0].future == top.future is not None
    if is_same or facts.current[entries[0].index] not in around[1:]:
        return None
    said = (
        f"{case.said(top)} enters {name}, which was made while {case.label(around[1])} ran, {hides}"
    )
    return told(case, Cause.OUTLIVED, said, top, (case.now[0], *facts.trace.names(below.span)))


def made_elsewhere(case: Case) -> Finding | None:
    """The outermost span was made where nothing was current, to be entered where something is."""
    facts, root = case.facts, case.root
    if not isinstance(root, SpanNew) or root.explicit or root.parent is not None:
        return None
    stack = [by for by, _ in facts.stack(case.event)]
    by, at = next(((by, at) for at, by in enumerate(stack) if by.span == root.span), (None, 0))
    if by is None or len({facts.spot(use) for use in facts.entries(root.span)}) > 1:
        return None
    wraps = [w for w in facts.trace.of(FutureWrapped) if w.future == by.future is not None]
    below = [by.span for by in stack[:at]]
    around = facts.current[wraps[-1].index] if wraps else next(reversed(below), None)
    if around is None:
        return None
    said = f"{case.said(root)} makes {case.label(root.span)} where {case.label(around)} is not"
    said += f" current; that {case.said(by)} enters it there does not change its parent"
    expected = (*case.now, *facts.trace.names(around))
    return told(case, Cause.MADE_ELSEWHERE, said, root, expected)
