"""A part of a large log: where its lines begin first, entries only where somebody looks."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from spanlab.errors import UsageError
from spanlab.yours.style import Style
from spanlab.yours.times import nanoseconds

AROUND = 500  # entries on both sides
NEWLINE = re.compile(rb"\n")
Range = tuple[int, int]  # of bytes


class Window:
    """The lines of a log by their offsets, 8 bytes for each, and parts of it cut at entries."""

    def __init__(self, data: Any, style: Style) -> None:
        self._data, self._style = data, style
        self.starts = array("Q", [0])
        self.starts.extend(found.end() for found in NEWLINE.finditer(data))

    def line(self, at: int) -> int:
        """Give the line, counted from 1, in which an offset lies."""
        return bisect_right(self.starts, at)

    def begins(self, line: int) -> bool:
        """Tell whether an entry begins with a line, counted from 0."""
        return self._style.starts(self._text(line))

    def _text(self, line: int) -> str:
        raw = self._data[self.starts[line] : self.starts[line] + 2000]
        return str(raw.partition(b"\n")[0].decode("utf-8", "surrogateescape"))

    def _back(self, line: int, entries: int = 1) -> int:
        """Give the line where the last of so many entries begins, going back from a line."""
        while line > 0 and (entries := entries - self.begins(line)) > 0:
            line -= 1
        return max(line, 0)

    def _on(self, line: int, entries: int) -> int:
        while line < len(self.starts) and (entries := entries - self.begins(line)) >= 0:
            line += 1
        return line

    def _range(self, first: int, after: int) -> Range:
        end = self.starts[after] if after < len(self.starts) else len(self._data)
        return self.starts[first], end

    def last(self, entries: int) -> Range:
        """Give the last entries."""
        return self._range(self._back(len(self.starts) - 1, entries), len(self.starts))

    def around(self, where: int | str) -> Range:
        """Give the entries around a line, counted from 1 as `grep -n` does, or around a time."""
        line = where - 1 if isinstance(where, int) else self._at(where)
        if not 0 <= line < len(self.starts):
            raise UsageError(
                f"around= is a line from 1 to {len(self.starts)}, got {where}. Write: around=1"
            )
        return self._range(self._back(line, AROUND), self._on(line + 1, AROUND))

    def _at(self, time: str) -> int:
        """Find the first entry from a time on; times go up in a log, or nearly so."""
        wanted = nanoseconds(time)
        if wanted is None:
            raise UsageError(
                f"around= is a time as the log prints it, or a line, got {time!r:.60}. "
                f'Write: around="2026-11-27T01:00:00Z"'
            )
        low, high = 0, len(self.starts) - 1
        while low < high:
            middle = (low + high) // 2
            at = self._back(middle)
            if (self._time(at) or 0) < wanted:
                low = middle + 1
            else:
                high = min(middle, max(at, low))
        return low

    def _time(self, line: int) -> int | None:
        entry = next(iter(self._style.entries([(0, self._text(line))])), None)
        return nanoseconds(entry.time) if entry and entry.time else None

    def matching(self, text: str) -> Iterator[Range]:
        """Give each entry in which a text stands."""
        wanted, at = text.encode("utf-8", "surrogateescape"), 0
        while wanted and (at := self._data.find(wanted, at)) >= 0:
            line = self.line(at) - 1
            begin, end = self._range(self._back(line), self._on(line + 1, 0))
            yield begin, end
            at = max(end, at + 1)
