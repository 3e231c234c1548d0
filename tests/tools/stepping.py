"""Traces that the tests of the stepper and of the lanes step through."""

from __future__ import annotations

import linecache
from typing import Any

from spanlab import (
    CurrentThread,
    JoinSet,
    Trace,
    VirtualThreads,
    info,
    info_span,
    instrument,
    run,
    sleep,
    spawn,
    yield_now,
)

PROGRAM = """
from spanlab import *

async def guilty():
    with info_span("guilty").enter():
        info("before")
        await yield_now()

async def innocent():
    info("innocent")

async def main():
    first, second = spawn(guilty()), spawn(innocent())
    await first
    await second

trace = run(main(), on=CurrentThread())
"""
HOSTILE = (
    "</script><script>alert(1)",
    "\"' onerror=alert(1) <img src=x onerror=alert(1)>",
    "]]> &amp; <!-- --> <style>*{display:none}</style>",
    "\u202ertl \0 \x1b[31m \ud800",
    "two\nlines\ttab",
    "x" * 10_000,
    "日本語" * 40,
    'fill="white" stroke:#0072b2 url(#look0) id="look0"',
    "",
)


def steps_of(sent: dict[str, Any]) -> list[int]:
    """Give the step of each record: between them stand moments, which no record tells."""
    return [n for n, row in enumerate(sent["rows"]) if sent["kinds"][row[0]][0] != "moment"]


def leaking() -> Trace:
    """Give a program whose guard stays on the stack while others are polled."""

    async def guilty() -> None:
        with info_span("guilty").enter():
            info("before the await")
            await sleep(0.01)
            info("after it")

    async def innocent() -> None:
        info("I did nothing")
        await yield_now()
        info("still nothing")

    @instrument
    async def main() -> None:
        one, other = spawn(guilty()), spawn(innocent())
        await one
        await other

    return run(main(), on=CurrentThread())


def many(tasks: int) -> Trace:
    """Give a program of many tasks on sixteen workers, with 36 records for each task."""

    @instrument
    async def worker(id: int) -> None:
        for number in range(4):
            info(f"round {number}", id=id)
            await yield_now()

    @instrument
    async def main() -> None:
        every = JoinSet()
        for id in range(tasks):
            every.spawn(worker(id))
        while await every.join_next():
            info("one done")

    return run(main(), on=VirtualThreads(16))


def panicking() -> Trace:
    """Give a program with a task that panics, and whose handle nobody joins."""
    head = [("thread", 0, n, None, "", 0, "main") for n in (1, 17)]
    said = (("message", "before"),)
    return Trace([
        *head, ("poll", 1, 1, 0, "", 0), ("spawn", 2, 1, 0, "a.py", 1, 1, "task"),
        ("poll", 3, 17, 1, "", 0), ("event", 4, 17, 1, "a.py", 5, 3, "a", said, None, None),
        ("polled", 5, 17, 1, "", 0, True, "", None),
        ("finish", 6, 17, 1, "a.py", 6, 1, "panicked", "out of luck"),
        ("polled", 7, 1, 0, "", 0, True, "", None),
    ])  # fmt: skip


def hostile(text: str) -> Trace:
    """Give a trace in which all that has a name is called like that."""
    file = f"<hostile {len(text)}>"
    lines = [f"# {text}\n", f"info({text!r})\n"]
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)
    rows: list[tuple[Any, ...]] = [
        ("thread", 0, 1, None, "", 0, text),
        ("thread", 0, 17, None, "", 0, text),
    ]

    def row(kind: str, thread: int, task: int, *values: Any) -> None:
        rows.append((kind, len(rows), thread, task, file, 2, *values))

    fields = (("message", text), (text, text))
    row("poll", 1, 0)
    row("new", 1, 0, 0, None, text, 3, text, fields)
    row("enter", 1, 0, 0)
    row("event", 1, 0, 3, text, fields, 0, 0)
    row("spawn", 1, 0, 1, text)
    row("record", 1, 0, 0, fields)
    row("exit", 1, 0, 0)
    row("polled", 1, 0, False, text, None)
    row("poll", 17, 1)
    row("event", 17, 1, 3, text, fields, None, None)
    row("polled", 17, 1, True, "", None)
    row("finish", 17, 1, 1, "panicked", text)
    return Trace(rows)


def joining(tasks: int) -> Trace:
    """Give a `JoinSet` of tasks that each carry a span, on eight workers."""

    async def fetch() -> None:
        info("fetching")
        await yield_now()
        info("fetched")

    @instrument
    async def main() -> None:
        every = JoinSet()
        for id in range(tasks):
            every.spawn(info_span("fetch", id=id).instrument(fetch()))
        while await every.join_next():
            info("one done")

    return run(main(), on=VirtualThreads(8))
