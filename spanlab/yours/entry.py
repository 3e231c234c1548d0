"""One printed entry of a log, and what of it is unsure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Pairs = Sequence[tuple[str, Any]]
Scope = Sequence[tuple[str, Pairs]]  # root to leaf: the name of a span and its fields

MOMENTS = ("new", "enter", "exit", "close")  # what happens to a span; other entries are events


@dataclass(slots=True, eq=False)
class Head:
    """What many entries have alike: it is read once and shared."""

    level: str = ""
    target: str = ""
    thread: int | None = None
    thread_name: str = ""
    file: str = ""
    line: int = 0


@dataclass(slots=True)
class Entry:
    """What stands from one offset of a log to that of the next entry; "noise" is not of `fmt`.

    `unsure` names the parts that this format does not tell for certain: "message" where a word
    of it may be a field, "spans" where a field may belong to another span or to the event.
    """

    at: int
    kind: str = "event"
    time: str = ""
    message: str | None = None
    fields: Pairs = field(default_factory=list)
    head: Head = field(default_factory=Head)
    scope: Scope = ()
    unsure: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Name its spans, root to leaf."""
        return tuple(name for name, _ in self.scope)

    def moment(self, kinds: Collection[str] = MOMENTS, shown: bool = True) -> Entry:
        """Take an entry that says no more than "new" of its span for what it is."""
        said = self.message in kinds and (self.scope or not shown)
        if said and all(name.startswith("time.") for name, _ in self.fields):
            self.kind = str(self.message)
        return self


def moments(entries: Iterable[Entry]) -> frozenset[str]:
    """Tell which moments of spans a log prints: of most spans, or with the times of a "close"."""
    spans: set[object] = set()
    said: Counter[str] = Counter()
    for entry in entries:
        spans.add(str(entry.scope) if entry.scope else "")
        if entry.message in MOMENTS:
            said[str(entry.message)] += 1
        said["timed"] += [name for name, _ in entry.fields[:2]] == ["time.busy", "time.idle"]
    kinds = {kind for kind in MOMENTS if said[kind] >= 0.5 * len(spans - {""})}
    return frozenset(kinds | ({"close"} if said["timed"] else set()))
