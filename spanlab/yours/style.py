"""How a log is written, learned from its beginning; with that, the rest is read line by line."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from spanlab.yours import objects
from spanlab.yours.chain import Chains
from spanlab.yours.coloured import Coloured
from spanlab.yours.compact import learned, shared
from spanlab.yours.entry import MOMENTS, Entry, moments
from spanlab.yours.fields import IDENT, Names
from spanlab.yours.heads import HEADS, LEVELS, OTHER, OTHERS, TIME, usual
from spanlab.yours.oneline import Lines
from spanlab.yours.plain import Plain, bare
from spanlab.yours.pretty import Pretty, length, marked
from spanlab.yours.shares import Shares

Line = tuple[int, str]  # its offset in bytes, and its text
Block = list[Line]

SAMPLE = 4000  # lines that a log is learned from
LONGEST = 2000  # lines of one entry
KNOWS_JSON = re.compile(r'\{"?(?:.{0,2000}?"(?:level|timestamp|fields|message|msg)":|\s*\Z)')
PRETTY = re.compile(
    rf"    (?:at \S.*\.rs|in \S+|on \S+)|  (?! *\d+\.\d{{9}}s )(?:(?:{TIME}) )?(?:{LEVELS}) "
)
ONE_LINE = re.compile(rf"(?:(?:{TIME}) )?(?:{LEVELS}) |(?:{TIME}) | *\S* ?ThreadId")


class Style:
    """What one log looks like: `format`, and who reads its entries.

    It can be pickled, and reads any part of the log that begins where a line does.
    """

    def __init__(self, sample: Iterable[str]) -> None:
        raw = list(islice(sample, SAMPLE))
        while raw and not raw[-1].strip():
            raw.pop()
        self.plain = Plain(raw)
        lines = [self.plain(line) for line in raw]
        self.colours = self.plain.colours and not self.plain.old
        self.bare: Callable[[str], str] = bare if self.colours else str
        full = [self.bare(line) for line in lines if line.strip()]
        self.format = _format(full)
        self.head = HEADS[usual(full)]
        self.lines: Lines | None = None
        self.coloured: Coloured | None = None
        self.pretty: Pretty | None = None
        self.shares: Shares | None = None
        self.spanless = False
        self.untold = False  # whether an entry is a moment of a span
        self.kinds: frozenset[str] = frozenset()  # of what happens to spans, as far as it is told
        self.goes_on: set[str] = set()  # places whose entries have several lines
        self.strangers: set[str] = set()  # lines that follow entries of different places
        getattr(self, f"_learn_{self.format}", self._learn_line)(lines, full)

    # --- learning --------------------------------------------------------------------------------

    def _learn_json(self, lines: list[str], full: list[str]) -> None:
        if other := _other(full):
            self.format = other
            return
        found = list(self.entries(enumerate(lines)))
        shown = any(map(objects.shows_spans, full))
        self.untold = not shown
        self.spanless = not shown and objects.tells_moments(found)
        self.kinds = moments(found)

    def _learn_pretty(self, lines: list[str], full: list[str]) -> None:
        self.pretty = Pretty([self.bare(line) for line in lines if line.strip()], self.colours)
        self.kinds = moments(self.entries(enumerate(lines)))

    def _learn_line(self, lines: list[str], full: list[str]) -> None:
        chains, other = Chains(Names()), _other(full)
        signs = sum(
            bool(chains.read(line) or re.search(rf"(?:^| ){IDENT.pattern}=", line)) for line in full
        )
        if other or (not self.head.pattern and signs < 0.2 * len(full)):
            self.format = other or "unknown"
            return
        blocks = [block for starts, block in self._blocks(enumerate(lines)) if starts]
        self._learn_going_on(blocks)
        texts = ["\n".join(line for _, line in block[: self._length(block)]) for block in blocks]
        if self.colours:
            self.coloured = Coloured(texts)
            self.kinds = moments(self.coloured.entry(0, text) for text in texts)
            self.format = "compact" if self.coloured.compact else "full"
            return
        self.lines = Lines([self.bare(text) for text in texts])
        found = [self.lines.entry(0, text) for text in texts]
        self.kinds = moments(found)
        braces = any(fields for entry in found for _, fields in entry.scope)
        self.format = "full"
        if not braces and any(entry.scope and entry.fields for entry in found):
            self.format, self.shares = "compact", learned(found, self.kinds)

    def _learn_going_on(self, blocks: list[Block]) -> None:
        """Learn which places have entries of several lines, and what follows those of many."""
        usually: defaultdict[str, list[bool]] = defaultdict(list)
        behind: defaultdict[str, set[str]] = defaultdict(set)
        for block in blocks:
            lines = [self.bare(line) for _, line in block]
            place, after = self._place(lines), [line for line in lines[_open(lines) :] if line]
            usually[place].append(bool(after))
            if after:
                behind[_digits(after[0])].add(place)
        self.strangers = {line for line, places in behind.items() if len(places) > 1}
        self.goes_on = {
            place for place, many in usually.items() if sum(many) > max(1, 0.5 * len(many))
        }

    def _place(self, lines: list[str]) -> str:
        line = "\n".join(lines[: _open(lines)])
        head = self.head.match(line)
        return _digits(line[head.end() if head else 0 :].rpartition(": ")[2])

    # --- reading ---------------------------------------------------------------------------------

    def _starts(self, line: str) -> bool:
        if self.format == "json":
            return line.startswith("{")
        if self.pretty:
            return self.pretty.starts(self.bare(line))
        line = self.bare(line)
        first = line[:1]  # no other program's line begins with a digit
        return bool(first and self.head.match(line) and (first.isdigit() or not OTHER.match(line)))

    def starts(self, raw: str) -> bool:
        """Tell whether an entry may begin with a line, as it stands in the log."""
        return self._starts(self.plain(raw))

    def _blocks(self, lines: Iterable[Line]) -> Iterator[tuple[bool, Block]]:
        """Group lines: each that may begin an entry with those up to the next; tell if it may."""
        block: Block = []
        began = False
        for at, line in lines:
            starts = self._starts(line)
            if block and (starts or len(block) >= LONGEST):
                yield began, block
                block = []
            if not block:
                began = starts
            block.append((at, line))
        if block:
            yield began, block

    def _length(self, block: Block) -> int:
        """Tell how many lines of a block are its entry; others follow that are not of `fmt`."""
        alone = len(block) == 1 and not self.pretty
        if block[0][1].rstrip() != "{" if self.format == "json" else alone:
            return 1
        lines = [self.bare(line) for _, line in block]
        known = next((n for n, line in enumerate(lines) if n and OTHER.match(line)), len(lines))
        if self.pretty:
            return length(lines[:known])
        if self.format == "json":
            ends = (n for n, line in enumerate(lines, 1) if line.startswith("}"))
            return next(ends, 0)
        while known > 1 and not lines[known - 1]:
            known -= 1
        opened = _open(lines[:known])
        if self.coloured:  # only an entry has styles
            styled = (n for n in range(known, 0, -1) if "\x1b[3m" in block[n - 1][1])
            opened = max(opened, next(styled, 1))
        if known > opened:
            strange = _digits(lines[opened]) in self.strangers
            goes_on = self._place(lines) in self.goes_on or lines[opened].startswith("  ")
            if strange or not goes_on:
                known = opened
        return known

    def entries(self, lines: Iterable[Line]) -> Iterator[Entry]:
        """Read entries, and what is between them, in order."""
        plain = self.plain
        cleaned = (
            (at, plain(line) if plain.undoes or line.endswith("\r") else line) for at, line in lines
        )
        for starts, block in self._blocks(cleaned):
            (at, text), size = block[0], int(starts)
            if starts and (len(block) > 1 or self.pretty):
                size = self._length(block)
                text = self._joined([line for _, line in block[:size]])
            found = self._entry(at, text) if size else None
            if found is not None:
                yield found
                if len(block) == 1:
                    continue
            size = size if found else 0
            for at, line in block[size:]:
                if line or size == 0:
                    yield Entry(at, kind="noise")

    def _joined(self, lines: list[str]) -> str:
        if self.format == "json":
            return lines[0] if len(lines) == 1 else " ".join(line.strip() for line in lines)
        return "\n".join(map(marked, lines) if self.pretty and self.colours else lines)

    def _entry(self, at: int, text: str) -> Entry | None:
        if self.format == "json":
            entry = objects.entry(at, text)
        elif reader := self.pretty or self.coloured or self.lines:
            entry = reader.entry(at, text)
            entry = shared(entry, self.shares, self.kinds) if self.shares else entry
        else:
            return None
        if entry is None or entry.message not in MOMENTS:
            return entry
        hidden = self.format == "json" and (self.spanless or objects.shows_spans(text))
        entry = entry.moment(self.kinds, shown=not hidden)
        if self.untold and entry.kind == "event":
            entry.unsure = ("kind",)
        return entry


def _digits(line: str) -> str:
    return re.sub(r"\d+", "#", line[:60])


def _open(lines: list[str]) -> int:
    """Tell how many lines an entry has whose quote or bracket stays open at its end."""
    for n in range(1, len(lines)):
        text = "\n".join(lines[:n])
        if text.count("{") <= text.count("}") and not lines[0].count('"') % 2:
            return n
    return len(lines)


def _format(lines: list[str]) -> str:
    votes: Counter[str] = Counter(line=0)
    for line in lines:
        if line.startswith("{") and KNOWS_JSON.match(line):
            votes["json"] += 2
        elif found := PRETTY.match(line):
            votes["pretty"] += 2 if found[0].startswith("    ") else 1
        elif ONE_LINE.match(line):
            votes["line"] += 2
    return votes.most_common(1)[0][0]


def _other(lines: list[str]) -> str:
    """Name the formatter that wrote most lines, if it is a known other one."""
    for name, pattern in OTHERS.items():
        if sum(bool(pattern.search(line[:300])) for line in lines) > 0.4 * len(lines):
            return name
    return ""
