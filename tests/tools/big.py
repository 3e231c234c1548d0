"""Traces that are larger than any page, each in its own way; and what every view makes of one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from spanlab import Trace, compare, graph, lanes, log, step, why

HEAD = ("thread", 0, 1, None, "", 0, "main")
LARGEST = 1_000_000  # bytes of a page


def event(at: int, text: str, span: int | None = None, thread: int = 1) -> tuple[Any, ...]:
    """Give a row for an event that is in a span."""
    said = (("message", text),)
    return ("event", at, thread, None, "big.py", at % 99 + 1, 3, "big", said, span, span)


def span(at: int, number: int, parent: int | None = None) -> tuple[Any, ...]:
    """Give a row for a new span."""
    name = f"span {number}"
    return ("new", at, 1, None, "big.py", at % 99 + 1, number, parent, name, 3, "big", ())


def entered(at: int, number: int, kind: str = "enter") -> tuple[Any, ...]:
    """Give a row for a span that is entered, exited or closed."""
    return (kind, at, 1, None, "big.py", at % 99 + 1, number)


def events(records: int) -> Trace:
    """Give events alone, each with words of its own."""
    return Trace([HEAD, *(event(at, f"step {at}") for at in range(1, records))])


def spans(records: int) -> Trace:
    """Give spans that are made, entered and left one after the other."""
    rows: list[tuple[Any, ...]] = [HEAD]
    for at in range(1, records, 5):
        rows += span(at, at), entered(at, at), event(at, "inside", at)
        rows += entered(at, at, "exit"), entered(at, at, "close")
    return Trace(rows)


def deep(records: int) -> Trace:
    """Give spans each of which stays on the stack and is the parent of the next."""
    rows: list[tuple[Any, ...]] = [HEAD]
    for number in range(records // 3):
        at = len(rows)
        rows += span(at, number, number - 1 if number else None), entered(at, number)
        rows += [event(at, "deeper", number)]
    return Trace(rows)


def tasks(records: int) -> Trace:
    """Give tasks on sixteen threads, all spawned first and each polled once."""
    rows: list[tuple[Any, ...]] = [("thread", 0, n, None, "", 0, "worker") for n in range(1, 17)]
    many = records // 5
    rows += [("spawn", 0, 1, 0, "big.py", 1, number, "task") for number in range(1, many)]
    for number in range(1, many):
        place = (len(rows), number % 16 + 1, number, "big.py", 2)
        rows += ("poll", *place), ("event", *place, 3, "big", (("n", number),), None, None)
        rows += ("polled", *place, True, "", None), ("finish", *place, number, "ok")
    return Trace(rows)


def wordy(records: int) -> Trace:
    """Give events that say a great deal, in letters that take much room."""
    text = "\u202e\"<日本語>'\x1b" * 200
    return Trace([HEAD, *(event(at, f"{at} {text}") for at in range(1, records))])


def threads(records: int) -> Trace:
    """Give thousands of threads, of which each does one thing."""
    many = records // 2
    rows: list[tuple[Any, ...]] = [("thread", 0, n, None, "", 0, "t") for n in range(1, many)]
    return Trace([*rows, *(event(n, f"step {n}", None, n) for n in range(1, many))])


BIG: tuple[Callable[[int], Trace], ...] = (events, spans, deep, tasks, wordy, threads)


class Made(NamedTuple):
    """What a view made: how many bytes go into the page, and how long it took."""

    view: str
    bytes: int
    seconds: float


def made(make: Callable[[int], Trace], records: int) -> Iterator[Made]:
    """Show a trace in every view, a new one each time, for a trace keeps what it has read.

    `why` keeps what every stack held, which thousands of open spans make too much.
    """
    views: dict[str, Callable[[Trace], Any]] = {
        "log": log, "graph": graph, "lanes": lanes, "step": step,
        "why": lambda trace: why(trace, trace.numbered[-1][0]),
        "compare": lambda trace: compare(trace, trace), "a cell": lambda trace: trace,
    }  # fmt: skip
    if make is deep and records > 5_000:
        del views["why"]
    for name, view in views.items():
        trace = make(records)
        start = time.perf_counter()
        shown = view(trace)
        size = page(shown)
        yield Made(name, size, time.perf_counter() - start)


def page(shown: Any) -> int:
    """Count the bytes that an output brings into a notebook, in its longest form."""
    bundle = dict(shown._repr_mimebundle_())
    sent = getattr(shown, "widget", None)
    kinds = [str(text).encode() for text in bundle.values()]
    kinds += [repr(shown).encode(), *([sent.state["trace"].encode()] if sent else [])]
    return max(map(len, kinds))
