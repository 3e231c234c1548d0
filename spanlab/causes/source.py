"""The code of a run as a tree: the node behind a place, and what a name stands for.

A name is looked up as Python does it, from the inside out. What cannot be told from the code
alone is left open: there is then no way to follow, and views say less.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from spanlab.chain import Site
from spanlab.syntax import Function, attribute, block

Scope = Function | ast.Module
Spots = Mapping[tuple[str, int, int], list[ast.AST]]
SPAWNS = ("spawn", "spawn_blocking", "spawn_thread")
MAKERS = ("trace_span", "debug_span", "info_span", "warn_span", "error_span", "span")
BLOCKS = ("body", "orelse", "finalbody")


def called(node: ast.AST) -> str:
    """Name what a call calls, without what stands before the last dot."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


def owner_of(call: ast.AST) -> ast.expr | None:
    """Give what stands before the dot of a method that is called."""
    match call:
        case ast.Call(func=ast.Attribute(value=value)):
            return value
    return None


def covers(function: Function | None) -> str:
    """Say what the `@instrument` on a function covers: "future", "block", "call" or nothing."""
    if function is None or attribute(function) is None:
        return ""
    if isinstance(function, ast.AsyncFunctionDef):
        return "future"
    return "block" if block(function) else "call"


def captures(wrapper: ast.AST) -> bool:
    """Tell whether a wrapper enters what was current where it stands."""
    span = owner_of(wrapper)
    return called(wrapper) == "in_current_span" or called(span or wrapper) in (
        "current", "or_current",
    )  # fmt: skip


def within(node: ast.AST, line: int) -> bool:
    """Tell whether a line is one of those that a node stands on."""
    return bool(node.lineno <= line <= node.end_lineno)  # type: ignore[attr-defined]


class Code:
    """All files of a trace, parsed as far as they are Python."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.modules: dict[str, ast.Module] = {}
        self._up: dict[ast.AST, ast.AST] = {}
        self._bound: defaultdict[ast.AST, defaultdict[str, list[ast.AST]]]
        self._bound = defaultdict(lambda: defaultdict(list))
        self._kept: defaultdict[str, list[ast.AST]] = defaultdict(list)  # in attributes
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
                    self._bound[self._around(node)][node.name].append(node)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    self._bound[self.enclosing(node) or module][name].append(node.value)
                case ast.Assign(targets=[ast.Attribute(attr=name)]):
                    self._kept[name].append(node.value)
                case ast.For(target=ast.Name(id=name)):
                    self._bound[self.enclosing(node) or module][name].append(node.iter)
                case ast.arg(arg=name):
                    self._bound[self._up[self._up[node]]][name].append(node)

    def _around(self, node: ast.AST) -> ast.AST:
        node = self._up[node]
        while not isinstance(node, ast.Module | ast.ClassDef | Function):
            node = self._up[node]
        return node

    # --- places ----------------------------------------------------------------------------------

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

    def span(self, node: Any) -> tuple[int, int]:
        """Give the characters of its file between which a node stands."""
        starts = self._starts[self.file(node)]
        places = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        text = self.sources[self.file(node)]
        start, end = (
            starts[line - 1] + len(text[starts[line - 1] :].encode()[:column].decode())
            for line, column in places
        )
        return start, end

    @cached_property
    def _starts(self) -> Mapping[str, list[int]]:
        return {
            file: [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
            for file, text in self.sources.items()
        }

    def place(self, node: ast.AST) -> tuple[str, int]:
        """Give file and line of a node."""
        return self.file(node), node.lineno  # type: ignore[attr-defined]

    def on(self, file: str, line: int) -> list[ast.AST]:
        """Give every node that stands on a line of a file, the outer ones first."""
        module = self.modules.get(file)
        nodes = ast.walk(module) if module else ()
        return [node for node in nodes if hasattr(node, "lineno") and within(node, line)]

    def exact(self, site: Site) -> ast.AST | None:
        """Find the node that stands exactly at a place: a call, an await, or a statement."""
        if not site.column and not site.end:
            return None  # only its line is known
        at = self._spots.get((site.file, site.end_line, site.end), [])
        starts = [n for n in at if (n.lineno, n.col_offset) == (site.line, site.column)]  # type: ignore[attr-defined]
        calls = [node for node in at if isinstance(node, ast.Call)]  # of a chain over lines
        return next(iter([*starts, *calls[:1]]), None)

    @cached_property
    def _spots(self) -> Spots:
        found: defaultdict[tuple[str, int, int], list[ast.AST]] = defaultdict(list)
        for node in self._up:
            if isinstance(node, ast.expr | ast.stmt) and not isinstance(node, ast.Expr):
                end = node.end_lineno or 0, node.end_col_offset or 0
                found[self.file(node), *end].append(node)
        return found

    # --- what is around --------------------------------------------------------------------------

    def parent(self, node: ast.AST) -> ast.AST:
        """Give what is right around a node."""
        return self._up[node]

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

    def rest(self, statement: ast.AST) -> list[ast.stmt]:
        """Give what follows a statement in its block."""
        for name in BLOCKS:
            found = getattr(self._up[statement], name, None)
            if isinstance(found, list) and statement in found:
                return list(found[found.index(statement) + 1 :])
        return []

    def marked(self, file: str, line: int) -> Function | None:
        """Find the function whose `@instrument` stands on a line."""
        return self._marked.get((file, line))

    @cached_property
    def _marked(self) -> Mapping[tuple[str, int], Function]:
        marks = [(n, attribute(n)) for n in self._up if isinstance(n, Function)]
        return {(self.file(n), mark.lineno): n for n, mark in marks if mark is not None}

    def returned(self, function: Function) -> list[ast.expr]:
        """Give what a function returns."""
        if isinstance(function, ast.Lambda):
            return [function.body]
        found = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value]
        return [value for value in found if self.enclosing(value) is function]

    def is_stream(self, function: Function | None) -> bool:
        """Tell whether a function is an async generator."""
        inside = [n for n in ast.walk(function) if isinstance(n, ast.Yield)] if function else []
        return any(self.enclosing(node) is function for node in inside)

    # --- what a name stands for ------------------------------------------------------------------

    def find(self, node: ast.AST) -> ast.AST | None:
        """Look up what a name, or the function of a call, stands for."""
        if isinstance(node, ast.Name | ast.Attribute):
            return next(reversed(self.values(node)), None)
        return node

    def maker(self, span: ast.AST | None) -> ast.Call | None:
        """Find the call that makes a span, also through the name that it got."""
        found = self.find(span) if isinstance(span, ast.Name) else span
        return found if isinstance(found, ast.Call) and called(found) in MAKERS else None

    def values(self, node: ast.Name | ast.Attribute) -> list[ast.AST]:
        """Give all that a name may stand for, in the nearest scope that binds it."""
        if isinstance(node, ast.Attribute):
            classes = [b for c, b in self._bound.items() if isinstance(c, ast.ClassDef)]
            methods = [bound[node.attr] for bound in classes if node.attr in bound]
            return methods[0] if len(methods) == 1 else self._kept[node.attr]
        scopes, scope = list[ast.AST](), self.enclosing(node)
        while scope is not None:
            scopes.append(scope)
            scope = self.enclosing(scope)
        scopes += [self.modules[self.file(node)], *self.modules.values()]
        return next((self._bound[s][node.id] for s in scopes if node.id in self._bound[s]), [])

    @cached_property
    def calls(self) -> Mapping[ast.AST | None, list[ast.Call]]:
        """Every call of each function."""
        found: defaultdict[ast.AST | None, list[ast.Call]] = defaultdict(list)
        for node in [node for node in self._up if isinstance(node, ast.Call)]:
            found[self.find(node.func)].append(node)
        return found
