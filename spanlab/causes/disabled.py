"""Rules about spans that were filtered out by their level."""

from __future__ import annotations

import ast

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.finding import Cause, Finding, told
from spanlab.causes.remedy import Edit
from spanlab.causes.source import covers, owner_of, within
from spanlab.syntax import attribute, block
from spanlab.view.words import quoted


def disabled_guard(case: Case) -> Finding | None:
    """The span of a guard around the event is filtered out."""
    for around, guard in case.guards(case.node):
        made = case.code.maker(owner_of(guard))
        if made is not None and not case.facts.enters(guard):
            change = remedy.enabled(case.code, made, case.event.level.name.lower())
            return _disabled(case, around, _name(made), made, change)
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
    return _disabled(case, function, case.facts.span_name(function), marked, change)


def _disabled(
    case: Case, around: ast.AST, name: str, made: ast.AST, change: list[Edit] | None
) -> Finding:
    place = case.place(made)
    inner = sum(new.file == place[0] and within(around, new.line) for new in case.scope)
    expected = (*case.now[:inner], name, *case.now[inner:])
    said = f"the span {quoted(name)} of {case.said(place)} is disabled: its level is filtered out"
    return told(case, Cause.DISABLED, said, place, expected, change)


def wrapped_disabled(case: Case, made: ast.Call) -> Finding:
    """The span that the future was instrumented with is filtered out."""
    place, name = case.place(made), _name(made)
    current = case.facts.current[case.spawn.index] if case.spawn else None
    said = f"the span {quoted(name)} of {case.said(place)} is disabled, and no poll enters it"
    if current is None or case.spawn is None:
        change = remedy.enabled(case.code, made, case.event.level.name.lower())
        return told(case, Cause.DISABLED, said, place, (name, *case.now), change)
    tree, outer = case.under(current, case.spawn.index), case.facts.trace.names(current)
    expected = (*tree[: len(tree) - len(outer)], name, *outer)
    change = remedy.or_current(case.code, made)
    return told(case, Cause.DISABLED, said, place, expected, change, tree=tree)


def _name(made: ast.Call) -> str:
    names = [node.value for node in made.args if isinstance(node, ast.Constant)]
    return str(names[-1]) if names else "?"
