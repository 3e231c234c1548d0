"""Rules about what was to cover the code, and did not: it entered nothing, or not at the poll."""

from __future__ import annotations

import ast

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.causes.remedy import Edit
from spanlab.causes.source import called, covers, lines, named, owner_of
from spanlab.causes.spawned import captured_late
from spanlab.causes.way import WRAPPERS, Hop
from spanlab.evidence.syntax import Function, attribute, block
from spanlab.record import SpanEntered, SpanNew
from spanlab.view.words import quoted

# --- what entered nothing: its span is disabled, or was none --------------------------------------


def vain(case: Case) -> Finding | None:
    """A guard around the event or around its poll, or a wrapper, enters nothing."""
    polled = [h.node for h in case.way if h.kind in ("called", "awaited") and h not in case.given]
    calls = [(h.node, h.node) for h in case.way[case.onward :] if h.kind == "wrapped"]
    calls += [guard for node in (case.node, *polled) for guard in case.guards(node)]
    for around, call in [pair for pair in calls if not case.entered(pair[1])]:
        span = call if called(call) == "in_current_span" else owner_of(call)
        made, node = case.code.maker(span), case.code.find(span)
        if made is not None and not case.facts.by(made, SpanNew):
            edits = remedy.enabled(case.code, made, case.event.level.name.lower())
            return _disabled(case, around, named(made), made, edits)
        if node is not None and called(node) in ("current", "in_current_span"):
            return captured_late(case, node)
    return None


def disabled_attribute(case: Case) -> Finding | None:
    """The span of the attribute on the event's function is filtered out."""
    function = case.function
    if function is not None and not covers(function):
        outer = case.code.enclosing(function)
        function = outer if outer and block(outer) is function else None
    elif covers(function) == "block" and case.node is not None:
        return None
    marked = attribute(function)
    if function is None or marked is None or case.facts.by(marked, SpanNew):
        return None
    name, level = named(marked, getattr(function, "name", "?")), case.event.level.name.lower()
    edits = remedy.attribute_enabled(case.code, marked, level)
    return _disabled(case, function, name, marked, edits)


def _disabled(
    case: Case, around: ast.AST, name: str, made: ast.expr, edits: list[Edit] | None
) -> Finding | None:
    """A span is filtered out: of what is around the code, or of a wrapper around its future."""
    file, spawn, tree = case.code.file[made], case.spawn, None
    if case.event.explicit:
        return None
    what = "a filter leaves it out" if edits is None else "its level is filtered out"
    said = f"the span {quoted(name)} of {case.said(made)} is disabled: {what}"
    at, now = sum(new.file == file and new.line in lines(around) for new in case.scope), case.now
    if called(around) in WRAPPERS:
        said, at = said.replace(f": {what}", ", and no poll enters it"), 0
        if spawn is not None and (current := case.facts.current[spawn.index]) is not None:
            tree = now = case.under(current, spawn.index)
            edits, at = remedy.or_current(case.code, made), len(case.under(None, spawn.index))
    return told(case, Cause.DISABLED, said, made, (*now[:at], name, *now[at:]), edits, tree)


# --- what covered a future, and not its polls -----------------------------------------------------


def before_the_block(case: Case) -> Finding | None:
    """The event is in a function whose attribute covers the future that it returns."""
    function, marked = case.function, attribute(case.function)
    if function is None or marked is None or case.node is None or not (inner := block(function)):
        return None
    future = f"the future of {quoted(inner.name + '()')} and not the call"
    said = f"the attribute in {case.said(marked)} covers {future}, and this runs in the call"
    repair = remedy.carried_out(case.code, function)
    return finding(case, Cause.FUTURE_ONLY, said, marked, repair)


def covered(case: Case) -> Finding | None:
    """Something that covered the making of the future did not reach its poll."""
    found = (_guarded(case, at) or _in_the_call(case, at) for at in range(len(case.way)))
    return next(filter(None, found), None)


def _guarded(case: Case, position: int) -> Finding | None:
    """The future was made under a guard that it left before it was polled."""
    hop, futures = case.way[position], _futures(case, position)
    onward = (later.node for later in case.way[position + 1 :] if later.kind != "wrapped")
    polled = {outer for node in [*onward][:1] for outer in case.code.up(node)}
    for around, guard in case.guards(hop.node) if hop.kind in ("made", "returned") else ():
        entries = [e for e in case.facts.by(guard, SpanEntered) if e.index < case.before]
        if around in polled or not futures or not entries:
            continue
        lost = case.facts.spans[entries[-1].span]
        if not _is_meant(case, position, lost):
            repairs = [remedy.carried(case.code, future, lost.span) for future in futures]
            made = _made(case, position)
            said = _gone(case, made, guard, lost) + _and_spawned(case)
            lazy = covers(made) in ("future", "block")
            cause = Cause.MADE_LATE if lazy else Cause.GUARD_DROPPED
            if found := finding(case, cause, said, guard, *repairs):
                return found
    return None


def _is_meant(case: Case, position: int, lost: SpanNew) -> bool:
    """Tell whether the event has a span, or another in its place: all above that is the same."""
    above = {new.span for new in case.scope} | {None}
    is_root = any(new.explicit for new in case.scope[-1:])
    return lost in case.scope or (position < case.onward and (lost.parent in above or is_root))


def _futures(case: Case, position: int) -> tuple[ast.AST, ...]:
    """Find the expression whose future would take the current span along, or all it may be."""
    for hop in case.way[position::-1]:
        given = isinstance(hop.node, ast.Name | ast.Attribute)  # to `in_scope`, which calls it
        if isinstance(hop.node, ast.Call) or given or hop.kind == "made":
            return hop.nodes
        if not isinstance(hop.function, ast.Lambda):
            break
    return ()


def _made(case: Case, position: int) -> Function | None:
    """Find the function whose future it was then."""
    for hop in case.way[position::-1]:
        if hop.kind == "made" or isinstance(hop.function, ast.AsyncFunctionDef):
            return hop.function
    return None


def _gone(case: Case, function: Function | None, guard: ast.Call, lost: SpanNew) -> str:
    scoped = called(guard) == "in_scope"
    what, gone = ("`in_scope`", "had ended") if scoped else ("the guard", "was dropped")
    what = f"{what} of {quoted(lost.name)} ({case.said(guard)})"
    if covers(function) in ("future", "block"):
        made = quoted(getattr(function, "name", "?"))
        return f"the span of {made} is made at the first poll, and {what} {gone} by then"
    return f"{what} covers the making of the future, and {gone} before the first poll"


def _in_the_call(case: Case, position: int) -> Finding | None:
    """The future left a function whose span had been exited when it was polled."""
    hop = case.way[position]
    function, lazy = hop.function, isinstance(hop.function, ast.AsyncFunctionDef)
    if hop.kind != "returned" or not (lazy or covers(function) == "call"):
        return None
    inner = [h for h in case.way[:position] if case.code.enclosing(h.node) is function]
    made = [span for span in _spans_of(case, hop) if span.index < case.event.index][-1:]
    if not made or not inner or _is_meant(case, position, made[0]):
        return None
    at, name = case.said(made[0]), quoted(made[0].name)
    making = [h.function for h in inner if h.kind == "made" and h.function]
    stream = any(case.code.inside(function, ast.Yield) for function in making)
    cause, what = Cause.MADE_INSIDE, "stream" if stream else "future"
    said = f"the {what} was made inside {name} ({at}), which had been exited when it was polled"
    if not lazy:
        cause, said = Cause.CALL_ONLY, f"the attribute in {at} covers the call of {name}, which"
        said += " had ended before the future that it gave was polled"
    repairs = [remedy.carried(case.code, node, made[0].span) for node in inner[-1].nodes]
    return finding(case, cause, said + _and_spawned(case), made[0], *repairs)


def _spans_of(case: Case, hop: Hop) -> list[SpanNew]:
    """Give the spans in which a function ran: of its attribute, or of a wrapper around its call."""
    marked = attribute(hop.function)
    if marked is not None:
        return case.facts.by(marked, SpanNew)
    around = [node for node in case.code.up(hop.node) if called(node) in WRAPPERS]
    entered = [entered for node in around[:1] for entered in case.facts.by(node, SpanEntered)]
    return [case.facts.spans[e.span] for e in entered]


def _and_spawned(case: Case) -> str:
    bare = [s for s in [case.spawn] if s is not None and case.facts.current[s.index] is not None]
    return "".join(f"; and {case.said(spawn)} spawns it bare" for spawn in bare)
