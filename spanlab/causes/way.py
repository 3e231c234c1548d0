"""The way of a future, from where it was made to where it is polled.

Which function awaits which, and calls or spawns it, was seen; what became of a future between
its making and its first poll is followed back in the code, from the expression that is awaited.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spanlab.causes.evidence import Evidence
from spanlab.causes.source import SPAWNS, Code, called
from spanlab.evidence.sites import Site
from spanlab.evidence.syntax import Function
from spanlab.record import Record

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
    code, sites, node = facts.code, facts.sites(record), facts.node(record)
    begun = facts.begun(record)
    nodes: list[tuple[ast.AST | None, object]] = [(code.exact(site), None) for site in sites]
    if begun is not None:
        nodes.append((facts.node(begun), facts.trace.seen(begun.index).made))
    function, last, found = facts.function(record), -1, list[tuple[Hop, int]]()
    for at, (outer, made) in enumerate(nodes):
        if outer is not None:
            if outer is not node:
                found += _deep(_step(code, function, outer, made), sites, last, at)
            function, last = code.enclosing(outer), at
    return found


def _deep(way: Way, sites: Sequence[Site], last: int, at: int) -> Iterator[tuple[Hop, int]]:
    """Say for each step how many frames are inside it, wrappers and attributes among them."""
    names = {n: sites[n].file for n in range(last + 1, at)}
    inside = max([last, 0, *(n for n, name in names.items() if name == "_Lazy.send")])
    wrapped = iter([n for n in names if names[n] == "Instrumented.send" and n > inside])
    for hop in way:
        inside = next(wrapped, inside) if hop.kind == "wrapped" else inside
        yield hop, inside


def _step(code: Code, function: Function | None, at: ast.AST, made: object) -> Way:
    """Say how the code of a function came to run at a node: awaited, called or spawned.

    `made` is the file and line where a future was made, if that was seen.
    """
    match at:
        case ast.Await(value=future) | ast.AsyncFor(iter=future):
            return *_made(code, function, future, made), Hop("awaited", at)
    given = at.args[0] if isinstance(at, ast.Call) and at.args else at
    if called(at) not in SPAWNS:
        return (Hop("called", given if called(at) in TAKERS else at, function),)
    lazy = isinstance(function, ast.AsyncFunctionDef)
    way = _made(code, function, given, made) if lazy else (Hop("called", given, function),)
    return *way, Hop("spawned", at)


def _made(code: Code, function: Function | None, future: ast.AST, made: object) -> Way:
    """Give the way of a future from where it was made to where it is awaited or spawned."""
    ways = list(_back(code, future, function))
    here = [way for way in ways if code.place(way[0].node) == made] or ways
    if here:
        return here[0] if len(here) == 1 else ()  # of several nobody knows which it was
    if isinstance(future, ast.Call) and isinstance(other := code.find(future.func), Function):
        return (Hop("made", future, other),)  # what has ended: this is logged in a drop
    calls = [call for call in code.calls[function] if code.place(call) == made]
    return (Hop("made", calls[0], function),) if len(calls) == 1 else ()


def wrappers(code: Code, end: ast.AST) -> list[ast.AST]:
    """Find all that may instrument what an expression gives."""
    calls = [call for found in code.calls.values() for call in found if called(call) in WRAPPERS]
    return [call for call in calls if any(_back(code, call, end))]


def _back(
    code: Code, node: ast.AST, end: ast.AST | None, seen: frozenset[ast.AST] = frozenset()
) -> Iterator[Way]:
    """Follow an expression back to where `end`, a function or a spawn, gave its future."""
    if node is end:
        yield ()
    elif node not in seen:
        for value, hop in _before(code, node):
            yield from ((*way, *hop) for way in _back(code, value, end, seen | {node}))


def _before(code: Code, node: ast.AST) -> Iterator[tuple[ast.AST, Way]]:
    """Give all that an expression may have its value from, each with the hop from there."""
    match node:
        case ast.Call() if called(node) in WRAPPERS:
            yield from ((arg, (Hop("wrapped", node),)) for arg in node.args)
        case ast.Call() if called(node) not in ("join", "select"):
            given = node.args[0] if called(node) == "in_scope" else node
            for function in code.values(given.func if isinstance(given, ast.Call) else given):
                if isinstance(function, Function):
                    yield function, (Hop("made", given, function),)
                    ends = code.returned(function)
                    yield from ((value, (Hop("returned", given, function),)) for value in ends)
        case ast.Name():
            yield from ((value, ()) for value in code.values(node))
        case ast.expr() if not isinstance(node, Function):
            yield from ((child, ()) for child in ast.iter_child_nodes(node))
