"""All files of a folder of Rust: who calls whom, what logs."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from spanlab.yours.audit.file import File, Fn

CALL = re.compile(r"(?:\b(\w+)\s*(::|\.)\s*)?\b([a-z_]\w*)(?:::<[^()]*?>)?\s*\(")
GIVEN = re.compile(r"(::)(\s*)([a-z_]\w*)\s*[,)]")  # by its path, for another to call
DEEP = 6  # calls that are followed
MESSAGE = re.compile(
    r'\b(?:trace|debug|info|warn|error|event)!\s*[({\[](?:[^;]*?,)?\s*"((?:\\.|[^"\\])*)"\s*[,)]',
    re.S,
)
LOGS = re.compile(r"\b(?:trace|debug|info|warn|error|event|(?:\w+_)?span)!\s*[({\[]")
STANDARD = re.compile(  # methods of std and tokio that share a name with many others
    r"(?:new|clone|get|set|push|pop|len|send|recv|insert|remove|iter|map|next|read|write|take|lock|load"
    r"|store|swap|run|collect|unwrap|expect|into|from|drop|join|wait|poll|call|close|flush|clear|start"
    r"|stop)\Z"
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
        for files in self.crates.values():
            own = {fn.name for file in files for fn in file.fns}
            for file in files:
                file.own = own

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
