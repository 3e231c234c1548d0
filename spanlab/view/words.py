"""How views put things into words: numbers, names, scopes, and text that cannot break out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from math import fsum
from os import PathLike
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from spanlab.errors import UsageError
from spanlab.field import Fields
from spanlab.record import KINDS, Event, PollEnded, TaskFinished
from spanlab.traces import Trace

Names = tuple[str, ...]  # of spans, leaf to root
NESTED, NAMED = 64, 20  # spans that weigh as much as a record; names of a scope that are written


def need(call: str, *traces: object) -> None:
    """Refuse what is no trace; `call` is how a view is called."""
    for given in traces:
        if not isinstance(given, Trace):
            view = call.partition("(")[0]
            raise UsageError(f"{view}() needs a trace, got {given!r:.60}. Write: {call}")


def file_of(path: Any, call: str) -> Path:
    """Refuse what is no name of a file; `call` is how the function is called."""
    if not isinstance(path, str | PathLike):
        raise UsageError(f"a file is given by its name, got {path!r:.60}. Write: {call}")
    return Path(path)


def beginning(trace: Trace, most: int, kinds: Container[str] = KINDS) -> Trace:
    """Give what a view can work through: so many of some kinds, or fewer that are nested deep."""
    depths: dict[Any, int] = {}  # of the spans
    entered = work = 0
    for at, row in enumerate(trace.noted):
        entered += {"enter": 1, "exit": -1}.get(row[0], 0)
        if row[0] == "new":
            depths[row[6]] = depths.get(row[7], 0) + 1
        inside = depths.get(row[10], 0) if row[0] == "event" else 0
        work += (row[0] in kinds) + (entered + inside) // NESTED if at > trace.cut.begun else 0
        if work > most:
            return trace[:at]
    return trace


def rest(view: str, trace: Trace, at: int, what: str = "") -> str:
    """Say that the records from one on are left out, and how to see them; empty if none are."""
    if at >= len(trace):
        return trace.origin.untold if trace.origin else ""
    first = trace.cut.records + max(at, trace.cut.begun)
    return f"{what or f'Records from {first} on'} are left out. Write: {view}(trace[{first}:])"


def count(number: int, thing: str) -> str:
    """Write how many there are of a thing."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def few(said: list[str], most: int, more: str = "{} more") -> list[str]:
    """Leave out what is too much, and say how much that is."""
    left = len(said) - most
    return [*said[:most], more.format(left)] if left > 0 else said


def visible(text: str, limit: int = 40) -> str:
    r"""Write text on one line, so that nothing in it hides, breaks a line or turns it around.

    >>> visible("two\nlines \u202e")
    'two\\nlines \\u202e'
    """
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode()
        for char in text[: limit + 1]
    )
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def wide(text: str, size: float, letter: float = 0.0) -> float:
    """Give the room that text needs at most, if a letter of its font needs `letter` of its size.

    Where nothing is said of the font the letters of a proportional one are told apart.
    """
    sizes = {**dict.fromkeys("mwMWQ@%…—", 0.95), **dict.fromkeys("fijlrtI.,:;'|!()[]{} ", 0.4)}
    each = (
        1.2 if east_asian_width(char) in "WF" else letter or sizes.get(char, 0.63) for char in text
    )
    return size * fsum(each)  # `sum` rounds otherwise before Python 3.12


def circled(number: int) -> str:
    """Write a number as the marks of a figure do in text: ① to ⑳, then (21)."""
    return chr(0x245F + number) if number <= 20 else f"({number})"


def said(fields: Fields) -> str:
    """Write fields but the message: `n=3 user=ann`."""
    return " ".join(f"{name}={value}" for name, value in fields if name != "message")


def message(event: Event) -> str:
    """Give the text of an event, or its fields if it has none."""
    return event.message or said(event.fields) or "(no message)"


def keys(messages: Iterable[str]) -> list[tuple[str, int]]:
    """Number equal messages: lines of two logs belong together if their keys are equal."""
    seen = Counter[str]()
    found = []
    for text in messages:
        found.append((text, seen[text]))
        seen[text] += 1
    return found


def task(number: int) -> str:
    """Name a task as the figures do; the main future is task 0."""
    return f"task {number}" if number else "main"


def panic(end: TaskFinished) -> str:
    """Give the message of a panic, as the end of a sentence."""
    return f": {visible(end.panic, 60)}" if end.panic else ""


def waited(poll: PollEnded) -> str:
    """Name what a task waits for."""
    return task(poll.awaits) if poll.awaits is not None else visible(poll.waits_for)


def quoted(name: str) -> str:
    """Write a name, or code, so that it stands out and cannot break out."""
    return f"`{visible(name.replace('`', chr(39)), 60)}`"


def listed(names: Names, most: int = 3) -> str:
    """Write a scope as one path from the root; of a long one the outermost are counted.

    >>> listed(("leaf", "sub_task", "work"))
    '`work › sub_task › leaf`'
    """
    inner = few([visible(name.replace("`", "'")) for name in names], most)
    return f"`{' › '.join(reversed(inner))}`" if names else "no span"
