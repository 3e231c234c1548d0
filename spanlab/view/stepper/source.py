"""What the source says of a place: which function it is in, and how long a guard there lives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import NamedTuple

from spanlab.record import SpanEntered
from spanlab.traces import Trace
from spanlab.view.stepper.states import exits

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = FUNCTIONS | ast.With | ast.AsyncWith


class Block(NamedTuple):
    """A function, or a `with` block, which has no name; `outer` is the function around it."""

    name: str
    is_async: bool
    first: int
    last: int
    outer: str
    awaits: list[int]


class Guard(NamedTuple):
    """One entry by a guard: the records that begin and end it, and the lines it should live for.

    `awaits` are the lines of those in which its task may wait while it is held.
    """

    entered: int
    exited: int | None
    file: str
    first: int
    last: int
    awaits: list[int]


class Source:
    """The files of a trace, each read once; of one that cannot be read nothing is known."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._read: dict[str, list[Block]] = {}

    def _blocks(self, file: str) -> list[Block]:
        if file not in self._read:
            self._read[file] = []
            with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                tree = ast.parse(self._trace.sources.get(file, ""))
                self._read[file] = list(_blocks(tree, ""))
        return self._read[file]

    def function(self, file: str, line: int) -> Block | None:
        """Give the innermost function around a line."""
        around = (b for b in self._blocks(file) if b.name and b.first <= line <= b.last)
        return max(around, key=lambda block: block.first, default=None)

    def around(self, file: str, lines: set[int]) -> list[Block]:
        """Give the outermost functions in which one of these lines is, and all that is in them."""
        blocks = self._blocks(file)
        outer = [b for b in blocks if b.name and not b.outer and lines & {*range(b.first, b.last)}]
        return [b for b in blocks if any(o.first <= b.first <= b.last <= o.last for o in outer)]

    @cached_property
    def guards(self) -> list[Guard]:
        """Every entry by a guard whose lines can be told, in order."""
        exited = exits(self._trace)
        return [
            Guard(by.index, exited.get(by.index), by.file, *lines)
            for by in self._trace.of(SpanEntered)
            if by.future is None and by.line and (lines := self._held(by.file, by.line))
        ]

    def _held(self, file: str, line: int) -> tuple[int, int, list[int]] | None:
        """Give the lines from a guard to the end of its block, and in which of them it may wait."""
        here = (b for b in self._blocks(file) if not b.name and b.first == line)
        block = next(here, None) or self.function(file, line)
        return block and (line, block.last, [at for at in block.awaits if at >= line])


def _blocks(node: ast.AST, outer: str) -> Iterator[Block]:
    """Give the functions, the `with` blocks and the calls of `in_scope` below a node."""
    for child in ast.iter_child_nodes(node):
        name, is_async = getattr(child, "name", ""), isinstance(child, ast.AsyncFunctionDef)
        called = getattr(getattr(child, "func", None), "attr", "")
        if isinstance(child, BLOCKS) or (isinstance(child, ast.Call) and called == "in_scope"):
            marks = [mark.lineno for mark in getattr(child, "decorator_list", ())]
            lines = min([child.lineno, *marks]), child.end_lineno or child.lineno
            yield Block(name, is_async, *lines, outer, sorted(set(_awaits(child))))
        yield from _blocks(child, name if isinstance(child, FUNCTIONS) else outer)


def _awaits(block: ast.AST) -> Iterator[int]:
    """Give the lines in which a block awaits something, but not those of functions inside it."""
    for child in ast.iter_child_nodes(block):
        if isinstance(child, ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield child.lineno
        if not isinstance(child, FUNCTIONS | ast.Lambda):
            yield from _awaits(child)
