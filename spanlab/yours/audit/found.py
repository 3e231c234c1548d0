"""What an audit finds: a place, the evidence, and the ways to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from functools import cached_property
from pathlib import Path

from spanlab.view.words import count
from spanlab.yours.audit.file import Edit, File
from spanlab.yours.audit.tree import error_in

ALARM = 4.0  # what evidence is worth together where a finding is shown


@dataclass(frozen=True, slots=True)
class Way:
    """One way to go on: child, linked, root, nothing or message; what it does, what to write."""

    kind: str
    does: str
    make: Callable[[], list[Edit]] = field(repr=False, compare=False)

    @property
    def edits(self) -> list[Edit]:
        return self.make()

    @property
    def line(self) -> str:
        """The line to write, as it stands then; empty if nothing is to be written."""
        edits = self.edits
        if not edits:
            return ""
        first = max(edits, key=lambda edit: len(edit.new) * ("use " not in edit.new[:4]))
        text = self.repaired()[first.file.path]
        ahead = sum(
            len(e.new) - (e.end - e.begin)
            for e in edits
            if e.file is first.file and e.begin < first.begin
        )
        begin = first.begin + ahead
        whole = first.new.rstrip()
        skip = len(whole) - len(whole.lstrip())
        start = text.rfind("\n", 0, begin + skip) + 1
        end = text.find("\n", begin + len(whole) - 1)
        lines = text[start : end if end >= 0 else None].split("\n")
        return "\n".join(lines if len(lines) < 8 else [*lines[:3], "    …", *lines[-3:]]).strip(
            "\n"
        )

    def repaired(self) -> dict[Path, str]:
        """Give the text of each file that this way changes, as it would be; nothing is written."""
        files: dict[File, list[Edit]] = {}
        for edit in self.edits:
            files.setdefault(edit.file, []).append(edit)
        return {file.path: _edited(file, edits) for file, edits in files.items()}

    @property
    def patch(self) -> str:
        """Give what it changes as a patch."""
        new = self.repaired()
        old = {edit.file.path: edit.file.text for edit in self.edits}
        return "".join(
            line if line.endswith("\n") else f"{line}\n"
            for path in new
            for line in unified_diff(
                _utf8(old[path]).splitlines(True), new[path].splitlines(True), str(path), str(path)
            )
        )


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")


def _edited(file: File, edits: Iterable[Edit]) -> str:
    text = file.text
    for edit in sorted(edits, key=lambda e: (e.begin, e.end), reverse=True):
        text = text[: edit.begin] + edit.new.encode().decode("latin-1") + text[edit.end :]
    return _utf8(text)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the source that loses or holds a span, probably.

    `why` is the evidence, in words; `asks` what syntax cannot tell. `fits` names the way of
    `ways` that fits best as far as the source tells.
    """

    kind: str
    file: Path
    line: int
    fn: str
    score: float
    why: tuple[str, ...]
    fits: str
    ways: tuple[Way, ...]
    asks: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()  # of what runs there
    span: str = ""

    @property
    def way(self) -> Way:
        """The way that fits."""
        return next(way for way in self.ways if way.kind == self.fits)

    def __str__(self) -> str:
        head = f"{self.file}:{self.line} {KINDS[self.kind]}, in `{self.fn}`"
        rows = [f"{head}: {'; '.join(self.why)}."]
        rows += [f"  Not told by the source: {asked}" for asked in self.asks]
        for way in self.ways:
            rows.append(f"  {'→' if way is self.way else ' '} {way.kind}: {way.does}.")
            rows += [f"      {line}" for line in way.line.splitlines() if way is self.way]
        return "\n".join(rows)


KINDS = {
    "spawn": "a task is spawned without its span",
    "joinset": "a task of a set is spawned without its span",
    "spawn_blocking": "a closure goes to the blocking pool without its span",
    "thread_spawn": "a closure goes to another thread without its span",
    "nested_helper": "work is handed to a helper that spawns it without its span",
    "guard_await": "a guard is held over an await",
    "instrument_handle": "`instrument` is on the handle, not on the task",
    "future_block_uncovered": "the span covers the making of a future, not its polls",
    "stream": "the span covers the making of a stream, not its polls",
    "current_captured": "the current span is kept by what outlives it",
    "message": "a message is sent without its span",
    "outlives": "a task that nobody waits for holds the span open",
}


class Audit(tuple[Finding, ...]):
    """Findings, the surest first. `asks` are those that the source alone cannot decide.

    `files` are those that were read; it is told which of them do not parse.
    """

    asks: tuple[Finding, ...] = ()
    looked: int = 0
    files: tuple[File, ...] = ()

    @cached_property
    def unparsed(self) -> dict[Path, int]:
        """The files that do not parse as Rust, with the line of the first error."""
        wrong = ((file, error_in(file)) for file in self.files)
        return {file.path: line for file, line in wrong if line}

    @property
    def note(self) -> str:
        """What is said where nothing is found, and of what does not parse."""
        said = [f"{path}:{line} does not parse as Rust." for path, line in self.unparsed.items()]
        if (read := len(self.files) - len(said)) and not self and not self.looked:
            where = count(read, "file")
            said.append(f"No place in {where} starts work elsewhere, or holds or keeps a span.")
        elif not self and self.looked:
            said.append(f"Nothing is suspicious in {count(self.looked, 'place')}.")
        return "\n".join(said)

    def __str__(self) -> str:
        return "\n".join(filter(None, [*map(str, self), self.note]))

    def __repr__(self) -> str:
        return f"<Audit: {count(len(self), 'finding')} in {count(self.looked, 'place')}>"


def ranked(found: Iterable[Finding], looked: int) -> Audit:
    """Rank findings; each place once."""
    best: dict[tuple[Path, int], Finding] = {}
    for one in sorted(found, key=lambda f: -f.score):
        best.setdefault((one.file, one.line), one)
    audit = Audit(one for one in best.values() if one.score >= ALARM)
    asked = (one for one in best.values() if 0 < one.score < ALARM)
    audit.asks = tuple(replace(one, asks=one.asks or ("whether it is meant so",)) for one in asked)
    audit.looked = looked
    return audit
