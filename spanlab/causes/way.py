"""The way of a future, from where it was made to where it is polled.

Which function awaits which, and calls or spawns it, was seen; what became of a future between
its making and its first poll is followed back in the code, from the expression that is awaited.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from spanlab.causes.evidence import Evidence
from spanlab.causes.source import SPAWNS, Code, called
from spanlab.evidence.sites import Site
from spanlab.evidence.syntax import Function
from spanlab.record import Record

TAKERS = ("spawn_blocking", "spawn_thread", "in_scope", "Thread")  # they call what they are given
WRAPPERS = ("instrument", "in_current_span")
WRAPS = ("Instrumented.send", "InstrumentedStream.poll_next")  # their frames


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
    beside: tuple[ast.AST, ...] = ()  # others of which it may be one, in the same expression

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Give the node, and those of which it may be one."""
        return self.node, *self.beside


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
                inside, wraps = _between(sites, last, at)
                for hop in _step(code, function, outer, made, len(wraps)):
                    inside = wraps.pop(0) if hop.kind == "wrapped" and wraps else inside
                    found.append((hop, inside))
            function, last = code.enclosing(outer), at
    return found


def _between(sites: Sequence[Site], last: int, at: int) -> tuple[int, list[int]]:
    """Tell how many frames are inside what happens between two of them, and inside each wrapper."""
    names = {n: sites[n].file for n in range(last + 1, min(at, len(sites)))}
    inside = max([last, 0, *(n for n, name in names.items() if name == "_Lazy.send")])
    return inside, [n for n in names if names[n] in WRAPS and n > inside]


def _step(code: Code, function: Function | None, at: ast.AST, made: object, wraps: int) -> Way:
    """Say how the code of a function came to run at a node: awaited, called or spawned.

    `made` is the file and line where a future was made, if that was seen; `wraps` counts the
    wrappers that were seen around it.
    """
    match at:
        case ast.Await(value=future) | ast.AsyncFor(iter=future):
            return *_made(code, function, future, made, wraps), Hop("awaited", at)
    given = at.args[0] if isinstance(at, ast.Call) and at.args else at
    if called(at) not in SPAWNS:
        return (Hop("called", given if called(at) in TAKERS else at, function),)
    lazy = isinstance(function, ast.AsyncFunctionDef)
    way = _made(code, function, given, made, wraps) if lazy else (Hop("called", given, function),)
    return *way, Hop("spawned", at)


def _made(code: Code, function: Function | None, future: ast.AST, made: object, wraps: int) -> Way:
    """Give the way of a future from where it was made to where it is awaited or spawned."""
    ways = _ways(code, future, function)
    here = [way for way in ways if code.place(way[0].node) == made] or ways
    here = [way for way in here if _wraps(way) == wraps] or here
    if len({(code.parent[way[0].node], way[1:]) for way in here}) == 1:
        nodes = tuple(way[0].node for way in here)  # made side by side, and not told apart
        return here[0][0]._replace(beside=nodes[1:]), *here[0][1:]
    if here:
        return ()  # of several nobody knows which it was
    if isinstance(future, ast.Call) and isinstance(other := code.find(future.func), Function):
        return (Hop("made", future, other),)  # what has ended: this is logged in a drop
    calls = [call for call in code.calls[function] if code.place(call) == made]
    return (Hop("made", calls[0], function),) if len(calls) == 1 else ()


def wrappers(code: Code, end: ast.AST) -> list[ast.AST]:
    """Find all that may instrument what an expression gives."""
    calls = [call for found in code.calls.values() for call in found if called(call) in WRAPPERS]
    return [call for call in calls if _ways(code, call, end)]


def _ways(code: Code, node: ast.AST, end: ast.AST | None) -> list[Way]:
    """Follow an expression back to where `end`, a function or a spawn, gave its future."""
    found: list[Way] | None = code.ways.get((node, end))
    if found is None:
        found = code.ways[node, end] = _back(code, node, end, {})
    return found


def _back(
    code: Code, node: ast.AST, end: ast.AST | None, seen: dict[ast.AST, list[Way]]
) -> list[Way]:
    """Go back from a node once; of many ways from one making keep what all have in common."""
    if node is end:
        return [()]
    if node not in seen:
        seen[node] = []  # a circle leads nowhere
        found = dict[Any, Way]()
        for value, hop in _before(code, node):
            for before in _back(code, value, end, seen):
                way = _given(before) if isinstance(node, ast.Await) else (*before, *hop)
                key = way[:1], _wraps(way)
                other = {*found.get(key, way)}
                found[key] = tuple(hop for hop in way if hop in other)
        seen[node] = [*found.values()]
    return seen[node]


def _wraps(way: Way) -> int:
    return sum(hop.kind == "wrapped" for hop in way)


def _given(way: Way) -> Way:
    """Leave out what wraps the future that gave another one."""
    gave = [at for at, (kind, _, by, _) in enumerate(way) if kind == "returned" and _is_lazy(by)]
    end = gave[-1] + 1 if gave else len(way)
    return *way[:end], *(hop for hop in way[end:] if hop.kind != "wrapped")


def _is_lazy(function: Function | None) -> bool:
    return isinstance(function, ast.AsyncFunctionDef)


def _before(code: Code, node: ast.AST) -> Iterator[tuple[ast.AST, Way]]:
    """Give all that an expression may have its value from, each with the hop from there."""
    match node:
        case ast.Call() if called(node) in WRAPPERS:
            yield from ((arg, (Hop("wrapped", node),)) for arg in node.args)
        case ast.Call() if called(node) not in SPAWNS:
            given = node.args[0] if called(node) == "in_scope" and node.args else node
            values = code.values(given.func if isinstance(given, ast.Call) else given)
            functions = [value for value in values if isinstance(value, Function)]
            for function in functions:
                yield function, (Hop("made", given, function),)
                ends = code.returned(function)
                yield from ((value, (Hop("returned", given, function),)) for value in ends)
            if not functions:  # what others wrote gives what it was given
                yield from ((child, ()) for child in ast.iter_child_nodes(node))
        case ast.Name() | ast.Attribute() if values := code.values(node):
            yield from ((value, ()) for value in values if not isinstance(value, Function))
            if values == [node]:
                yield from ((child, ()) for child in ast.iter_child_nodes(node))
        case ast.expr() | ast.keyword() if not isinstance(node, Function):
            yield from ((child, ()) for child in ast.iter_child_nodes(node))
