"""Saved traces with something changed, as a careless or a hostile hand would; each has a number."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from stepping import HOSTILE

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, 17, -1, 2**31, 2**53, 2**80 - 1, 2**80, 10**400, 0.5, float("nan"),
    [], {}, [[]], [["message", 1]], [["message", "m"], ["message", "again"]], [["n", None]],
    [["log.line", 5]], [["a", "b", "text"]], [["", float("inf")]], "panicked", "ok", "spawn()",
    "/etc/passwd", "\0", *HOSTILE,
)  # fmt: skip

Data = dict[str, Any]


def _slot(data: Data, dice: random.Random) -> None:
    row = dice.choice(data["rows"])
    row[dice.randrange(len(row))] = dice.choice(VALUES)


def _other(data: Data, dice: random.Random) -> None:
    """Give a slot what another row has there."""
    row, other = dice.choice(data["rows"]), dice.choice(data["rows"])
    at = dice.randrange(min(len(row), len(other)))
    row[at] = other[at]


def _near(data: Data, dice: random.Random) -> None:
    """Make a number a little larger or smaller."""
    row = dice.choice(data["rows"])
    at = dice.choice([at for at, value in enumerate(row) if type(value) is int])
    row[at] += dice.choice((-2, -1, 1, 2))


def _length(data: Data, dice: random.Random) -> None:
    row = dice.choice(data["rows"])
    if dice.random() < 0.5:
        row.append(dice.choice(VALUES))
    else:
        row.pop()


def _missing(data: Data, dice: random.Random) -> None:
    del data["rows"][dice.randrange(len(data["rows"]))]


def _twice(data: Data, dice: random.Random) -> None:
    row = list(dice.choice(data["rows"]))
    data["rows"].insert(dice.randrange(len(data["rows"]) + 1), row)


def _moved(data: Data, dice: random.Random) -> None:
    row = data["rows"].pop(dice.randrange(len(data["rows"])))
    data["rows"].insert(dice.randrange(len(data["rows"]) + 1), row)


def _turned(data: Data, dice: random.Random) -> None:
    one, other = sorted(dice.choices(range(len(data["rows"]) + 1), k=2))
    data["rows"][one:other] = data["rows"][one:other][::-1]


def _cut(data: Data, dice: random.Random) -> None:
    del data["rows"][dice.randrange(len(data["rows"])) :]


def _head(data: Data, dice: random.Random) -> None:
    data[dice.choice(["started", "zero", "cut", "rows", "sources"])] = dice.choice(VALUES)


def _where(data: Data, dice: random.Random) -> None:
    """Stand elsewhere in the whole."""
    data["cut"] = [dice.choice((0, 1, 5, 10**6)) for _ in range(3)]


def _source(data: Data, dice: random.Random) -> None:
    """Give a file another text: one cut short, turned around, or nothing that Python reads."""
    file = dice.choice(list(data["sources"]))
    lines = data["sources"][file].splitlines(keepends=True)
    texts = "".join(lines[: len(lines) // 2]), "".join(lines[::-1]), *map(str, VALUES), "-" * 10_000
    data["sources"][file] = dice.choice(texts)


CHANGES: tuple[Callable[[Data, random.Random], None], ...] = (
    _slot, _slot, _other, _other, _near, _length, _missing, _twice, _moved, _turned, _cut,
    _head, _where, _source,
)  # fmt: skip


def mutated(text: str, number: int) -> str:
    """Change a saved trace in one, two or three places; the same number, the same changes."""
    dice = random.Random(number)
    data = json.loads(text)
    for change in dice.choices(CHANGES, k=dice.choice((1, 1, 2, 3))):
        try:
            change(data, dice)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError):
            continue  # an earlier change has left nothing to change here
    found = json.dumps(data)
    if dice.random() < 0.05:
        at = dice.randrange(len(found))
        found = found[:at] + dice.choice(["", "\0", '"', "]", "9" * 5000]) + found[at + 1 :]
    return found
