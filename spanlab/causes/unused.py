"""Rules about spans that were meant for this code, and were not on the stack when it ran."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.causes.source import called, captures, lines, owner_of
from spanlab.record import SpanEntered, SpanNew


def never_kept(case: Case) -> Finding | None:
    """A function around the event entered a span and kept no guard, or only made the span."""
    for record, line in _by_frames(case):
        node, at, label = case.facts.node(record), case.said(record), case.label(record.span)
        statement = case.code.parent[node] if node is not None else None
        body = case.code.rest(statement) if isinstance(statement, ast.Expr | ast.Assign) else []
        if not isinstance(statement, ast.stmt) or not any(line in lines(part) for part in body):
            continue
        if called(node) in ("enter", "entered") and isinstance(statement, ast.Expr):
            cause, said = Cause.AT_ONCE, f"the guard of {label} ({at}) is dropped at once"
        elif isinstance(record, SpanNew) and not _is_used(case, statement, record, body):
            cause, said = Cause.NEVER, f"{at} makes {label}, and nothing enters it"
        else:
            continue
        repair = remedy.entered_from(case.code, statement, body, record.index)
        if found := finding(case, cause, said, record, repair):
            return found
    return None


def _by_frames(case: Case) -> Iterator[tuple[SpanEntered | SpanNew, int]]:
    """Give what functions around the event entered and exited, or made, the latest first.

    Each has the line at which its function was when the event was recorded.
    """
    facts = case.facts
    frames = {site.frame: site.line for site in facts.sites(case.event) if site.frame}
    here = {entry.by for entry in facts.stacks[case.event.index]}
    for record in reversed(facts.trace.records[: case.event.index]):
        if record.task == case.event.task and isinstance(record, SpanEntered | SpanNew):
            line = frames.get(facts.maker(record))
            if line is not None and record not in here:
                yield record, line


def _is_used(case: Case, statement: ast.AST, new: SpanNew, body: list[ast.stmt]) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    used = {n.id for part in body for n in ast.walk(part) if isinstance(n, ast.Name)}
    return bool(case.facts.entered[new.span] or names & used) or len(names) < len(targets)


def dropped(case: Case) -> Finding | None:
    """It is logged while something is dropped, after a span around that was exited."""
    event, facts = case.event, case.facts
    nodes = [case.code.exact(site) for site in facts.sites(event)]
    inside = [case.code.enclosing(node) for node in nodes if node is not None]
    if not any(getattr(function, "name", "") == "__del__" for function in inside):
        return None
    exits = [
        e for found in facts.exits.values() for e in found
        if facts.began[event.index] < e.index < event.index
        if (e.thread, e.task) == (event.thread, event.task)
    ]  # fmt: skip
    last = max(exits, key=lambda e: e.index, default=None)
    if last is None or last.span in [new.span for new in case.scope]:
        return None
    said = f"it is logged while a value is dropped, and {case.label(last.span)} had been exited"
    expected = facts.trace.names(last.span)
    return told(case, Cause.DROPPED, f"{said} by then", last, expected)


def outlived(case: Case) -> Finding | None:
    """A wrapper enters a span that was captured while other work ran."""
    facts, event = case.facts, case.event
    stack = [e for e in facts.stacks[event.index] if not facts.is_foreign(event, e)]
    if len(stack) < 2 or stack[-1].duplicate or not case.scope:
        return None
    top, below = stack[-1].by, stack[-2].by
    spots = {facts.spot(e) for e in facts.entered[top.span] if e.index <= top.index}
    around = [new.span for new in case.scope]
    if below.span in around or len(spots) < 2 or top.span != around[0]:
        return None
    node = facts.node(top)
    kept = owner_of(node) if node is not None else None
    if not isinstance(node, ast.Call) or kept is None or captures(node):
        return None
    if called(case.code.find(kept) or kept) != "current":
        return None
    enters = f"{case.said(top)} enters {case.label(top.span)}, which was captured while that ran"
    said = f"{enters}, and hides {case.label(below.span)}, which this is the work of"
    repair = remedy.captured_here(case.code, node, facts.spot(top))
    return finding(case, Cause.OUTLIVED, said, top, repair)
