"""Puts together again what `everything()` of a panel took apart, as the script of a page does."""

from __future__ import annotations

from typing import Any


def state_of(every: dict[str, Any], key: str) -> dict[str, Any]:
    """Put together what a panel shows for one choice, as the script of a page does."""
    at, state = every["keys"].index(key), dict[str, Any]()
    for place, known in every["parts"].items():
        number = every["columns"].get(place, [0] * (at + 1))[at]
        into: Any = state
        *outer, name = place.split("/")
        for each in outer:
            into = into.setdefault(int(each) if each.isdigit() else each, {})
        into[int(name) if name.isdigit() else name] = known[number]
    return {name: listed(part) for name, part in state.items()}


def listed(part: Any) -> Any:
    """Make lists again of what has numbers for names."""
    if isinstance(part, dict) and part and all(isinstance(name, int) for name in part):
        return [listed(part[number]) for number in sorted(part)]
    return part
