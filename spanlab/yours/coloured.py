"""The formats "full" and "compact" with colours, whose styles say what each part is.

Names of fields are italic, those of spans bold, target, file and line dim. "compact" dims what
it says of spans at the end, without saying of which.
"""

from __future__ import annotations

import re

from spanlab.yours.entry import Entry, Head, Pairs
from spanlab.yours.shares import MOMENT, End, Shares

FIELD = re.compile(r"\x1b\[3m([^\x1b]*)\x1b\[0m(?:\x1b\[3m([^\x1b]*)\x1b\[0m)?\x1b\[2m=\x1b\[0m")
SPAN = re.compile(
    r"\x1b\[1m([^\x1b]*)\x1b\[0m(?:\x1b\[1m\{\x1b\[0m(.*?)\x1b\[1m\}\x1b\[0m)?"
    r"(?:\x1b\[2m)?:(?:\x1b\[0m)?",
    re.S,
)
HEAD = re.compile(
    r"(?:\x1b\[2m([^\x1b]*)\x1b\[0m )?(?:\x1b\[3\dm(TRACE|DEBUG| INFO| WARN|ERROR)\x1b\[0m )?"
)
THREAD = re.compile(r"(?: *(?P<name>[^\x1b]*?) )??ThreadId\((\d{1,9})\) (?=\x1b|\S)")
NAMED = re.compile(r" *([^\x1b]*?) (?=\x1b\[[12]m)")
PLACE = re.compile(r"\x1b\[2m([^\x1b]*)\x1b\[0m\x1b\[2m:\x1b\[0m")
LINE = re.compile(r"\x1b\[2m(\d{1,9}):\x1b\[0m |\x1b\[2m(\d{1,9})\x1b\[0m\x1b\[2m:\x1b\[0m ?")
LINES = re.compile(r"\d{1,9}", re.A)
GROUP = re.compile(r" \x1b\[2m(?=\x1b\[3m)")


class Coloured:
    """Reads entries with colours; in "compact" the groups of fields are spread over the spans."""

    def __init__(self, sample: list[str]) -> None:
        self.compact = any(GROUP.search(text) for text in sample)
        found = (self._read(0, text) for text in sample) if self.compact else ()
        every = [(MOMENT, entry.names, groups) for entry, groups in found]
        self.shares = Shares(every, most=1)

    def entry(self, at: int, text: str) -> Entry:
        """Read one entry."""
        entry, groups = self._read(at, text)
        names = entry.names
        if self.compact and names:
            (_, *spans), unsure = self.shares.parts(MOMENT, names, groups)
            named = zip(names, spans, strict=True)
            flat = [(name, [pair for unit in part for pair in unit]) for name, part in named]
            entry.scope = flat
            entry.unsure = ("spans",) if unsure else ()
        return entry

    def _read(self, at: int, text: str) -> tuple[Entry, End]:
        head = HEAD.match(text)
        assert head  # all of it is optional
        entry = Entry(at, time=(head[1] or "").strip(), head=Head((head[2] or "").strip()))
        rest = text[head.end() :]
        if found := THREAD.match(rest):
            entry.head.thread_name, entry.head.thread = (found["name"] or "").strip(), int(found[2])
            rest = rest[found.end() :]
        elif not rest.startswith("\x1b") and (found := NAMED.match(rest)):
            entry.head.thread_name = found[1].strip()
            rest = rest[found.end() :]
        end, scope = 0, list[tuple[str, Pairs]]()
        while found := SPAN.match(rest, end):
            scope.append((found[1], _fields(found[2])[1] if found[2] else []))
            end = found.end()
        entry.scope = scope
        rest = self._places(entry.head, rest[end:].removeprefix(" ") if end else rest)
        own, *behind = GROUP.split(rest)
        entry.message, entry.fields = _fields(own)
        return entry, tuple(tuple(_fields(g.removesuffix("\x1b[0m"))[1]) for g in behind)

    def _places(self, head: Head, rest: str) -> str:
        parts = []
        while found := PLACE.match(rest):
            parts.append(found[1])
            rest = rest[found.end() :].removeprefix(" ")
        if found := LINE.match(rest):
            head.line = int(found[1] or found[2])
            rest = rest[found.end() :]
        if parts and LINES.fullmatch(parts[-1]) and not head.line:
            head.line = int(parts.pop())
        for part in parts:
            if part.endswith(".rs"):
                head.file = part
            else:
                head.target = part
        return rest


def _fields(text: str) -> tuple[str | None, Pairs]:
    """Read a message, and fields whose names are in italics."""
    found = list(FIELD.finditer(text))
    if not found:
        return text, []
    fields = []
    for here, after in zip(found, [*found[1:], None], strict=True):
        value = text[here.end() : after.start()] if after else text[here.end() :]
        fields.append((here[1] + (here[2] or ""), value.removesuffix(" ") if after else value))
    return text[: found[0].start()].removesuffix(" ") or None, fields
