"""The way of a future, from where it was made to where it is polled.

Which function awaits which, and calls or spawns it, was seen; what became of a future between
its making and its first poll is followed back in the code, from the expression that is awaited.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from spanlab.causes.evidence import Evidence
from spanlab.causes.source import SPAWNS, Code, called
from spanlab.record import Record
from spanlab.syntax import Function

TAKERS = ("spawn_blocking", "spawn_thread", "in_scope", "Thread")  # they call what they are given
WRAPPERS = ("instrument", "in_current_span")


class Hop(NamedTuple):
    """One thing that happens on the way from a function to where its code is polled.

    called    a plain function is called: its code runs right there
    made      an async function is called, which makes a future
    wrapped   the future is instrumented
    returned  it leaves `function`, which is called at `node`
    awaited   it is polled inside the polls of the function around
    spawned   it becomes a task, or a function gets a thread
    """

    kind: str
    node: ast.AST
    function: Function | None = None


Way = tuple[Hop, ...]


def hops(facts: Evidence, record: Record) -> list[tuple[Hop, int]]:
    """Tell how a record came about, from its code outwards, by the frames that were seen.

    Each step is given with how many of the frames are inside it.
    """
    node, found = facts.node(record), list[tuple[Hop, int]]()
    function = facts.code.enclosing(node) if node else facts.marked(record)
    sites, last = facts.sites(record), -1
    for at, site in enumerate(sites):
        outer = facts.code.exact(site)
        if outer is not None and outer is not node:
            between = range(last + 1, at)
            found += _deep(facts, record, _step(facts.code, function, outer), last, between)
        if outer is not None:
            function, last = facts.code.enclosing(outer), at
    begun = facts.begun(record)
    if begun is not None and (call := facts.node(begun)) is not None:
        way = _step(facts.code, function, call, facts.seen(begun).made)
        found += _deep(facts, record, way, last, range(last + 1, len(sites)))
    return found


def _deep(
    facts: Evidence, record: Record, way: Way, last: int, between: range
) -> Iterator[tuple[Hop, int]]:
    """Say for each step how many frames are inside it, wrappers and attributes among them."""
    names = {at: facts.sites(record)[at].file for at in between}
    inside = max([last, 0, *(at for at, name in names.items() if name == "_Lazy.send")])
    wrappers = iter(
        [at for at, name in names.items() if name == "Instrumented.send" and at > inside]
    )
    for hop in way:
        if hop.kind == "wrapped":
            inside = next(wrappers, inside)
        yield hop, inside


def calls(facts: Evidence, record: Record) -> Iterator[tuple[Function, int]]:
    """Give the functions that are running, whose attribute covers only their future."""
    last = -1
    for at, site in enumerate(sites := facts.sites(record)):
        if site.file == "_Attribute._lazily" and last >= 0:
            node = facts.code.exact(sites[last])
            if node is not None and (function := facts.code.enclosing(node)) is not None:
                yield function, last
        last = at if site.line else last


def _step(code: Code, function: Function | None, at: ast.AST, made: object = None) -> Way:
    """Say how the code of a function came to run at a node: awaited, called or spawned.

    `made` is the file and line where a future was made, if that was seen.
    """
    given = at.args[0] if isinstance(at, ast.Call) and at.args else at
    if isinstance(at, ast.Await | ast.AsyncFor):
        future = at.value if isinstance(at, ast.Await) else at.iter
        return *_made(code, function, future, made), Hop("awaited", at)
    if called(at) not in SPAWNS:
        return (Hop("called", given if called(at) in TAKERS else at, function),)
    if isinstance(function, ast.AsyncFunctionDef):
        return *_made(code, function, given, made), Hop("spawned", at)
    return Hop("called", given, function), Hop("spawned", at)


def _made(code: Code, function: Function | None, future: ast.AST, made: object) -> Way:
    """Give the way of a future from where it was made to where it is awaited or spawned."""
    ways = list(_back(code, future, function)) if function is not None else []
    for way in sorted(ways, key=lambda way: code.place(way[0].node) != made):
        return way
    calls = [call for call in code.calls[function] if code.place(call) == made]
    return (Hop("made", calls[0], function),) if len(calls) == 1 else ()


def _back(
    code: Code, node: ast.AST, end: ast.AST, seen: frozenset[ast.AST] = frozenset()
) -> Iterator[Way]:
    """Follow an expression back to where `end`, a function or a spawn, gave its future."""
    args = node.args if isinstance(node, ast.Call) else []
    if node is end:
        yield ()
    elif node in seen:
        return
    elif called(node) in WRAPPERS:
        for way in (way for arg in args for way in _back(code, arg, end, seen | {node})):
            yield *way, Hop("wrapped", node)
    elif called(node) == "in_scope":
        yield from _result(code, args[0], args[0], end, seen | {node})
    elif isinstance(node, ast.Call) and called(node) not in ("join", "select"):
        yield from _result(code, node.func, node, end, seen | {node})
    else:
        for value in _into(code, node):
            yield from _back(code, value, end, seen | {node})


def _result(
    code: Code, function: ast.AST, at: ast.AST, end: ast.AST, seen: frozenset[ast.AST]
) -> Iterator[Way]:
    """Go on from a call into what the function returns."""
    found = code.find(function)
    if found is end and isinstance(found, Function):
        yield (Hop("made", at, found),)
    elif isinstance(found, Function):
        for value in code.returned(found):
            for way in _back(code, value, end, seen):
                yield *way, Hop("returned", at, found)


def _into(code: Code, node: ast.AST) -> list[ast.AST]:
    """Give the expressions that an expression may have its value from."""
    if not isinstance(node, ast.Name):
        return list(ast.iter_child_nodes(node)) if isinstance(node, ast.expr) else []
    found = list[ast.AST]()
    for value in code.values(node):
        found += _given(code, value) if isinstance(value, ast.arg) else [value]
    return found


def _given(code: Code, arg: ast.arg) -> list[ast.AST]:
    """Give what calls of a function give for one of its arguments."""
    function, found = code.parent(code.parent(arg)), list[ast.AST]()
    names = [a.arg for a in function.args.args]  # type: ignore[attr-defined]
    for call in code.calls[function]:
        at = names.index(arg.arg) - (names[0] == "self") if arg.arg in names else -1
        found += call.args[at : at + 1] if at >= 0 else []
        found += [keyword.value for keyword in call.keywords if keyword.arg == arg.arg]
    return found


def wrappers(code: Code, end: ast.AST) -> list[ast.AST]:
    """Find all that may instrument what an expression gives."""
    calls = [call for found in code.calls.values() for call in found if called(call) in WRAPPERS]
    return [call for call in calls if any(way for way in _back(code, call, end))]
