"""A file of Rust as far as words tell: its code without comments and strings, its functions."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

BLANKED = re.compile(
    r'//[^\n]*|/\*.*?\*/|\br(#*)".*?"\1|"(?:\\.|[^"\\])*"|\'(?:\\[^\n\']+|[^\'\\\n])\'', re.S
)
FN = re.compile(r"fn\s+(\w+)")
OWNER = re.compile(r"\b(?:impl\b|trait\s+\w)[^{;]*\{")
MARKS = re.compile(r"[()\[\]{;]")
INNER = re.compile(r"\bmod\s+\w+\s*\{")


def blank(text: str) -> str:
    """Blank comments and what strings say; all else keeps its place."""

    def spaces(found: re.Match[str]) -> str:
        word = found[0]
        inside = re.sub(r"[^\n]", " ", word[1:-1])
        return f'"{inside}"' if word[-1] == '"' else re.sub(r"[^\n]", " ", word)

    return BLANKED.sub(spaces, text)


class Edit(NamedTuple):
    """A stretch of a file, and what to write there."""

    file: File
    begin: int
    end: int
    new: str


@dataclass(eq=False, slots=True)
class Fn:
    """A function: where it stands, what it is called, what stands before it."""

    file: File
    name: str
    owner: str
    begin: int
    body: int
    end: int
    head: str

    @property
    def code(self) -> str:
        return self.file.code[self.begin : self.end]

    @property
    def inside(self) -> str:
        return self.file.code[self.body : self.end]

    @property
    def has_attribute(self) -> bool:
        return "instrument" in self.head and bool(ATTRIBUTE.search(self.head))

    @property
    def span(self) -> str:
        """The name of the span of its attribute."""
        head = self.file.text[self.begin - len(self.head) : self.begin]
        named = re.search(r'instrument\([^]]*?\bname\s*=\s*"([^"]*)"', head, re.S)
        return named[1] if named else self.name

    @property
    def is_async(self) -> bool:
        return bool(re.search(r"\basync\b", self.head.rpartition("]")[2]))

    @property
    def returns(self) -> str:
        _, arrow, kind = self.file.code[self.begin : self.body].rpartition("->")
        return kind if arrow else ""

    @property
    def is_test(self) -> bool:
        named = "test" in self.head or "bench" in self.head
        return (named and bool(TEST.search(self.head))) or self.file.tests(self.begin)

    def names(self, word: str) -> str:
        """Give the type that a parameter, or a field of a file's structs, was declared with."""
        head = self.file.code[self.begin : self.body]
        own = {found[1]: found[2] for found in TYPED.finditer(head)} if word in head else {}
        return own.get(word) or self.file.typed.get(word, "")


TYPED = re.compile(r"(\w+)\s*:\s+([^,(){};=]+)")
AS_SPAN = re.compile(r"(\w+)\s*:\s*[&\w<]*?(?:\w+::)*\Z")
TEST = re.compile(r"\b(?:test|bench)\b")
ATTRIBUTE = re.compile(r"#\[(?:tracing::|cfg_attr\([^]]*?)?instrument\b")


class File:
    """A file: its text, its code without comments and strings, its functions."""

    def __init__(self, path: Path, crate: str, beside: bool) -> None:
        self.path, self.crate, self.beside = path, crate, beside
        self.text = path.read_bytes().decode("latin-1")  # an offset is one of bytes
        self.code = blank(self.text)
        self.own: set[str] = set()  # the names of the functions of its crate

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    @cached_property
    def spans(self) -> set[str]:
        """The names that are declared as spans, anywhere."""
        found = (
            AS_SPAN.search(self.code, max(word.start() - 60, 0), word.start())
            for word in re.finditer(r"Span\b", self.code)
        )
        return {name[1] for name in found if name}

    @cached_property
    def typed(self) -> dict[str, str]:
        """The types that names are declared with, anywhere."""
        return {found[1]: found[2] for found in TYPED.finditer(self.code)}

    @cached_property
    def closing(self) -> dict[int, int]:
        """Each brace that opens, and behind the one that closes it."""
        opened, closed = list[int](), dict[int, int]()
        for brace in re.finditer(r"[{}]", self.code):
            if brace[0] == "{":
                opened.append(brace.start())
            elif opened:
                closed[opened.pop()] = brace.end()
        return closed

    @cached_property
    def fns(self) -> list[Fn]:
        return list(self._fns())

    def _fns(self) -> Iterator[Fn]:
        code, closing, owners = self.code, self.closing, list[tuple[int, int, str]]()
        for found in OWNER.finditer(code):
            words = re.split(r"\bwhere\b", re.sub(r"<[^<>]*>", "", found[0][:-1]))[0]
            owners.append((found.end(), closing.get(found.end() - 1, 0), words.split()[-1]))
        for found in FN.finditer(code):
            begin, depth, body = found.start(), 0, 0
            for mark in MARKS.finditer(code, found.end()):
                if mark[0] in "([":
                    depth += 1
                elif mark[0] in ")]":
                    depth -= 1
                elif depth == 0:
                    body = mark.start() if mark[0] == "{" else 0
                    break
            if end := closing.get(body, 0) if body else 0:
                inside = [name for at, stop, name in owners if at < begin < stop]
                owner = inside[-1].rpartition("::")[2] if inside else ""
                before = max(code.rfind("}", 0, begin), code.rfind(";", 0, begin))
                before = max(before, code.rfind("{", 0, begin)) + 1
                yield Fn(self, found[1], owner, begin, body, end, code[before:begin])

    @cached_property
    def starts(self) -> list[int]:
        return [fn.begin for fn in self.fns]

    def fn(self, at: int) -> Fn | None:
        """Find the function that a place lies in, the innermost."""
        for index in range(bisect_right(self.starts, at) - 1, -1, -1):
            if self.fns[index].body <= at < self.fns[index].end:
                return self.fns[index]
        return None

    @cached_property
    def inner(self) -> list[tuple[int, int]]:
        """The modules inside, from behind the brace that opens to the one that closes."""
        opens = (found.end() - 1 for found in INNER.finditer(self.code))
        return [(at + 1, self.closing.get(at, at)) for at in opens]

    def tests(self, at: int) -> bool:
        """Tell whether a place lies in a test, a bench or an example."""
        return self.beside or any(
            begin <= at < end and "cfg(test)" in self.code[max(begin - 80, 0) : begin]
            for begin, end in self.inner
        )
