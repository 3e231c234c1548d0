"""What a stretch of a log tells of spans: their instances, their lines, the places that log."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from spanlab.yours.entry import Entry, Pairs
from spanlab.yours.times import nanoseconds

Place = tuple[str, str]  # of an event in the source, as a log shows it: target, masked message
Key = tuple[str, tuple[tuple[str, str], ...]]  # a span as a log knows it: name and fields
Ids = dict[str, set[str]]  # values by field
KEPT = 8192  # places and spans that are kept once


def plain(value: Any) -> str:
    """Give a value without the quotes that only some formats print."""
    text = str(value)
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def texts(fields: Pairs) -> tuple[tuple[str, str], ...]:
    """Give fields as plain text."""
    return tuple((name, plain(value)) for name, value in fields)


@dataclass(slots=True)
class Seen:
    """One entry, as far as suspicion needs it."""

    number: int  # of the event in the log, from 1; 0 for what a span does
    at: int
    place: Place
    spans: tuple[Key, ...]
    fields: tuple[tuple[str, str], ...]
    time: float | None
    thread: str
    clock: str  # the time as it is printed

    def inside(self, name: str) -> Key | None:
        """Give the outermost span of a name that it is in."""
        return next((key for key in self.spans if key[0] == name), None)


class Family:
    """The spans of one name: each instance with its first and last line."""

    def __init__(self, name: str, spans: dict[Key, tuple[int, int]]) -> None:
        self.name = name
        self.spans = spans
        stretches = sorted(spans.values())
        self.start = stretches[0][0]
        self._starts = [first for first, _ in stretches]
        self._ends: list[int] = []  # the latest end of those that began so far
        for _, last in stretches:
            self._ends.append(max(last, self._ends[-1] if self._ends else 0))

    def is_open(self, line: int) -> bool:
        """Tell whether an instance has lines before and after this one."""
        began = bisect_left(self._starts, line)
        return began > 0 and self._ends[began - 1] >= line

    @cached_property
    def ids(self) -> Ids:
        """The values that tell its instances apart, by field."""
        values: defaultdict[str, set[str]] = defaultdict(set)
        for _, fields in self.spans:
            for name, value in fields:
                values[name].add(value)
        return {n: known for n, known in values.items() if len(known) >= 0.8 * len(self.spans)}

    @cached_property
    def by_id(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """Where the instances with an id stand."""
        found: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for (_, fields), stretch in self.spans.items():
            for pair in fields:
                if pair[0] in self.ids:
                    found[pair].append(stretch)
        return found


def seen_in(entries: Iterable[Entry], number: int = 0) -> Iterator[Seen]:
    """Give what suspicion needs of entries, whose events count on from a number."""
    known: dict[Any, Any] = {}
    for entry in entries:
        if entry.kind == "noise":
            continue
        number += entry.kind == "event"
        time = nanoseconds(entry.time) if entry.time else None
        place = entry.head.target, re.sub(r"\d+", "#", entry.message or "")
        scope = tuple((name, texts(fields)) for name, fields in entry.scope)
        if len(known) > KEPT:
            known.clear()
        yield Seen(
            number if entry.kind == "event" else 0, entry.at, known.setdefault(place, place),
            known.setdefault(scope, scope), texts(entry.fields),
            None if time is None else time / 1e9,
            entry.head.thread_name or str(entry.head.thread or ""), entry.time,
        )  # fmt: skip


class Evidence:
    """What was seen in one stretch, and what it says of places and spans.

    Stretches of one log are put together by putting one after the other what was seen in them.
    """

    def __init__(self, every: Iterable[Seen]) -> None:
        self.seen = [*every]
        self.places: defaultdict[Place, list[int]] = defaultdict(list)
        for at, seen in enumerate(self.seen):
            if seen.number:
                self.places[seen.place].append(at)
        families = self._with_fields()
        families |= self._without_fields(families)
        self.families = {name: f for name, f in families.items() if f.ids}
        logs = {key[0] for seen in self.seen if seen.number for key in seen.spans}
        self.empty = self.families.keys() - logs  # spans that no event is ever in
        self.inside: defaultdict[str, set[str]] = defaultdict(set)  # the families around each
        for seen in self.seen:
            names = [key[0] for key in seen.spans if key[0] in self.families]
            for depth, name in enumerate(names):
                self.inside[name].update(names[:depth])

    def _with_fields(self) -> dict[str, Family]:
        spans: defaultdict[str, dict[Key, tuple[int, int]]] = defaultdict(dict)
        for at, seen in enumerate(self.seen):
            for key in seen.spans:
                if key[1]:
                    spans[key[0]][key] = spans[key[0]].get(key, (at, at))[0], at
        return {name: Family(name, known) for name, known in spans.items()}

    def _without_fields(self, known: dict[str, Family]) -> dict[str, Family]:
        """Tell instances without fields apart by the line that each begins with."""
        lines: defaultdict[str, list[int]] = defaultdict(list)
        for at, seen in enumerate(self.seen):
            if seen.spans and not any(key[0] in known for key in seen.spans):
                lines[seen.spans[-1][0]].append(at)
        found = {}
        for name, where in lines.items():
            starts = [at for at in where if self.seen[at].place == self.seen[where[0]].place]
            if len(starts) >= 3:
                spans: dict[Key, tuple[int, int]] = {}
                for n, at in enumerate(starts):
                    spans[name, (("", str(n)),)] = at, where[-1]
                found[name] = Family(name, spans)
        return found

    def anchors(self, family: str) -> dict[Place, list[int]]:
        """Give the places that are under a family, with their lines."""
        found: defaultdict[Place, list[int]] = defaultdict(list)
        for at, seen in enumerate(self.seen):
            if seen.inside(family):
                found[seen.place].append(at)
        return found

    def counts(self, lines: Iterable[int], family: str) -> Counter[Key | None]:
        """Count the lines under each instance of a family."""
        return Counter(self.seen[at].inside(family) for at in lines)
