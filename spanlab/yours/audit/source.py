"""Rust source as far as words tell: files, functions, who calls whom, what logs."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

BLANKED = re.compile(
    r'//[^\n]*|/\*.*?\*/|\br(#*)".*?"\1|"(?:\\.|[^"\\])*"|\'(?:\\[^\n\']+|[^\'\\\n])\'', re.S
)
FN = re.compile(r"fn\s+(\w+)")
OWNER = re.compile(r"\b(?:impl\b|trait\s+\w)[^{;]*\{")
MARKS = re.compile(r"[()\[\]{;]")
TYPED = re.compile(r"(\w+)\s*:\s+([^,(){};=]+)")
TEST = re.compile(r"\b(?:test|bench)\b")
DEEP = 6  # calls that are followed
INNER = re.compile(r"\bmod\s+\w+\s*\{")
CALL = re.compile(r"(?:\b(\w+)\s*(::|\.)\s*)?\b([a-z_]\w*)(?:::<[^()]*?>)?\s*\(")
GIVEN = re.compile(r"(::)(\s*)([a-z_]\w*)\s*[,)]")  # by its path, for another to call
MESSAGE = re.compile(
    r'\b(?:trace|debug|info|warn|error|event)!\s*[({\[](?:[^;]*?,)?\s*"((?:\\.|[^"\\])*)"\s*[,)]',
    re.S,
)
LOGS = re.compile(r"\b(?:trace|debug|info|warn|error|event|(?:\w+_)?span)!\s*[({\[]")
ATTRIBUTE = re.compile(r"#\[(?:tracing::|cfg_attr\([^]]*?)?instrument\b")
STANDARD = re.compile(  # methods of std and tokio that share a name with many others
    r"(?:new|clone|get|set|push|pop|len|send|recv|insert|remove|iter|map|next|read|write|take|lock|load"
    r"|store|swap|run|collect|unwrap|expect|into|from|drop|join|wait|poll|call|close|flush|clear|start"
    r"|stop)\Z"
)


def blank(text: str) -> str:
    """Blank comments and what strings say; all else keeps its place."""

    def spaces(found: re.Match[str]) -> str:
        word = found[0]
        inside = re.sub(r"[^\n]", " ", word[1:-1])
        return f'"{inside}"' if word[-1] == '"' else re.sub(r"[^\n]", " ", word)

    return BLANKED.sub(spaces, text)


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


class File:
    """A file: its text, its code without comments and strings, its functions."""

    def __init__(self, path: Path, crate: str, beside: bool) -> None:
        self.path, self.crate, self.beside = path, crate, beside
        self.text = path.read_bytes().decode("latin-1")  # an offset is one of bytes
        self.code = blank(self.text)

    def line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

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


class Source:
    """All files of a folder, and what their functions call."""

    def __init__(self, files: list[File]) -> None:
        self.files = files
        self.crates: defaultdict[str, list[File]] = defaultdict(list)
        self.named: defaultdict[str, list[Fn]] = defaultdict(list)
        self.near: defaultdict[tuple[str, str], list[Fn]] = defaultdict(list)
        self.known: dict[Fn, bool] = {}
        self.calling: dict[str, dict[str, list[tuple[File, int]]]] = {}
        for file in files:
            self.crates[file.crate].append(file)
            for fn in file.fns:
                self.named[fn.name].append(fn)
                self.near[file.crate, fn.name].append(fn)

    def callers(self, fn: Fn) -> list[tuple[File, int]]:
        """Give where the name of a function is called: in its crate, else in another."""
        return self._called(fn.file.crate).get(fn.name) or [
            place
            for crate in (self.crates if len(self.crates) < 60 else ())
            for place in self._called(crate).get(fn.name, ())
        ]

    def _called(self, crate: str) -> dict[str, list[tuple[File, int]]]:
        if crate not in self.calling:
            found: defaultdict[str, list[tuple[File, int]]] = defaultdict(list)
            for file in self.crates[crate]:
                for call in chain(CALL.finditer(file.code), GIVEN.finditer(file.code)):
                    if (
                        call[3] in self.named
                        and file.code[call.start(3) - 3 : call.start(3)] != "fn "
                    ):
                        found[call[3]].append((file, call.start(3)))
            self.calling[crate] = found
        return self.calling[crate]

    def resolve(self, file: File, fn: Fn | None, before: str, dot: str, name: str) -> list[Fn]:
        """Find what a call may run: in this crate, and first in this file, else anywhere."""
        known = self.near.get((file.crate, name)) or []
        if not known and dot != ".":
            known = [one for one in self.named.get(name, ()) if "pub" in one.head]
        if not known:
            return []
        if before in ("self", "Self") and fn is not None:
            known = [one for one in known if one.owner == fn.owner] or known
        elif dot == "::" and before[:1].isupper():
            known = [one for one in known if one.owner == before]
        elif dot == "." and STANDARD.match(name) and before != "self":
            kind = fn.names(before) if fn is not None and before else ""
            known = [one for one in known if one.owner and one.owner in kind]
        elif not dot:
            known = [one for one in known if not one.owner] or known
        here = [one for one in known if one.file is file] if len(known) > 1 else []
        return (here or known)[:8]

    def calls(self, file: File, begin: int, end: int) -> Iterator[tuple[str, list[Fn]]]:
        """Give what a stretch of code calls."""
        fn = file.fn(begin)
        for call in CALL.finditer(file.code, begin, end):
            yield call[3], self.resolve(file, fn, call[1] or "", call[2] or "", call[3])

    def logs(self, file: File, begin: int, end: int, deep: int = 0) -> str:
        """Say how a stretch of code logs: itself, or the name of what it calls; empty if not."""
        if LOGS.search(file.code, begin, end):
            return "logs"
        for name, found in self.calls(file, begin, end):
            if any(self.fn_logs(fn, deep) for fn in found):
                return f"calls `{name}`, which logs"
        return ""

    def messages(self, *work: tuple[File, int, int]) -> tuple[str, ...]:
        """Give what code says that it logs, itself or in what it calls."""
        said: list[str] = []
        for file, begin, end in self.deeper(work):
            said += MESSAGE.findall(file.text, begin, end)
        return tuple(dict.fromkeys(said))

    def deeper(self, work: Iterable[tuple[File, int, int]]) -> Iterator[tuple[File, int, int]]:
        """Give stretches of code, each followed by the functions that it calls."""
        for file, begin, end in work:
            yield file, begin, end
            for _, found in self.calls(file, begin, end):
                yield from ((fn.file, fn.body, fn.end) for fn in found)

    def fn_logs(self, fn: Fn, deep: int = 0) -> bool:
        """Tell whether a function logs or makes a span, or calls one that does."""
        if fn not in self.known:
            if deep > DEEP:
                return False
            self.known[fn] = False  # for one that calls itself
            said = fn.has_attribute or bool(self.logs(fn.file, fn.body, fn.end, deep + 1))
            self.known[fn] = said
        return self.known[fn]


def read(path: Path) -> Source:
    """Read all Rust files under a path, but for what was built or fetched."""
    return Source(list(_files(path)))


def _files(path: Path) -> Iterator[File]:
    if path.is_file():
        yield File(path, str(path.parent), False)
    crates: dict[str, str] = {}
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(set(folders) - {"target", "vendor", ".git", "node_modules"})
        above = crates.get(os.path.dirname(folder), folder)
        crates[folder] = folder if "Cargo.toml" in names else above
        beside = bool({"tests", "benches", "examples"} & {*folder.split(os.sep)[-2:]})
        for name in sorted(names):
            if name.endswith(".rs"):
                yield File(Path(folder, name), crates[folder], beside)
