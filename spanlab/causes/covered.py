"""Rules about what covered a future: a guard, an attribute or a wrapper, and not its polls."""

from __future__ import annotations

import ast

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.changed import Edits
from spanlab.causes.disabled import wrapped_disabled
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.source import called, covers, owner_of
from spanlab.causes.spawned import captured_late
from spanlab.causes.way import WRAPPERS, Hop
from spanlab.record import SpanNew
from spanlab.syntax import attribute, block
from spanlab.view.words import quoted


def before_the_block(case: Case) -> Finding | None:
    """The event is in a function whose attribute covers the future that it returns."""
    function, marked = case.function, attribute(case.function)
    inner = block(function) if function and marked is not None else None
    if function is None or marked is None or inner is None or case.node is None:
        return None
    said = (
        f"the attribute in {case.said(case.place(marked))} covers the future of "
        f"{quoted(inner.name + '()')} and not the call, and this runs in the call"
    )
    change, edits = remedy.carried_out(case.code, function), Edits(covering=frozenset([function]))
    return finding(case, Cause.FUTURE_ONLY, said, case.place(marked), edits, change)


def wrapped(case: Case) -> Finding | None:
    """The program instruments the future, and that does nothing."""
    found = (_wrapped(case, hop) for hop in _in_vain(case) if hop.kind == "wrapped")
    return next(filter(None, found), None)


def _wrapped(case: Case, hop: Hop) -> Finding | None:
    """The future was instrumented with nothing: a disabled span, or no current span."""
    if _entered(case, hop.node):
        return None
    span = owner_of(hop.node) if called(hop.node) == "instrument" else hop.node
    made = case.code.maker(span)
    if made is not None and not case.facts.news(made):
        return wrapped_disabled(case, made)
    captured = case.code.find(span) if isinstance(span, ast.Name | ast.Attribute) else span
    is_capture = captured is not None and called(captured) in ("current", "in_current_span")
    return captured_late(case, captured) if is_capture else None  # type: ignore[arg-type]


def captured_inside(case: Case) -> Finding | None:
    """`Span.current()` is entered around the code, and was asked for where there was none."""
    nodes = [case.node, *(hop.node for hop in case.way if hop.kind in ("called", "awaited"))]
    for _, call in (found for node in nodes for found in case.guards(node)):
        span = owner_of(call)
        found = case.code.find(span) if isinstance(span, ast.Name) else span
        if found is not None and called(found) == "current" and not _entered(case, call):
            return captured_late(case, found)
    return None


def covered(case: Case) -> Finding | None:
    """Something that covered the making of the future did not reach its poll."""
    places = [position for position, hop in enumerate(case.way) if hop in _in_vain(case)]
    found = (_guarded(case, place) or _in_the_call(case, place) for place in places)
    return next(filter(None, found), None)


def _in_vain(case: Case) -> list[Hop]:
    """Leave out what comes before a wrapper that works: there the program gives another span."""
    works = [position for position, hop in enumerate(case.way) if _reaches(case, hop)]
    return list(case.way[works[-1] :] if works else case.way)


def _reaches(case: Case, hop: Hop) -> bool:
    spans = _entered(case, hop.node) if hop.kind == "wrapped" else set()
    return any(new.span in spans for new in case.scope)


def _entered(case: Case, node: ast.AST) -> set[int]:
    """Give the spans that the event's task has entered at a node by then."""
    event = case.event
    return {
        e.span
        for e in case.facts.enters(node)
        if e.index < event.index and e.task == event.task
        if e.task is not None or e.thread == event.thread
    }


def _guarded(case: Case, position: int) -> Finding | None:
    """The future was made under a guard that it left before it was polled."""
    hop, onward = case.way[position], case.way[position + 1 :]
    after = next((later.node for later in onward if later.kind != "wrapped"), None)
    for around, guard in case.guards(hop.node) if hop.kind in ("made", "returned") else ():
        entries = [e for e in case.facts.enters(guard) if e.index < case.before]
        stays = after is not None and around in case.code.up(after)
        future = _future(case, position)
        if stays or future is None or not entries:
            continue
        if any(new.span == entries[-1].span for new in case.scope):
            continue
        cause, said = _guard_or_lazy(case, hop, guard, entries[-1].span)
        edits = Edits(carried={future: entries[-1].span})
        change, place = remedy.carried(case.code, future), case.place(guard)
        return finding(case, cause, said + _and_spawned(case), place, edits, change)
    return None


def _future(case: Case, position: int) -> ast.AST | None:
    """Find the expression whose future would take the current span along."""
    for hop in reversed(case.way[: position + 1]):
        if isinstance(hop.node, ast.Call) or hop.kind == "made":
            return hop.node
        if not isinstance(hop.function, ast.Lambda):
            break
    return None


def _guard_or_lazy(case: Case, hop: Hop, guard: ast.Call, span: int) -> tuple[Cause, str]:
    name, at = quoted(case.facts.spans[span].name), case.said(case.place(guard))
    if covers(hop.function) in ("future", "block"):
        made = quoted(getattr(hop.function, "name", "?"))
        said = f"the span of {made} is made at the first poll, and the guard of {name} ({at})"
        return Cause.MADE_LATE, f"{said} was dropped by then"
    what = "`in_scope`" if called(guard) == "in_scope" else "the guard"
    said = f"{what} of {name} ({at}) covers the making of the future, and was dropped"
    return Cause.GUARD_DROPPED, f"{said} before the first poll"


def _in_the_call(case: Case, position: int) -> Finding | None:
    """The future left a function whose span had been exited when it was polled."""
    hop = case.way[position]
    function, lazy = hop.function, isinstance(hop.function, ast.AsyncFunctionDef)
    if hop.kind != "returned" or not (lazy or covers(function) == "call"):
        return None
    inner = [h for h in case.way[:position] if case.code.enclosing(h.node) is function]
    made = [span for span in _spans_of(case, hop) if span.index < case.event.index][-1:]
    if not made or not inner or made[0] in case.scope:
        return None
    at, name = case.said(made[0]), quoted(made[0].name)
    stream = any(h.kind == "made" and case.code.is_stream(h.function) for h in inner)
    if lazy:
        cause, what = Cause.MADE_INSIDE, "stream" if stream else "future"
        said = f"the {what} was made inside {name} ({at}), which had been exited when it was polled"
    else:
        cause = Cause.CALL_ONLY
        said = (
            f"the attribute in {at} covers the call of {name}, "
            f"which had ended before the future that it gave was polled"
        )
    change = None if stream else remedy.carried(case.code, inner[-1].node)
    edits, place = Edits(carried={inner[-1].node: made[0].span}), (made[0].file, made[0].line)
    return finding(case, cause, said + _and_spawned(case), place, edits, change)


def _spans_of(case: Case, hop: Hop) -> list[SpanNew]:
    """Give the spans in which a function ran: of its attribute, or of a wrapper around its call."""
    marked = attribute(hop.function)
    if marked is not None:
        return case.facts.news(marked)
    around = [node for node in case.code.up(hop.node) if called(node) in WRAPPERS]
    entered = [entered for node in around[:1] for entered in case.facts.enters(node)]
    return [case.facts.spans[e.span] for e in entered]


def _and_spawned(case: Case) -> str:
    if case.spawn is None or case.facts.current[case.spawn.index] is None:
        return ""
    return f"; and {case.said(case.spawn)} spawns it, with no span"
