"""Whose fields stand behind a message in "compact": the event's first, then those of its spans.

A line tells only the sum. Over a whole log one reading is the shortest: each place in the source
has fields of its own, and a span says the same at the end of all its lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import takewhile

from spanlab.yours.entry import Entry, Pairs
from spanlab.yours.words import masked

Chain = tuple[str, ...]
Unit = tuple[tuple[str, object], ...]  # a field, and the sources of an error with it
End = tuple[Unit, ...]
Line = tuple[Chain, End]
Place = tuple[object, ...]

MOMENT: Place = ("moment",)
ROUNDS = 4
NAMES = 1.5  # the price of fields that a chain has nowhere else; a value costs 1
FEW = (1.0, 1.0, 1.5, 1.6, 2.5)  # of so many fields of a span that is new
TWICE = 4.0  # of a name that comes twice, for a span has it once


def units(fields: Pairs) -> End:
    """Keep an error and its sources as one."""
    found: list[list[tuple[str, object]]] = []
    for pair in fields:
        if pair[0].endswith(".sources") and found:
            found[-1].append(pair)
        else:
            found.append([pair])
    return tuple(tuple(unit) for unit in found)


def named(end: End) -> Chain:
    """Name the fields."""
    return tuple(" ".join(name for name, _ in unit) for unit in end)


def place_of(entry: Entry, kinds: frozenset[str]) -> Place:
    """Tell which place in the source an entry is from, as far as it shows."""
    if entry.message in kinds and entry.scope:
        return MOMENT
    head = entry.head
    return head.target, head.file, head.line, head.level, masked(entry.message or "")


class Shares:
    """Knows how many fields the events of each place have, and what chains of spans end with."""

    def __init__(self, every: list[tuple[Place, Chain, End]], most: int = 100) -> None:
        self.most = most  # units that one span may have
        self.own: dict[Place, int] = {}
        self.certain: defaultdict[Chain, set[Chain]] = defaultdict(set)  # ends, from moments
        self.ends: defaultdict[Chain, Counter[End]] = defaultdict(Counter)
        self.names: defaultdict[Chain, Counter[Chain]] = defaultdict(Counter)
        self.of_span: defaultdict[str, Counter[Chain]] = defaultdict(Counter)
        lines: defaultdict[Place, list[Line]] = defaultdict(list)
        self.longer: defaultdict[Chain, set[Chain]] = defaultdict(set)
        for chain in {chain for _, chain, _ in every}:
            for size in range(1, len(chain)):
                self.longer[chain[:size]].add(chain)
        free = {MOMENT: 0}
        for place, chain, fields in every:
            if place == MOMENT:
                self.certain[chain].add(named(fields))
        for place, chain, fields in every:
            here, certain = self._place(place, chain, fields)
            lines[here].append((chain, fields))
            if certain is not None:
                free[here] = certain
        common = _common(every)
        for place, many in lines.items():
            alone = [len(fields) for chain, fields in many if not chain]
            if alone:
                free[place] = max(alone)
            least = min(len(fields) - common.get(chain, 0) for chain, fields in many)
            self.own[place] = free.get(place, least)
            self._count(place, many, 1)
        order = sorted(lines.items(), key=lambda item: min(len(chain) for chain, _ in item[1]))
        for _ in range(ROUNDS):
            for place, many in order:
                if place not in free:
                    self._settle(place, many)
        self._learn_spans()

    def _place(self, place: Place, chain: Chain, fields: End) -> tuple[Place, int | None]:
        """Give a place of its own to lines that end as the moments of their spans do."""
        names = named(fields)
        for size in range(len(fields) + 1):
            if place != MOMENT and names[size:] in self.certain.get(chain, ()):
                return (place, size), size
        return place, None

    def _count(self, place: Place, many: list[Line], by: int) -> None:
        for chain, fields in many:
            if chain:
                end = fields[self.own[place] :]
                self.ends[chain][end] += by
                self.names[chain][named(end)] += by

    def _settle(self, place: Place, many: list[Line]) -> None:
        """Give a place as many fields as makes the log shortest, all else as it is."""
        self._count(place, many, -1)
        most = min(len(fields) for _, fields in many)
        prices = {size: self._price(size, many) for size in range(most + 1)}
        self.own[place] = min(prices, key=lambda size: (prices[size], size))
        self._count(place, many, 1)

    def _price(self, size: int, many: list[Line]) -> float:
        own = {(at, unit) for _, fields in many for at, unit in enumerate(fields[:size])}
        price = float(len(own))
        for chain, end in {(chain, fields[size:]) for chain, fields in many}:
            price += self._new(chain, end) * (self.ends[chain][end] <= 0)
            price += TWICE * max(0, _doubled(named(end)) - _doubled(chain))
        for chain, names in {(chain, named(fields[size:])) for chain, fields in many}:
            price += NAMES * (self.names[chain][names] <= 0)
        return price

    def _new(self, chain: Chain, end: End) -> float:
        """Price a new end: free if the outer spans say it alone, dear if they say others."""
        if end and any(self._begins(longer, end) for longer in self.longer.get(chain, ())):
            return 0.0
        fits = self._known(chain[:-1], end)
        if fits:
            return 0.0 if end in fits else 1.0 + len(end) - max(map(len, fits))
        return 1.0 + len(end) + NAMES * any(n > 0 for n in self.ends.get(chain[:-1], {}).values())

    def _begins(self, chain: Chain, end: End) -> bool:
        """Tell whether an end of a longer chain begins with this one."""
        return any(n > 0 and known[: len(end)] == end for known, n in self.ends[chain].items())

    def _learn_spans(self) -> None:
        """Learn the fields of each span: what a chain has more than the chain around it."""
        for chain, ends in list(self.ends.items()):
            for end in (end for end, n in ends.items() if n > 0):
                fits = [len(known) for known in self._known(chain[:-1], end)]
                if len(chain) == 1 or fits:
                    sure = len(chain) == 1 or max(fits) > 0
                    names = named(end[max(fits, default=0) :])
                    self.of_span[chain[-1]][names] += 5 if sure else 1

    def _known(self, chain: Chain, end: End) -> list[End]:
        """Give the ends that a chain has alone and that this one begins with."""
        ends = self.ends.get(chain, {}).items()
        return [known for known, n in ends if n > 0 and end[: len(known)] == known]

    def parts(self, place: Place, chain: Chain, fields: End) -> tuple[list[End], bool]:
        """Part fields: the event's, then those of each span; and tell whether that is unsure."""
        size = len(fields)
        place, _ = self._place(place, chain, fields)
        if place in self.own:
            size = min(self.own[place], size)
        else:
            known = (n for n in range(size + 1) if self.names[chain][named(fields[n:])] > 0)
            size = next(known, size)
        price, spans = self._split(chain, fields[size:])
        return [fields[:size], *spans], place not in self.own or price >= 1.5

    def _split(self, chain: Chain, end: End) -> tuple[float, list[End]]:
        """Split fields among spans: as the outer spans have them alone, else as elsewhere."""
        if not end:
            return 0.0, [()] * len(chain)
        found = [(*self._alike(chain, end), 0)]
        for n in range(1, len(chain)):
            for known in self._known(chain[:n], end):
                price, outer = self._split(chain[:n], known)
                more, rest = self._alike(chain[n:], end[len(known) :])
                found.append((0.5 * price + more, outer + rest, n))
        price, parts, _ = min(found, key=lambda it: (round(it[0], 3), -it[2]))
        return price, parts

    def _alike(self, chain: Chain, end: End) -> tuple[float, list[End]]:
        """Split fields so that each span has such as it has elsewhere; the outer ones take more."""
        names, last = named(end), len(chain) - 1

        @cache
        def best(at: int, used: int) -> tuple[float, tuple[int, ...]]:
            if at == last:
                many = 9.0 * (len(names) - used > self.most)
                return self._unlike(chain[at], names[used:]) + many, (len(names),)
            found = []
            for upto in range(used, min(len(names), used + self.most) + 1):
                price, after = best(at + 1, upto)
                found.append((price + self._unlike(chain[at], names[used:upto]), (upto, *after)))
            return min(found, key=lambda it: (round(it[0], 3), [-cut for cut in it[1]]))

        price, cuts = best(0, 0)
        return price, [end[a:b] for a, b in zip((0, *cuts), cuts, strict=False)]

    def _unlike(self, span: str, names: Chain) -> float:
        known = self.of_span[span]
        if names in known:
            return 0.5 / known[names]
        return FEW[min(len(names), 4)] + bool(known) + TWICE * _doubled(names)


def shared(entry: Entry, shares: Shares, kinds: frozenset[str]) -> Entry:
    """Give the spans of an entry their fields."""
    names = entry.names
    if entry.kind == "noise" or not names:
        return entry
    times, fields = _parted(entry)
    (own, *spans), unsure = shares.parts(place_of(entry, kinds), names, units(fields))
    entry.fields = [*times, *_flat(own)]
    entry.scope = [(name, _flat(part)) for name, part in zip(names, spans, strict=True)]
    if unsure:
        entry.unsure = (*entry.unsure, "spans")
    return entry


def learned(entries: Iterable[Entry], kinds: frozenset[str]) -> Shares:
    """Learn from entries whose fields are all taken for the event's."""
    return Shares([(place_of(e, kinds), e.names, units(_parted(e)[1])) for e in entries])


def _common(every: list[tuple[Place, Chain, End]]) -> dict[Chain, int]:
    """Count the fields, by name, that all lines of a chain end with."""
    common: dict[Chain, Chain] = {}
    for _, chain, fields in every:
        names = named(fields)
        before = common.setdefault(chain, names)
        alike = (a == b for a, b in zip(reversed(before), reversed(names), strict=False))
        size = sum(1 for _ in takewhile(bool, alike))
        common[chain] = names[len(names) - size :]
    for chain, names in common.items():
        while _doubled(names) > _doubled(chain):
            names = names[1:]
        common[chain] = names
    return {chain: len(names) for chain, names in common.items()}


def _doubled(names: Chain) -> int:
    return len(names) - len(set(names))


def _parted(entry: Entry) -> tuple[Pairs, Pairs]:
    """Part the times of a "close", which are its own, from the other fields."""
    times = 2 * (
        entry.message == "close" and [n for n, _ in entry.fields[:2]] == ["time.busy", "time.idle"]
    )
    return entry.fields[:times], entry.fields[times:]


def _flat(parts: Iterable[Unit]) -> Pairs:
    return [pair for unit in parts for pair in unit]
