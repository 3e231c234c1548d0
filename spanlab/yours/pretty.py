"""The format "pretty": several lines for each entry, with colours or without."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from spanlab.yours.entry import Entry, Head, Pairs
from spanlab.yours.fields import PRETTY, Names, read
from spanlab.yours.heads import HEADS, usual
from spanlab.yours.plain import bare

NAME, SPAN = "\x1b\x01", "\x1b\x02"  # marks of what is bold: after a field's name, before a span's
TAIL = ("    at ", "    in ", "    on ")
AT = re.compile(r"    at (.+?)(?::(\d{1,9}))?(?: on (.*))?\Z")
THREAD = re.compile(r"(?:(?P<name>.*?) ?)?(?:ThreadId\((?P<id>\d{1,9})\))?\Z")
TARGET = re.compile(r"((?:[\w./-]|::)+):(?:(\d{1,9}):)? ")
ODD_TARGET = re.compile(r"(?!\d+: )(\S.*?):(?:(\d{1,9}):)? ")
WITH = re.compile(rf" with (?={NAME}|[^\s:]+(?: [^\s:]+)?: |[^\s:]+:[^\s:]+: )")
LINE = re.compile(r"(?:(\d{1,9}):)? ")
PATH = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*\Z")
BOLD_NAME = re.compile(r"\x1b\[1(?:;3\d)?m([^\x1b]*)\x1b\[0m(?:\x1b\[3\dm)?: ")
BOLD_SPAN = re.compile(r"^    \x1b\[2;3min\x1b\[0m (.*?)(?:::)?\x1b\[1m([^\x1b]*)\x1b\[0m")
BOLD_TARGET = re.compile(r"\x1b\[1;3\dm([^\x1b]*)\x1b\[0m\x1b\[3\dm:")


def marked(line: str) -> str:
    """Give a line without colours, with marks where bold says what a name is."""
    if "\x1b" not in line:
        return line
    line = BOLD_SPAN.sub(rf"    in \1{SPAN}\2", line)
    if not line.startswith("    "):
        line = BOLD_TARGET.sub(r"\1:", line, count=1)
    return bare(BOLD_NAME.sub(rf"{NAME}\1{NAME}", line))


class Pretty:
    """Reads entries of several lines, without colours or with marks in their place."""

    def __init__(self, sample: list[str], colours: bool) -> None:
        self.names, self.colours = Names(), colours
        firsts = [
            line[2:] for line in sample if line.startswith("  ") and not line.startswith(TAIL)
        ]
        self.head = HEADS[usual(firsts, ("time level", "level", "time"))]
        rests = [line[found.end() :] for line in firsts if (found := self.head.match(line))]
        many = max(len(rests), 1)
        with_target = (not r.startswith(" ") and bool(ODD_TARGET.match(r)) for r in rests)
        self.target = sum(with_target) > 0.7 * many
        self.targets = Counter(found[1] for rest in rests if (found := TARGET.match(rest)))

    def starts(self, line: str) -> bool:
        """Tell whether an entry begins with this line."""
        if not line.startswith("  ") or line.startswith(TAIL):
            return False
        if not self.head.pattern:
            return line[2:3] != " " or line[3:4] not in (" ", "")
        return bool(self.head.match(line, 2))

    def entry(self, at: int, text: str) -> Entry:
        """Read one entry, all lines of it."""
        lines = text.split("\n")
        last = _tail(lines)
        entry, scope = Entry(at), list[tuple[str, Pairs]]()
        self._first(entry, "\n".join(lines[:last]))
        for line in _joined(lines[last:]):
            if line.startswith("    in "):
                scope.insert(0, self._span(line[7:]))
            else:
                _where(entry.head, line)
        entry.scope = scope
        return entry

    def _first(self, entry: Entry, text: str) -> None:
        head = self.head.match(text, 2)
        assert head
        parts = head.groupdict()
        entry.time = (parts.get("time") or "").strip()
        entry.head.level = (parts.get("level") or "").strip(" []")
        rest = text[head.end() :]
        if self.target and (found := TARGET.match(rest) or ODD_TARGET.match(rest)):
            entry.head.target, entry.head.line = found[1], int(found[2] or 0)
            rest = rest[found.end() :]
        elif not self.target and (found := LINE.match(rest)):
            entry.head.line = int(found[1] or 0)
            rest = rest[found.end() :]
        entry.message, entry.fields, unsure = self._said(rest)
        entry.unsure = ("message",) if unsure else ()

    def _said(self, text: str, only: bool = False) -> tuple[str | None, Pairs, bool]:
        if NAME not in text:
            if self.colours:
                return text, [], False
            found = read(text, PRETTY, self.names, only)
            return found.message, found.fields, found.unsure
        message, *rest = text.split(NAME)
        values = [value.removesuffix(", ") for value in rest[1:-1:2]] + rest[-1:]
        return message.removesuffix(", ") or None, list(zip(rest[::2], values, strict=True)), False

    def _span(self, text: str) -> tuple[str, Pairs]:
        found = WITH.search(text)
        name, known = (text[: found.start()], text[found.end() :]) if found else (text, "")
        if SPAN in name:
            name = name.partition(SPAN)[2]
        elif self.target:
            target = name.rpartition("::")[0]
            if not PATH.match(target):
                starts = (known for known in self.targets if name.startswith(f"{known}::"))
                target = max(starts, key=len, default=target)
            name = name[len(target) + 2 :] if target else name
        return name, self._said(known, only=True)[1] if known else []


def _where(head: Head, line: str) -> None:
    """Read a line that begins with "at" or "on"."""
    thread = line[7:]
    if line.startswith("    at ") and (found := AT.match(line)):
        head.file, head.line, thread = found[1], int(found[2] or head.line), found[3] or ""
    if thread and (on := THREAD.match(thread)):
        head.thread_name = (on["name"] or "").strip()
        head.thread = int(on["id"]) if on["id"] else None


def length(block: Iterable[str]) -> int:
    """Tell how many lines of a block are the entry: up to its last "at", "in" or "on" lines."""
    lines = list(block)
    last = max((n for n, line in enumerate(lines) if line.startswith(TAIL)), default=0)
    blank = next((n for n in range(last, len(lines)) if not lines[n]), len(lines))
    opened = lines[last].count("{") > lines[last].count("}") or lines[last].count('"') % 2
    return blank if opened or not last else last + 1


def _tail(lines: list[str]) -> int:
    """Tell where "at", "on" and "in" begin: at the last "at", else behind the last empty line."""
    tails = [n for n, line in enumerate(lines) if n and line.startswith(TAIL)]
    places = [n for n in tails if lines[n].startswith("    at ")]
    if places:
        return places[-1]
    blank = max((n for n, line in enumerate(lines) if not line), default=0)
    return next((n for n in tails if n > blank), len(lines))


def _joined(lines: list[str]) -> list[str]:
    """Join the lines of a value that has several."""
    joined: list[str] = []
    for line in lines:
        if line.startswith(TAIL) or not joined:
            joined.append(line)
        else:
            joined[-1] += "\n" + line
    return joined
