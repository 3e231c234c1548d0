"""The format "compact": whose fields stand behind a message, the event's or those of its spans."""

from __future__ import annotations

from collections.abc import Iterable

from spanlab.yours.entry import Entry, Pairs
from spanlab.yours.shares import MOMENT, End, Place, Shares, Unit
from spanlab.yours.words import masked


def units(fields: Pairs) -> End:
    """Keep an error and its sources as one."""
    found: list[list[tuple[str, object]]] = []
    for pair in fields:
        if pair[0].endswith(".sources") and found:
            found[-1].append(pair)
        else:
            found.append([pair])
    return tuple(tuple(unit) for unit in found)


def place_of(entry: Entry, kinds: frozenset[str]) -> Place:
    """Tell which place in the source an entry is from, as far as it shows."""
    if entry.message in kinds and entry.scope:
        return MOMENT
    head, said = entry.head, entry.message
    first = entry.fields[0][0] if entry.fields and said is None else ""
    return head.target, head.file, head.line, head.level, first or masked(said or "")


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


def _parted(entry: Entry) -> tuple[Pairs, Pairs]:
    """Part the times of a "close", which are its own, from the other fields."""
    times = 2 * (
        entry.message == "close" and [n for n, _ in entry.fields[:2]] == ["time.busy", "time.idle"]
    )
    return entry.fields[:times], entry.fields[times:]


def _flat(parts: Iterable[Unit]) -> Pairs:
    return [pair for unit in parts for pair in unit]
