"""The log that a trace was read from: it prints itself, and says what it cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from spanlab.view.words import count
from spanlab.yours.entry import MOMENTS, Entry
from spanlab.yours.heads import OTHERS

PIECE = 1 << 20  # bytes that are searched at once
SETTINGS = {  # what a log may not show, and the setting of the subscriber that would
    "threads": ".with_thread_ids(true)",
    "places in the source": ".with_file(true).with_line_number(true)",
    "times": ".with_timer(…)",
    "levels": ".with_level(true)",
    "targets": ".with_target(true)",
    "when spans begin and end": ".with_span_events(FmtSpan::FULL)",
    "all spans of an event": ".with_span_list(true)",
}


@dataclass
class Origin:
    """Where a trace was read from.

    `format` is "full", "compact", "pretty", "json", or the name of another formatter, of which
    nothing was read. `counts` has the kinds of entries, "noise" for lines that are not of `fmt`,
    and "unsure" for entries of which the format leaves a part open.
    """

    format: str
    data: Any = field(repr=False)  # bytes, or a file mapped into memory
    starts: Sequence[int] = field(repr=False)  # of each event, and the end of the last
    counts: Counter[str]
    missing: tuple[str, ...]  # what the log does not show, of `SETTINGS`
    entries: Callable[[], Iterator[Entry]] = field(repr=False)  # reads all of it anew
    parts: Sequence[tuple[int, int]] = field(repr=False, default=((0, 1),))  # offset, line of file
    suspected: dict[int, str] = field(repr=False, default_factory=dict)  # by event, once asked for

    def text(self, first: int, many: int = 1) -> str:
        """Give so many events as they were printed, with what is between them; the first is 0."""
        begin = self.starts[first] if first else 0
        end = self.starts[first + many] if len(self.starts) > 1 else None
        return bytes(self.data[begin:end]).decode("utf-8", "surrogateescape")

    def line(self, number: int) -> int:
        """Give the line of the file, from 1, where the event of a number begins."""
        at = self.starts[number - 1]
        begin, line = max(part for part in self.parts if part[0] <= at)
        pieces = (self.data[n : min(n + PIECE, at)] for n in range(begin, at, PIECE))
        return int(line + sum(piece.count(b"\n") for piece in pieces))

    @property
    def understood(self) -> bool:
        """Tell whether any entry was."""
        return any(self.counts[kind] for kind in ("event", *MOMENTS))

    @property
    def nothing(self) -> str:
        """Say why nothing was understood."""
        if not self.data:
            return "there is no line in it"
        other = f", but perhaps one of {self.format}" if self.format in OTHERS else ""
        noise = f"{self.counts['noise']} not understood"
        return f"no line of this file is a log of tracing_subscriber{other} ({noise})"

    @property
    def untold(self) -> str:
        """Say what the log cannot tell, and which setting would; how much was not understood."""
        said = [f"{what} ({SETTINGS[what]})" for what in self.missing]
        noise = self.counts["noise"]
        told = [f"This log does not show {', '.join(said)}."] * bool(said)
        told += [f"{count(noise, 'line')} not understood."] * bool(noise)
        return " ".join(told)
