"""What a stretch of a log tells of spans: their instances, their lines, the places that log."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spanlab.yours.entry import Entry, Pairs
from spanlab.yours.times import nanoseconds

Place = tuple[str, str]  # of an event in the source, as a log shows it: target, masked message
Key = tuple[str, tuple[tuple[str, str], ...]]  # a span as a log knows it: name and fields
Stretches = dict[Key, tuple[int, int]]  # the first and the last line of an instance
Edges = dict[Key, tuple[Place, Place]]  # where the first and the last are that are its own
Ids = dict[str, set[str]]  # values by field


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
    """The spans of one name: each instance with its first and last line.

    A log may be cut: those that lack the line that most begin or end with, near the start or the
    end of the log, are taken to have `begun` before it, or to be `going` on behind it.
    """

    def __init__(self, name: str, spans: Stretches, own: Edges, lines: int) -> None:
        self.name, self.spans = name, spans
        longest = max(last - first for first, last in spans.values())
        firsts, lasts = ({key: places[at] for key, places in own.items()} for at in (0, 1))
        self.begun = {key for key in _unlike(firsts, spans) if spans[key][0] <= longest}
        self.going = {key for key in _unlike(lasts, spans) if spans[key][1] >= lines - 1 - longest}
        self.cut = bool(self.begun or self.going)
        self.whole = spans.keys() - self.begun - self.going
        self.stretches = {
            key: (-1 if key in self.begun else first, lines if key in self.going else last)
            for key, (first, last) in spans.items()
        }
        stretches = sorted(self.stretches.values())
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
        for (_, fields), stretch in self.stretches.items():
            for pair in fields:
                if pair[0] in self.ids:
                    found[pair].append(stretch)
        return found

    def is_even(self, many: int) -> bool:
        """Tell whether so many lines may be as many for each instance, as far as it is shown."""
        per, rest = divmod(many + len(self.spans) - 1, len(self.spans))
        is_cut = len(self.whole) >= 3 and per * len(self.whole) <= many
        return per > 0 and (rest == len(self.spans) - 1 or is_cut)

    def is_share(self, counts: Counter[Key]) -> bool:
        """Tell whether each instance that is there as a whole has as many lines, others no more."""
        shares = {counts[key] for key in self.whole}
        most = max(shares, default=0 if self.whole else max(counts.values()))
        return 0 not in shares and len(shares) < 2 and max(counts.values()) <= most


def _unlike(places: dict[Key, Place], every: Iterable[Key]) -> set[Key]:
    """Give the instances with another place than most."""
    usual, many = Counter(places.values()).most_common(1)[0] if places else (None, 0)
    return {key for key in every if places.get(key) != usual} if many > 1 else set()


def seen_in(entries: Iterable[Entry]) -> Iterator[Seen]:
    """Give of each entry what suspicion needs; events are counted from 1."""
    number = 0
    for entry in entries:
        if entry.kind == "noise":
            continue
        number += entry.kind == "event"
        time = nanoseconds(entry.time) if entry.time else None
        message = re.sub(r"\d+", "#", entry.message or "")
        yield Seen(
            number if entry.kind == "event" else 0, (entry.head.target, message),
            tuple((name, texts(fields)) for name, fields in entry.scope),
            texts(entry.fields), None if time is None else time / 1e9,
            entry.head.thread_name or str(entry.head.thread or ""), entry.time,
        )  # fmt: skip


class Evidence:
    """The entries of one stretch, with what they say of places and spans.

    Two stretches that follow each other give together what the whole gives: `first + second`.
    """

    def __init__(self, seen: Iterable[Seen]) -> None:
        self.seen = list(seen)
        self.places: defaultdict[Place, list[int]] = defaultdict(list)
        for at, one in enumerate(self.seen):
            if one.number:
                self.places[one.place].append(at)
        families = self._with_fields()
        families |= self._without_fields(families)
        self.families = {name: f for name, f in families.items() if f.ids}
        logs = {key[0] for one in self.seen if one.number for key in one.spans}
        self.empty = self.families.keys() - logs  # spans that no event is ever in
        self.inside: defaultdict[str, set[str]] = defaultdict(set)  # the families around each
        for one in self.seen:
            names = [key[0] for key in one.spans if key[0] in self.families]
            for depth, name in enumerate(names):
                self.inside[name].update(names[:depth])

    def __add__(self, behind: Evidence) -> Evidence:
        count = max((seen.number for seen in self.seen), default=0)
        more = (replace(seen, number=seen.number and count + seen.number) for seen in behind.seen)
        return Evidence([*self.seen, *more])

    def _with_fields(self) -> dict[str, Family]:
        spans: defaultdict[str, Stretches] = defaultdict(dict)
        own: defaultdict[str, Edges] = defaultdict(dict)
        for at, seen in enumerate(self.seen):
            for key in seen.spans:
                if key[1]:
                    spans[key[0]][key] = spans[key[0]].get(key, (at, at))[0], at
            for key in {key[0]: key for key in seen.spans}.values():  # the innermost of a name
                edges = own[key[0]]
                edges[key] = edges.get(key, (seen.place,))[0], seen.place
        lines = len(self.seen)
        return {name: Family(name, known, own[name], lines) for name, known in spans.items()}

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
                spans: Stretches = {}
                for n, at in enumerate(starts):
                    spans[name, (("", str(n)),)] = at, where[-1]
                found[name] = Family(name, spans, {}, len(self.seen))
        return found

    def anchors(self, family: str) -> dict[Place, list[int]]:
        """Give the places that are under a family, with their lines."""
        found: defaultdict[Place, list[int]] = defaultdict(list)
        for at, seen in enumerate(self.seen):
            if seen.inside(family):
                found[seen.place].append(at)
        return found

    def counts(self, lines: Iterable[int], family: str) -> Counter[Key]:
        """Count the lines under each instance of a family."""
        return Counter(key for at in lines if (key := self.seen[at].inside(family)))
