"""Rules about the code: the attribute, disabled spans, and the way of a future to its poll."""

from __future__ import annotations

import ast

from spanlab.causes import remedy
from spanlab.causes.evidence import Case, Place
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.remedy import Change
from spanlab.causes.source import Hop, called, covers, maker, within
from spanlab.causes.spawned import captured_late
from spanlab.syntax import Function, attribute, block
from spanlab.view.words import quoted


def before_the_block(case: Case) -> Finding | None:
    """The event is in a function whose attribute covers the future that it returns."""
    function, marked = case.function, attribute(case.function)
    inner = block(function) if function and marked is not None else None
    if function is None or marked is None or inner is None or case.node is None:
        return None
    place, expected = case.place(marked), (_span_name(case, function), *case.now)
    said = (
        f"the attribute in {case.said(place)} covers the future of {quoted(inner.name + '()')} "
        f"and not the call, and this runs in the call"
    )
    change = remedy.carried_out(case.code, function)
    return finding(case, Cause.FUTURE_ONLY, said, place, expected, change)


def _span_name(case: Case, function: Function) -> str:
    """Name the span that the attribute on a function makes."""
    marked, given = attribute(function), list[ast.expr]()
    if marked is not None and (made := case.facts.news(marked)):
        return made[0].name
    if isinstance(marked, ast.Call):
        given = [*marked.args, *(k.value for k in marked.keywords if k.arg == "name")]
    names = [str(node.value) for node in given if isinstance(node, ast.Constant)]
    return [*names, getattr(function, "name", "?")][0]


# --- disabled spans ------------------------------------------------------------------------------


def disabled_guard(case: Case) -> Finding | None:
    """The span of a guard around the event is filtered out."""
    for around, guard in case.guards(case.node):
        made = maker(case.code, guard.func.value if isinstance(guard.func, ast.Attribute) else None)
        if made is not None and not case.facts.enters(guard):
            change = remedy.enabled(case.code, made, case.event.level.name.lower())
            return _disabled(case, around, _name(made), case.place(made), change)
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
    if function is None or marked is None or case.facts.news(marked):
        return None
    change = remedy.attribute_enabled(case.code, marked, case.event.level.name.lower())
    return _disabled(case, function, _span_name(case, function), case.place(marked), change)


def _disabled(
    case: Case, around: ast.AST, name: str, place: Place, change: Change | None
) -> Finding:
    inner = sum(new.file == place[0] and within(around, new.line) for new in case.scope)
    expected = (*case.now[:inner], name, *case.now[inner:])
    said = f"the span {quoted(name)} of {case.said(place)} is disabled: its level is filtered out"
    return finding(case, Cause.DISABLED, said, place, expected, change)


def _name(made: ast.Call) -> str:
    names = [node.value for node in made.args if isinstance(node, ast.Constant)]
    return str(names[-1]) if names else "?"


# --- on the way from the making to the poll ------------------------------------------------------


def wrapped(case: Case) -> Finding | None:
    """The program instruments the future, and that does nothing."""
    found = (_wrapped(case, hop) for hop in _in_vain(case) if hop.kind == "wrapped")
    return next(filter(None, found), None)


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
        if stays or not entries or any(new.span == entries[-1].span for new in case.scope):
            continue
        cause, said = _guard_or_lazy(case, hop, case.place(guard), entries[-1].span)
        said += _and_spawned(case)
        expected = case.under(entries[-1].span, entries[-1].index)
        change = _take_along(case, position)
        return finding(case, cause, said, case.place(guard), expected, change)
    return None


def _take_along(case: Case, position: int) -> Change | None:
    """Have the future take the current span along, where it was made or got."""
    for hop in reversed(case.way[: position + 1]):
        if isinstance(hop.node, ast.Call):
            return remedy.carried(case.code, hop.node)
        if not isinstance(hop.function, ast.Lambda):
            break
    return None


def _guard_or_lazy(case: Case, hop: Hop, place: Place, span: int) -> tuple[Cause, str]:
    name, at = quoted(case.facts.spans[span].name), case.said(place)
    if covers(hop.function) in ("future", "block"):
        made = quoted(getattr(hop.function, "name", "?"))
        said = f"the span of {made} is made at the first poll, and the guard of {name} ({at})"
        return Cause.MADE_LATE, f"{said} was dropped by then"
    said = f"the guard of {name} ({at}) covers the making of the future, and was dropped"
    return Cause.GUARD_DROPPED, f"{said} before the first poll"


def _in_the_call(case: Case, position: int) -> Finding | None:
    """The future left a function whose attribute covers the call."""
    function, marked = case.way[position].function, attribute(case.way[position].function)
    if covers(function) != "call" or case.way[position].kind != "returned" or marked is None:
        return None
    made = [new for new in case.facts.news(marked) if new.index < case.before][-1:]
    if not made or made[0] in case.scope:
        return None
    place, expected = case.place(marked), case.under(made[0].span, made[0].index)
    said = (
        f"the attribute in {case.said(place)} covers the call of {quoted(made[0].name)}, "
        f"which had ended before the future that it gave was polled{_and_spawned(case)}"
    )
    inner = [h.node for h in case.way[:position] if case.code.enclosing(h.node) is function]
    change = remedy.carried(case.code, inner[-1]) if inner else None
    return finding(case, Cause.CALL_ONLY, said, place, expected, change)


def _and_spawned(case: Case) -> str:
    if case.spawn is None or case.facts.current[case.spawn.index] is None:
        return ""
    return f"; and {case.said((case.spawn.file, case.spawn.line))} spawns it, with no span"


def _wrapped(case: Case, hop: Hop) -> Finding | None:
    """The future was instrumented with nothing: a disabled span, or no current span."""
    if _entered(case, hop.node) or not isinstance(hop.node, ast.Call):
        return None
    if called(hop.node) == "in_current_span":
        return captured_late(case, hop.node)
    span = hop.node.func.value if isinstance(hop.node.func, ast.Attribute) else None
    made = maker(case.code, span)
    if made is not None and not case.facts.news(made):
        return _wrapped_disabled(case, made)
    found = case.code.find(span) if isinstance(span, ast.Name) else span
    return captured_late(case, found) if found is not None and called(found) == "current" else None


def _wrapped_disabled(case: Case, made: ast.Call) -> Finding:
    place, name = case.place(made), _name(made)
    current = case.facts.current[case.spawn.index] if case.spawn else None
    said = f"the span {quoted(name)} of {case.said(place)} is disabled, and no poll enters it"
    if current is None or case.spawn is None:
        change = remedy.enabled(case.code, made, case.event.level.name.lower())
        return finding(case, Cause.DISABLED, said, place, (name, *case.now), change)
    tree, outer = case.under(current, case.spawn.index), case.facts.trace.names(current)
    expected = (*tree[: len(tree) - len(outer)], name, *outer)
    change = remedy.or_current(case.code, made)
    return finding(case, Cause.DISABLED, said, place, expected, change, tree=tree)


def captured_inside(case: Case) -> Finding | None:
    """`Span.current()` is entered around the code, and was asked for where there was none."""
    nodes = [case.node, *(hop.node for hop in case.way if hop.kind in ("called", "awaited"))]
    for _, call in (found for node in nodes for found in case.guards(node)):
        span = call.func.value if isinstance(call.func, ast.Attribute) else None
        found = case.code.find(span) if isinstance(span, ast.Name) else span
        if found is not None and called(found) == "current" and not _entered(case, call):
            return captured_late(case, found)
    return None
