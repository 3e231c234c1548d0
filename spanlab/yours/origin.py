"""The log that a trace was read from: it prints itself, and says what it cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from spanlab.yours.entry import Entry

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

    def text(self, first: int, many: int = 1) -> str:
        """Give so many events as they were printed, with what is between them; the first is 0."""
        begin = self.starts[first] if first else 0
        end = self.starts[first + many] if len(self.starts) > 1 else None
        return bytes(self.data[begin:end]).decode("utf-8", "surrogateescape")

    @property
    def untold(self) -> str:
        """Say what the log cannot tell, and which setting would."""
        said = [f"{what} ({SETTINGS[what]})" for what in self.missing]
        return f"This log does not show {', '.join(said)}." if said else ""
