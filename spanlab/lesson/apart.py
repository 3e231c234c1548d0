"""Takes apart what a panel shows for each choice, so that equal parts are there once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any


def apart(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give the keys of the states, all values of each part, and which of them each state has.

    The name of a part is the way to its place: `said/0`. What has one value has no column.
    """
    known, columns = defaultdict[str, dict[str, int]](dict), defaultdict[str, list[int]](list)
    for at, state in enumerate(states.values()):
        for place, text in _parts("", state):
            number = known[place].setdefault(text, len(known[place]))
            columns[place] += [0] * (at - len(columns[place])) + [number]
    return {
        "keys": list(states),
        "columns": {part: at for part, at in columns.items() if len(known[part]) > 1},
        "parts": {part: list(map(json.loads, texts)) for part, texts in known.items()},
    }


def _parts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Take apart what has one shape in every state; what is picked stands in the key."""
    each_of = value.items() if not place else enumerate(value)
    for name, part in each_of:
        here = f"{place}/{name}".lstrip("/")
        if isinstance(part, list) and name != "log":
            yield from _parts(here, part)
        elif name != "picked":
            yield here, json.dumps(part, ensure_ascii=False)
