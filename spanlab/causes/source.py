"""The code of a run as a tree: who calls a function, and what becomes of the future it gives.

A name is looked up as Python does it, from the inside out. What cannot be told from the code
alone is left open: there is then no way to follow, and views say less.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from spanlab.syntax import Function, attribute, block

Scope = Function | ast.Module
SPAWNS = ("spawn", "spawn_blocking", "spawn_thread")
MAKERS = ("trace_span", "debug_span", "info_span", "warn_span", "error_span", "span")
TAKERS = ("spawn_blocking", "spawn_thread", "in_scope", "Thread")  # they call what they are given
INTO = (ast.List, ast.Tuple, ast.Starred, ast.NamedExpr, ast.IfExp, ast.keyword)


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
    node: ast.expr
    function: Function | None = None


Way = tuple[Hop, ...]


def called(node: ast.AST) -> str:
    """Name what a call calls, without what stands before the last dot."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


def covers(function: Function | None) -> str:
    """Say what the `@instrument` on a function covers: "future", "block", "call" or nothing."""
    if function is None or attribute(function) is None:
        return ""
    if isinstance(function, ast.AsyncFunctionDef):
        return "future"
    return "block" if block(function) else "call"


def maker(code: Code, span: ast.expr | None) -> ast.Call | None:
    """Find the call that makes a span, also through the name that it got."""
    found = code.find(span) if isinstance(span, ast.Name) else span
    return found if isinstance(found, ast.Call) and called(found) in MAKERS else None


def within(node: ast.AST, line: int) -> bool:
    """Tell whether a line is one of those that a node stands on."""
    return bool(node.lineno <= line <= node.end_lineno)  # type: ignore[attr-defined]


class Code:
    """All files of a trace, parsed as far as they are Python."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.modules: dict[str, ast.Module] = {}
        self._up: dict[ast.AST, ast.AST] = {}
        self._bound: defaultdict[ast.AST, dict[str, ast.AST]] = defaultdict(dict)
        for file, text in sources.items():
            try:
                self.modules[file] = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):  # nested too deep
                continue  # Rust, or nothing at all
            self._read(self.modules[file])
        self._files = {module: file for file, module in self.modules.items()}

    def _read(self, module: ast.Module) -> None:
        for node in ast.walk(module):
            for child in ast.iter_child_nodes(node):
                self._up[child] = node
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self._bound[self._around(node)][node.name] = node
                case ast.Assign(targets=[ast.Name(id=name)]):
                    self._bound[self.enclosing(node) or module][name] = node.value
                case ast.arg(arg=name):
                    self._bound[self._up[self._up[node]]][name] = node

    def _around(self, node: ast.AST) -> ast.AST:
        node = self._up[node]
        while not isinstance(node, ast.Module | ast.ClassDef | Function):
            node = self._up[node]
        return node

    def line(self, file: str, line: int) -> str:
        """Give one line of the source."""
        lines = self.sources.get(file, "").splitlines()
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def text(self, node: ast.AST) -> str:
        """Give the source of a node."""
        return ast.get_source_segment(self.sources[self.file(node)], node) or ""

    def file(self, node: ast.AST) -> str:
        """Name the file in which a node stands."""
        while not isinstance(node, ast.Module):
            node = self._up[node]
        return self._files[node]

    def up(self, node: ast.AST) -> Iterator[ast.AST]:
        """Give what is around a node, inside out, up to its function."""
        while not isinstance(node := self._up[node], Scope):
            yield node

    def enclosing(self, node: ast.AST) -> Function | None:
        """Find the function around a node; the decorators of a function stand outside it."""
        inner, node = node, self._up[node]
        while not isinstance(node, ast.Module):
            if isinstance(node, Function) and inner not in getattr(node, "decorator_list", ()):
                return node
            inner, node = node, self._up[node]
        return None

    def on(self, file: str, line: int) -> list[ast.AST]:
        """Give every node that stands on a line of a file, the outer ones first."""
        module = self.modules.get(file)
        nodes = ast.walk(module) if module else ()
        return [node for node in nodes if hasattr(node, "lineno") and within(node, line)]

    def marked(self, file: str, line: int) -> Function | None:
        """Find the function whose `@instrument` stands on a line."""
        for node in ast.walk(self.modules[file]) if file in self.modules else ():
            if isinstance(node, Function) and getattr(attribute(node), "lineno", 0) == line:
                return node
        return None

    def event(self, file: str, line: int, message: str) -> tuple[Function | None, ast.AST | None]:
        """Find the function in which an event was recorded, and the node that did it."""
        if function := self.marked(file, line):
            return function, None
        calls = [n for n in self.on(file, line) if isinstance(n, ast.Call)]
        says = [n for n in calls if n.args and getattr(n.args[0], "value", None) == message]
        for node in [*says, *(n for n in calls if n.lineno == line)][:1]:
            return self.enclosing(node), node
        return None, None

    def find(self, node: ast.AST) -> ast.AST | None:
        """Look up what a name, or the function of a call, stands for."""
        match node:
            case ast.Name(id=name):
                return self._lookup(name, node)
            case ast.Attribute(attr=name):
                classes = [b for c, b in self._bound.items() if isinstance(c, ast.ClassDef)]
                methods = [bound[name] for bound in classes if name in bound]
                return methods[0] if len(methods) == 1 else None
        return node

    def _lookup(self, name: str, node: ast.AST) -> ast.AST | None:
        scope: ast.AST | None = self.enclosing(node)
        while scope is not None:
            if name in self._bound[scope]:
                return self._bound[scope][name]
            scope = self.enclosing(scope)
        own = self.modules[self.file(node)]
        for module in [own, *self.modules.values()]:
            if name in self._bound[module]:
                return self._bound[module][name]
        return None

    @cached_property
    def _sites(self) -> Mapping[ast.AST | None, list[ast.expr]]:
        """Every place where a function is called, or given to something that calls it."""
        found: defaultdict[ast.AST | None, list[ast.expr]] = defaultdict(list)
        for node in list(self._up):
            if not isinstance(node, ast.Call):
                continue
            found[self.find(node.func)].append(node)
            if called(node) in TAKERS:
                for given in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    found[self.find(given)].append(given)
        return found

    def ways(
        self, function: Function | None, seen: frozenset[ast.AST] = frozenset()
    ) -> Iterator[Way]:
        """Give every way on which the code of a function may come to run."""
        if function is None or function in seen:
            yield ()
            return
        seen |= {function}
        sites = self._sites.get(function, [])
        for site in sites:
            if isinstance(function, ast.AsyncFunctionDef):
                hop, onward = Hop("made", site, function), self._onward(site, seen)
            else:
                hop, onward = Hop("called", site, function), self._runs(site, seen)
            yield from ((hop, *way) for way in onward)
        if not sites:
            yield ()

    def _runs(self, site: ast.expr, seen: frozenset[ast.AST]) -> Iterator[Way]:
        """Go on from where a plain function is called, or is given to what calls it."""
        taker = self._up[site]
        taker = self._up[taker] if isinstance(taker, ast.keyword) else taker
        if isinstance(taker, ast.Call) and called(taker) in SPAWNS:
            yield (Hop("spawned", taker),)
        else:
            yield from self.ways(self.enclosing(site), seen)

    def _onward(self, node: ast.expr, seen: frozenset[ast.AST]) -> Iterator[Way]:
        """Follow a future from the expression that gives it."""
        if node in seen:
            return
        match up := self._up[node]:
            case ast.Await():
                around = self.ways(self.enclosing(up), seen)
                yield from ((Hop("awaited", up), *way) for way in around)
            case ast.Return() | ast.Lambda():
                yield from self._returned(self._around(node), seen)
            case ast.Assign(targets=[ast.Name(id=name)]):
                for use in self._uses(name, self.enclosing(up) or self.modules[self.file(up)]):
                    yield from self._onward(use, seen | {node})
            case ast.Call() if node is not up.func:
                yield from self._given(up, node, seen)
            case ast.expr() | ast.keyword() if isinstance(up, INTO):
                yield from self._onward(up, seen)  # type: ignore[arg-type]
            case _:
                yield ()

    def _returned(self, function: ast.AST, seen: frozenset[ast.AST]) -> Iterator[Way]:
        if not isinstance(function, Function) or function in seen:
            yield ()
            return
        for site in self._sites.get(function, []):
            taker = self._up[site]
            at = taker if isinstance(taker, ast.Call) and called(taker) == "in_scope" else site
            hop = Hop("returned", site, function)
            yield from ((hop, *way) for way in self._onward(at, seen | {function}))

    def _given(self, call: ast.Call, node: ast.expr, seen: frozenset[ast.AST]) -> Iterator[Way]:
        """Follow a future into a call that it is an argument of."""
        name = called(call)
        if name in ("instrument", "in_current_span"):
            yield from ((Hop("wrapped", call), *way) for way in self._onward(call, seen))
        elif name in SPAWNS:
            yield (Hop("spawned", call),)
        elif name in ("join", "select"):
            yield from self._onward(call, seen)
        elif isinstance(taker := self.find(call.func), Function) and node in call.args:
            names = [arg.arg for arg in taker.args.args][call.args.index(node) :]
            for use in self._uses(names[0], taker) if names else []:
                yield from self._onward(use, seen | {node})

    def after(self, node: ast.expr) -> list[Hop]:
        """Give all that happens to what an expression gives, on any way."""
        return [hop for way in islice(self._onward(node, frozenset()), 50) for hop in way]

    def _uses(self, name: str, scope: ast.AST) -> list[ast.Name]:
        names = [n for n in ast.walk(scope) if isinstance(n, ast.Name) and n.id == name]
        return [n for n in names if isinstance(n.ctx, ast.Load)]
