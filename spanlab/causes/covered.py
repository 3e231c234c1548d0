"""Rules about what was to cover the code, and did not: it entered nothing, or not at the poll."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import pairwise

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.causes.remedy import Edit
from spanlab.causes.source import called, covers, lines, named, owner_of, span_name
from spanlab.causes.spawned import captured_late
from spanlab.causes.way import WRAPPERS, Hop
from spanlab.record import SpanEntered, SpanNew
from spanlab.syntax import attribute, block
from spanlab.view.words import quoted

# --- what entered nothing: its span is disabled, or was none --------------------------------------


def vain_guard(case: Case) -> Finding | None:
    """A guard around the event enters nothing."""
    return _vain(case, case.guards(case.node))


def vain_wrapper(case: Case) -> Finding | None:
    """What the future was instrumented with is nothing, or a guard around its poll."""
    wrapped = [hop.node for hop in case.way[case.onward :] if hop.kind == "wrapped"]
    given = [hop for hop, then in pairwise(case.way) if then.kind == "spawned"]  # runs elsewhere
    polled = [h.node for h in case.way if h.kind in ("called", "awaited") and h not in given]
    guards = [guard for node in polled for guard in case.guards(node)]
    return _vain(case, [*zip(wrapped, wrapped, strict=True), *guards])


def _vain(case: Case, calls: Iterable[tuple[ast.AST, ast.AST]]) -> Finding | None:
    for around, call in calls:
        if case.entered(call):
            continue
        span = call if called(call) == "in_current_span" else owner_of(call)
        made = case.code.maker(span)
        if made is not None and not case.facts.by(made, SpanNew):
            return _disabled(case, around, made)
        node = case.code.find(span) if isinstance(span, ast.Name | ast.Attribute) else span
        if node is not None and called(node) in ("current", "in_current_span"):
            return captured_late(case, node)
    return None


def disabled_attribute(case: Case) -> Finding | None:
    """The span of the attribute on the event's function is filtered out."""
    function = case.function
    if covers(function) == "block" and case.node is not None:
        return None
    if function is not None and not covers(function):
        outer = case.code.enclosing(function)
        function = outer if outer and block(outer) is function else None
    marked = attribute(function)
    if function is None or marked is None or case.facts.by(marked, SpanNew):
        return None
    edits = remedy.attribute_enabled(case.code, marked, case.event.level.name.lower())
    return _within(case, function, span_name(function), marked, edits)


def _disabled(case: Case, around: ast.AST, made: ast.Call) -> Finding:
    """The span of a guard, or of a wrapper, is filtered out."""
    name, spawn = named(made), case.spawn
    edits = remedy.enabled(case.code, made, case.event.level.name.lower())
    if called(around) not in WRAPPERS:
        return _within(case, around, name, made, edits)
    said = f"the span {quoted(name)} of {case.said(made)} is disabled, and no poll enters it"
    current = case.facts.current[spawn.index] if spawn else None
    if current is None or spawn is None:
        return told(case, Cause.DISABLED, said, made, (name, *case.now), edits)
    tree, own = case.under(current, spawn.index), len(case.under(None, spawn.index))
    edits, expected = remedy.or_current(case.code, made), (*tree[:own], name, *tree[own:])
    return told(case, Cause.DISABLED, said, made, expected, edits, tree)


def _within(
    case: Case, around: ast.AST, name: str, made: ast.AST, edits: list[Edit] | None
) -> Finding:
    file = case.code.file[made]
    inner = sum(new.file == file and new.line in lines(around) for new in case.scope)
    expected = (*case.now[:inner], name, *case.now[inner:])
    said = f"the span {quoted(name)} of {case.said(made)} is disabled: its level is filtered out"
    return told(case, Cause.DISABLED, said, made, expected, edits)


# --- what covered a future, and not its polls -----------------------------------------------------


def before_the_block(case: Case) -> Finding | None:
    """The event is in a function whose attribute covers the future that it returns."""
    function, marked = case.function, attribute(case.function)
    inner = block(function) if function and marked is not None else None
    if function is None or marked is None or inner is None or case.node is None:
        return None
    future = f"the future of {quoted(inner.name + '()')} and not the call"
    said = f"the attribute in {case.said(marked)} covers {future}, and this runs in the call"
    repair = remedy.carried_out(case.code, function)
    return finding(case, Cause.FUTURE_ONLY, said, marked, repair)


def covered(case: Case) -> Finding | None:
    """Something that covered the making of the future did not reach its poll."""
    places = range(case.onward, len(case.way))
    found = (_guarded(case, place) or _in_the_call(case, place) for place in places)
    return next(filter(None, found), None)


def _guarded(case: Case, position: int) -> Finding | None:
    """The future was made under a guard that it left before it was polled."""
    hop, future = case.way[position], _future(case, position)
    onward = (later.node for later in case.way[position + 1 :] if later.kind != "wrapped")
    polled = {outer for node in [*onward][:1] for outer in case.code.up(node)}
    for around, guard in case.guards(hop.node) if hop.kind in ("made", "returned") else ():
        entries = [e for e in case.facts.by(guard, SpanEntered) if e.index < case.before]
        if around in polled or future is None or not entries:
            continue
        if entries[-1].span in [s.span for s in case.scope]:
            continue
        cause, said = _guard_or_lazy(case, hop, guard, entries[-1].span)
        repair = remedy.carried(case.code, future, entries[-1].span)
        found = finding(case, cause, said + _and_spawned(case), guard, repair)
        if found is not None:
            return found
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
    scoped = called(guard) == "in_scope"
    what, gone = ("`in_scope`", "had ended") if scoped else ("the guard", "was dropped")
    what = f"{what} of {quoted(case.facts.spans[span].name)} ({case.said(guard)})"
    if covers(hop.function) in ("future", "block"):
        made = quoted(getattr(hop.function, "name", "?"))
        said = f"the span of {made} is made at the first poll, and {what} {gone} by then"
        return Cause.MADE_LATE, said
    said = f"{what} covers the making of the future, and {gone} before the first poll"
    return Cause.GUARD_DROPPED, said


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
    stream = any(
        h.function and case.code.inside(h.function, ast.Yield) for h in inner if h.kind == "made"
    )
    cause, what = Cause.MADE_INSIDE, "stream" if stream else "future"
    said = f"the {what} was made inside {name} ({at}), which had been exited when it was polled"
    if not lazy:
        cause, said = Cause.CALL_ONLY, f"the attribute in {at} covers the call of {name}, which"
        said += " had ended before the future that it gave was polled"
    repair = remedy.carried(case.code, inner[-1].node, made[0].span)
    repair = repair._replace(text=None) if stream else repair
    return finding(case, cause, said + _and_spawned(case), made[0], repair)


def _spans_of(case: Case, hop: Hop) -> list[SpanNew]:
    """Give the spans in which a function ran: of its attribute, or of a wrapper around its call."""
    marked = attribute(hop.function)
    if marked is not None:
        return case.facts.by(marked, SpanNew)
    around = [node for node in case.code.up(hop.node) if called(node) in WRAPPERS]
    entered = [entered for node in around[:1] for entered in case.facts.by(node, SpanEntered)]
    return [case.facts.spans[e.span] for e in entered]


def _and_spawned(case: Case) -> str:
    if case.spawn is None or case.facts.current[case.spawn.index] is None:
        return ""
    return f"; and {case.said(case.spawn)} spawns it, with no span"
