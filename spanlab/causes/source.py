"""The code of a run as a tree: the node behind a place, and what a name stands for.

A name is looked up as Python does it, from the inside out. What cannot be told from the code
alone is left open: there is then no way to follow, and views say less.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate, takewhile
from typing import Any, TypeVar

from spanlab.evidence.sites import Site
from spanlab.evidence.syntax import Function, attribute, block

Node = TypeVar("Node", bound=ast.AST)
Scope = Function | ast.Module
FUTURES = ("spawn", "spawn_local")  # are given a future
SPAWNS = (*FUTURES, "spawn_blocking", "spawn_thread")  # the others a function
GUARDS = ("enter", "entered", "in_scope")
ADDS = ("append", "appendleft", "push", "push_back", "add", "put")  # to what is kept
MAKERS = ("trace_span", "debug_span", "info_span", "warn_span", "error_span", "span")


def called(node: ast.AST | None) -> str:
    """Name what a call calls, without what stands before the last dot."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def owner_of(call: ast.AST | None) -> ast.expr | None:
    """Give what stands before the dot of a method that is called."""
    match call:
        case ast.Call(func=ast.Attribute(value=value)):
            return value
    return None


def covers(function: Function | None) -> str:
    """Say what the `@instrument` on a function covers: "future", "block", "call" or nothing."""
    if function is None or attribute(function) is None:
        return ""
    is_lazy = isinstance(function, ast.AsyncFunctionDef)
    return "future" if is_lazy else "block" if block(function) else "call"


def named(call: ast.expr | None, otherwise: str = "?") -> str:
    """Give the name that a macro, or the attribute, is called with."""
    named = [k.value for k in getattr(call, "keywords", ()) if k.arg == "name"]
    given = [*getattr(call, "args", ()), *named]
    names = [str(node.value) for node in given if isinstance(node, ast.Constant)]
    return names[-1] if names else otherwise


def captures(wrapper: ast.AST) -> bool:
    """Tell whether a wrapper enters what was current where it stands."""
    makes = called(wrapper), called(owner_of(wrapper) or wrapper)
    return not {"in_current_span", "current", "or_current"}.isdisjoint(makes)


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[Any, ast.AST]]:
    """Give what each of some names may stand for."""
    names, values = (n.elts if isinstance(n, ast.Tuple) else [n] for n in (target, value))
    return [*zip(names, values if len(values) == len(names) else [value] * len(names), strict=True)]


def arguments(function: Function, call: ast.Call) -> dict[str, ast.expr]:
    """Give what a call gives, by the names of the arguments."""
    names = [arg.arg for arg in function.args.args if arg.arg != "self"]
    return dict(zip(names, call.args, strict=False)) | {str(k.arg): k.value for k in call.keywords}


def lines(node: Any) -> range:
    """Give the lines on which a node stands."""
    return range(node.lineno, node.end_lineno + 1)


class Code:
    """All files of a trace, parsed as far as they are Python."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.bytes: dict[str, bytes] = {}  # of what is Python
        self.file: dict[ast.AST, str] = {}
        self.parent: dict[ast.AST, ast.AST] = {}
        self.ways: dict[Any, Any] = {}  # from a node back to another, as far as they were asked for
        self._modules: dict[str, ast.Module] = {}
        self._bound: defaultdict[tuple[ast.AST | None, str], list[ast.AST]] = defaultdict(list)
        for file, text in sources.items():
            try:
                module, self.bytes[file] = ast.parse(text), text.encode()
                self._modules[file] = module
            except (SyntaxError, ValueError, RecursionError, MemoryError):  # nested too deep
                continue  # Rust, or nothing at all
            for node in ast.walk(module):
                self.file[node] = file
                self.parent |= dict.fromkeys(ast.iter_child_nodes(node), node)
                for mark in getattr(node, "decorator_list", ()):  # it stands outside its function
                    self.parent[mark] = self.parent[node]
                self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        """Note what a name may stand for, in its scope; an attribute has none."""
        bound = list[tuple[Any, ast.AST]]()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                bound = [(ast.Name(name), node)]
            case ast.Assign(targets=targets, value=value):
                bound = [pair for target in targets for pair in _pairs(target, value)]
            case ast.For(target=target, iter=value) | ast.NamedExpr(target=target, value=value):
                bound = _pairs(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                bound = [(target, value)]
            case ast.Call(func=ast.Attribute(value=many, attr=how), args=[*_, last]) if how in ADDS:
                bound = [(many, last)]
        scope = next((n for n in self.around(node) if isinstance(n, Scope | ast.ClassDef)), None)
        for target, found in bound:
            kept = isinstance(target, ast.Attribute) or isinstance(scope, ast.ClassDef)
            name = getattr(target, "id", getattr(target, "attr", ""))
            self._bound[None if kept else scope, name].append(found)

    # --- places ----------------------------------------------------------------------------------

    def line(self, file: str, line: int) -> str:
        """Give one line of the source."""
        found = self.sources.get(file, "").splitlines()
        return found[line - 1] if 0 < line <= len(found) else ""

    def text(self, node: ast.AST) -> str:
        """Give the source of a node."""
        start, end = self.span(node)
        return self.bytes[self.file[node]][start:end].decode()

    def span(self, node: Any) -> tuple[int, int]:
        """Give the bytes of its file between which a node stands."""
        starts = self._starts[self.file[node]]
        start = starts[node.lineno - 1] + node.col_offset
        return start, starts[node.end_lineno - 1] + node.end_col_offset

    @cached_property
    def _starts(self) -> Mapping[str, list[int]]:
        lengths = {file: map(len, text.splitlines(True)) for file, text in self.bytes.items()}
        return {file: [*accumulate(found, initial=0)] for file, found in lengths.items()}

    def place(self, node: Any) -> tuple[str, int]:
        """Give file and line of a node."""
        return self.file[node], node.lineno

    def exact(self, site: Site) -> ast.AST | None:
        """Find the node that stands exactly at a place: a call, an await, or a statement."""
        at = self._ends.get((site.file, site.end_line, site.end), [])
        starts = [node for node in at if (node.lineno, node.col_offset) == (site.line, site.column)]
        calls = [node for node in at if isinstance(node, ast.Call)]  # of a chain over lines
        return next(iter([*starts, *calls]), None)

    @cached_property
    def _ends(self) -> Mapping[tuple[str, int, int], list[Any]]:
        found = defaultdict(list)
        for node, file in self.file.items():
            if isinstance(node, ast.expr | ast.stmt) and not isinstance(node, ast.Expr):
                found[file, node.end_lineno or 0, node.end_col_offset or 0].append(node)
        return found

    def blocks(self, file: str) -> list[range]:
        """Give the lines of each statement of a file, a function with its decorators."""
        tops: list[Any] = getattr(self._modules.get(file), "body", [])
        firsts = [[*getattr(top, "decorator_list", ()), top][0] for top in tops]
        return [range(a.lineno, b.end_lineno + 1) for a, b in zip(firsts, tops, strict=True)]

    # --- what is around, and what is inside ------------------------------------------------------

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Give what is around a node, inside out."""
        while node in self.parent:
            yield (node := self.parent[node])

    def up(self, node: ast.AST) -> Iterator[ast.AST]:
        """Give what is around a node, inside out, up to its function."""
        return takewhile(lambda outer: not isinstance(outer, Scope), self.around(node))

    def enclosing(self, node: ast.AST) -> Function | None:
        """Find the function around a node."""
        return next((outer for outer in self.around(node) if isinstance(outer, Function)), None)

    def inside(self, function: Function, kind: type[Node]) -> list[Node]:
        """Find what a function has of a kind, itself and not in functions inside it."""
        found = [node for node in ast.walk(function) if isinstance(node, kind)]
        return [node for node in found if self.enclosing(node) is function]

    def returned(self, function: Function) -> list[ast.expr]:
        """Give what a function returns."""
        if isinstance(function, ast.Lambda):
            return [function.body]
        return [node.value for node in self.inside(function, ast.Return) if node.value]

    @cached_property
    def marked(self) -> Mapping[tuple[str, int], Function]:
        """The functions that have an `@instrument`, by the place of that."""
        functions = [node for node in self.file if isinstance(node, Function)]
        return {self.place(mark): n for n in functions if (mark := attribute(n)) is not None}

    # --- what a name stands for ------------------------------------------------------------------

    def find(self, node: ast.AST | None) -> ast.AST | None:
        """Look up what a name, or the function of a call, stands for."""
        return next(reversed(self._named(node)), None) if node is not None else None

    def _named(self, node: ast.AST) -> list[ast.AST]:
        match node:
            case ast.Attribute(attr=name):
                found = self._bound.get((None, name), [])
                return found if sum(isinstance(value, Function) for value in found) < 2 else []
            case ast.Name(id=name):  # in the nearest scope that binds it
                scopes = [(scope, name) for scope in [*self.around(node), *self._modules.values()]]
                return next((self._bound[key] for key in scopes if key in self._bound), [])
        return [node]

    def values(self, node: ast.AST) -> list[ast.AST]:
        """Give all that an expression may stand for, also as an argument, or as one of many."""
        todo, seen, ends = [node], {node}, list[ast.AST]()
        for one in todo:  # it grows meanwhile
            found = self.given(one) if isinstance(one, ast.arg) else self._named(one)
            found = one.elts if isinstance(one, ast.Tuple | ast.List) else found
            if found == [one]:
                ends.append(one)
            todo += dict.fromkeys(value for value in found if value not in seen)
            seen.update(found)
        return ends

    def given(self, arg: ast.arg) -> list[ast.expr]:
        """Give what calls of a function give for one of its arguments."""
        function = next(node for node in self.around(arg) if isinstance(node, Function))
        found = [arguments(function, call) for call in self.calls[function]]
        return [given[arg.arg] for given in found if arg.arg in given]

    def maker(self, span: ast.AST | None) -> ast.Call | None:
        """Find the call that makes a span, also through the name that it got."""
        found = self.find(span) if isinstance(span, ast.Name) else span
        return found if isinstance(found, ast.Call) and called(found) in MAKERS else None

    def is_eager(self, node: ast.AST) -> bool:
        """Tell whether a call does at once what depends on the stack, and is not only a future."""
        plain = isinstance(node, ast.Call) and isinstance(self.find(node.func), ast.FunctionDef)
        return plain or captures(node) or called(node) in (*SPAWNS, *MAKERS)

    @cached_property
    def calls(self) -> Mapping[ast.AST | None, list[ast.Call]]:
        """Every call of each function."""
        found = defaultdict(list)
        for node in [node for node in self.file if isinstance(node, ast.Call)]:
            found[self.find(node.func)].append(node)
        return found
