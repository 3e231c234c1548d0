"""`trace[a:b]`: the records of a stretch, after those before it that they build on.

Without them nobody could say what is current where the stretch begins, or what its spans are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from spanlab.record import FUTURES, REFERS, SLOTS
from spanlab.tape import Row

Thing = tuple[str, Any]  # a span, a task or a future, and its number

ABOUT = ("new", "close", "record", "follows")  # what is said of a span


def begun(past: Sequence[Row], stretch: Sequence[Row]) -> list[int]:
    """Give the places of the rows of the past that a stretch builds on, in their order."""
    history = _History(past)
    rows = [at for stack in history.stacks.values() for at in stack]
    things = [thing for row in stretch for thing in _refers(row)]
    kept = {at for at, row in enumerate(past) if row[0] == "thread"}
    while rows or things:
        if things:
            rows += history.of.pop(things.pop(), ())
        elif (at := rows.pop()) not in kept:
            kept.add(at)
            things += _refers(past[at])
            rows += history.exits.get(at, ())
    return sorted(kept)


def _refers(row: Row) -> Iterator[Thing]:
    """Give all that a row names, besides its thread."""
    noted = row[0] == "event" and not isinstance(row[8], tuple)  # with the message on its own
    what = row[6:8] + row[9:] if noted else row[6:]
    yield "task", row[3]
    for name, value in zip(SLOTS[row[0]], what, strict=False):
        if name in REFERS:
            yield REFERS[name], value


class _History:
    """Which rows tell of each thing, and what is on the stacks in the end.

    A task begins with what was on the stack where it was spawned; of its polls the last one tells.
    """

    def __init__(self, past: Sequence[Row]) -> None:
        self.of: defaultdict[Thing, list[int]] = defaultdict(list)
        self.stacks: defaultdict[int, list[int]] = defaultdict(list)
        self.exits: dict[int, list[int]] = {}  # of what was entered
        turns: defaultdict[Any, list[int]] = defaultdict(list)  # of each task, since its last poll
        for at, (kind, _, thread, task, _, _, *what) in enumerate(past):
            if kind in ABOUT:
                self.of["span", what[0]].append(at)
            elif kind in FUTURES:
                self.of["future", what[0]].append(at)
            elif kind == "enter":
                self.stacks[thread].append(at)
            elif kind == "exit":
                for entered in [e for e in self.stacks[thread] if past[e][6] == what[0]][-1:]:
                    self.stacks[thread].remove(entered)
                    self.exits[entered] = [at]
            elif kind in ("spawn", "abort"):
                self.of["task", what[0]] += [at, *self.stacks[thread]]
            elif kind == "poll":
                turns[task] = [at]
            elif kind in ("polled", "wake", "finish"):
                turns[task if kind == "polled" else what[0]].append(at)
        for task, rows in turns.items():
            self.of["task", task] += rows
