"""A trace as JSON: written, and read with a check of all of it, for it may come from anywhere.

What a row may hold is said by the types of the records; what it refers to must have come before.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from functools import cache
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from spanlab.errors import UsageError
from spanlab.field import Fields, Level, Text
from spanlab.record import KINDS, REFERS
from spanlab.tape import Row

Thing = tuple[str, int]  # what it is, and its number

LARGEST = 2**80  # of all numbers but those in fields: a virtual clock may pass the year 10,000
MAKES = {
    "thread": "thread", "new": "span", "spawn": "spawned",
    "made": "future", "wrapped": "future", "given": "future",
}  # fmt: skip  # the slot whose number is new
AGAIN = ("made", "wrapped", "given")  # which may be said of a future that is known


def dumps(rows: list[Row], sources: dict[str, str], **other: Any) -> str:
    """Write a trace."""
    plain = [[_tag(value) for value in row] for row in rows]
    return json.dumps({**other, "rows": plain, "sources": sources})


def loads(text: str) -> dict[str, Any]:
    """Read what `dumps` wrote, all or nothing."""
    try:
        data = json.loads(text)
        _need(type(data) is dict, "an object", data)
        data = {"started": 0, "zero": 0, "cut": [0, 0, 0], "rows": 0, "sources": 0} | data
        data.setdefault("seen", [])
        for name, kind in ("rows", list), ("sources", dict), ("cut", list), ("seen", list):
            _need(type(data[name]) is kind, f"{kind.__name__} as {name!r}", data[name])
        numbers = [data["started"], data["zero"], *data["cut"]]
        _need(len(numbers) == 5 and all(map(_is_number, numbers)), "five numbers", numbers)
        _need({str} >= set(map(type, data["sources"].values())), "texts as 'sources'", "other")
        _need(data["cut"][2] <= len(data["rows"]), "a part with these rows", data["cut"])
        for at, seen in enumerate(data["seen"]):
            _need(_is_seen(seen), "places of frames", (at, seen))
        known = {("task", 0)}
        rows = [_row(at, row, data["zero"], known) for at, row in enumerate(data["rows"])]
        return {**data, "rows": rows}
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(
            f"a trace is read from what trace.to_json() wrote, got {text!r:.40}: {error!s:.200}. "
            f"Write: Trace.from_json(trace.to_json())"
        ) from None


def _need(fine: bool, expected: str, got: Any) -> None:
    if not fine:
        raise ValueError(f"expected {expected}, got {got!r:.60}")


# --- one row -------------------------------------------------------------------------------------


def _row(at: int, row: Any, zero: int, known: set[Thing]) -> Row:
    """Give a row as a run notes it; what it makes is known from then on."""
    try:
        _need(type(row) is list and bool(row), "a row", row)
        _need(type(row[0]) is str and row[0] in KINDS, "a kind of record", row[0])
        kind, *values = row
        slots, least = _schema(kind)
        _need(least <= len(values) <= len(slots), f"{least} values or more", row)
        for (name, hint), value in zip(slots, values, strict=False):
            _need(_fits(value, hint), f"{name}: {getattr(hint, '__name__', hint)}", value)
            if name in REFERS and value is not None:
                _refer(kind, name, (REFERS[name], value), known)
        _need(values[0] >= zero, f"a time from {zero} on", values[0])
        named = zip(slots, values, strict=False)
        known |= {(REFERS[name], v) for (name, _), v in named if name == MAKES.get(kind)}
    except ValueError as error:
        raise ValueError(f"row {at}: {error}") from None
    return tuple(map(_untag, row))


@cache
def _schema(kind: str) -> tuple[list[tuple[str, Any]], int]:
    """Give the names and types of what a row holds, and how many it must hold."""
    slots, hints = fields(KINDS[kind])[1:], get_type_hints(KINDS[kind])
    least = sum(slot.default is MISSING for slot in slots)
    return [(slot.name, hints[slot.name]) for slot in slots], least


def _refer(kind: str, name: str, thing: Thing, known: set[Thing]) -> None:
    if MAKES.get(kind) != name:
        _need(thing in known, f"a {thing[0]} that came before as {name!r}", thing[1])
    elif kind not in AGAIN:
        _need(thing not in known, f"a new {thing[0]}", thing[1])


def _fits(value: Any, hint: Any) -> bool:
    if hint == Fields:
        return type(value) is list and all(map(_is_field, value))
    if hint is int:
        return _is_number(value)
    if hint is Level:
        return type(value) is int and value in set(Level)
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if isinstance(hint, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    return type(value) is hint


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < LARGEST


def _is_field(pair: Any) -> bool:
    match pair:
        case [str(), str() | bool() | int() | float()] | [str(), str(), "text"]:
            return True
    return False


def _is_seen(seen: Any) -> bool:
    match seen:
        case [list(sites), by, None | [str(), int()]] if _is_number(by):
            return all(map(_is_site, sites))
    return False


def _is_site(site: Any) -> bool:
    return (
        type(site) is list
        and len(site) == 6
        and type(site[0]) is str
        and (all(map(_is_number, site[1:])))
    )


def _tag(value: Any) -> Any:
    """Fields in a form that JSON keeps: `[name, value]`, or `[name, text, "text"]`."""
    if not isinstance(value, tuple):
        return value
    return [[n, v, "text"] if isinstance(v, Text) else [n, v] for n, v in value]


def _untag(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return tuple((pair[0], Text(pair[1]) if len(pair) == 3 else pair[1]) for pair in value)
