"""Measure what a span, an event, a task and an import cost; `make bench` runs this.

Every number is a ratio of two things measured in the same run, in turns, so that a slow or busy
machine slows both. A row is one `Pair`; to add a row, add a line to `PAIRS`.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from sys import _getframe
from time import perf_counter_ns
from typing import Any

from big import BIG, LARGEST, made
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from soak import HEAD, REPORT

from spanlab import CurrentThread, OsThreads, Trace, info, info_span, recording, run, spawn
from spanlab.evidence import chain
from spanlab.yours.read_log import lines_of, read_log
from spanlab.yours.style import Style
from spanlab.yours.window import Window

ROUNDS = 7
SPANS = 10_000
TASKS = 50_000
MANY_TASKS = 200_000
MANY_RECORDS = 10_000_000  # more than any of this makes

Measure = Callable[[], float]  # runs once and gives seconds


@dataclass
class Pair:
    """Two measures of one thing; `bar` is what the ratio must reach, or must not pass.

    `faster=True`: the ratio is theirs / ours, at least `bar`. Otherwise ours / theirs, at most.
    """

    name: str
    ours: Measure
    theirs: Measure
    bar: float
    faster: bool = True
    per: int = 1  # how many operations one measure makes
    times: list[tuple[float, float]] = field(default_factory=list)

    def measure(self, swapped: bool) -> None:
        """Add one round; every other round measures the other one first."""
        first, second = (self.theirs, self.ours) if swapped else (self.ours, self.theirs)
        one, two = clean(first), clean(second)
        self.times.append((two, one) if swapped else (one, two))

    @property
    def ratio(self) -> float:
        """The median over the rounds of the ratio within a round."""
        return median(b / a if self.faster else a / b for a, b in self.times)

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.bar if self.faster else self.ratio <= self.bar

    def row(self) -> str:
        """One line of the table: the best time of each, the ratio, the bar."""
        ours, theirs = (show(min(times) / self.per) for times in zip(*self.times, strict=True))
        bar = f"{'≥' if self.faster else '≤'} {self.bar:g}"
        verdict = "met" if self.is_met else "**missed**"
        return f"| {self.name} | {ours} | {theirs} | {self.ratio:.2f} | {bar} | {verdict} |"


def show(seconds: float) -> str:
    for unit, size in (("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds / 1e-9:.0f} ns"


def clean(measure: Measure) -> float:
    """Measure without the garbage of the measure before."""
    gc.collect()
    return measure()


def timed(work: Callable[[], object], chains: bool = False) -> Measure:
    """Measure a function by the clock; whether the frames behind records are kept is a choice."""

    def measure() -> float:
        with nullcontext() if chains else chain.off():
            start = time.perf_counter()
            work()
            return time.perf_counter() - start

    return measure


# ---------------------------------------------------------------- spans


def spanlab_spans(count: int = SPANS) -> None:
    with recording(records=MANY_RECORDS):
        for _ in range(count):
            with info_span("work").enter():
                info("hello")


def otel_provider() -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
    return provider


def otel_spans(count: int = SPANS) -> None:
    tracer = otel_provider().get_tracer("bench")
    for _ in range(count):
        with tracer.start_as_current_span("work") as span:
            span.add_event("hello")


floor: list[tuple[Any, ...]] = []
floor_stack: list[int] = []
floor_number = itertools.count().__next__


class FloorSpan:
    """The least tracer in plain Python that keeps the same five records.

    One stack for the whole process, no levels, no fields, no threads, no checks: what is left is
    the clock, the place as code and instruction, and the parent.
    """

    __slots__ = ("id",)

    def __init__(self, name: str) -> None:
        frame, self.id = _getframe(1), floor_number()
        parent = floor_stack[-1] if floor_stack else None
        floor.append((
            "new", perf_counter_ns(), frame.f_code, frame.f_lasti, self.id, parent, name
        ))  # fmt: skip

    def __enter__(self) -> None:
        frame = _getframe(1)
        floor_stack.append(self.id)
        floor.append(("enter", perf_counter_ns(), frame.f_code, frame.f_lasti, self.id))

    def __exit__(self, kind: object, error: object, at: object) -> None:
        frame = _getframe(1)
        floor_stack.pop()
        floor.append(("exit", perf_counter_ns(), frame.f_code, frame.f_lasti, self.id))

    def __del__(self) -> None:
        floor.append(("close", perf_counter_ns(), "", 0, self.id))


def floor_event(message: str) -> None:
    """Record an event under the top of the one stack."""
    frame = _getframe(1)
    parent = floor_stack[-1] if floor_stack else None
    floor.append(("event", perf_counter_ns(), frame.f_code, frame.f_lasti, parent, message))


def floor_spans(count: int = SPANS) -> None:
    floor.clear()
    for _ in range(count):
        with FloorSpan("work"):
            floor_event("hello")


# ---------------------------------------------------------------- tasks


async def bare(i: int) -> int:
    return i


async def with_event(i: int) -> int:
    info("hello")
    return i


async def spanlab_bare_tasks() -> None:
    handles = [spawn(bare(i)) for i in range(TASKS)]
    for handle in handles:
        await handle


async def spanlab_span_tasks() -> None:
    handles = [spawn(info_span("t").instrument(with_event(i))) for i in range(TASKS)]
    for handle in handles:
        await handle


async def asyncio_bare_tasks() -> None:
    async with asyncio.TaskGroup() as group:
        for i in range(TASKS):
            group.create_task(bare(i))


async def asyncio_otel_tasks() -> None:
    tracer = otel_provider().get_tracer("bench")

    async def task(i: int) -> int:
        with tracer.start_as_current_span("t") as span:
            span.add_event("hello")
        return i

    async with asyncio.TaskGroup() as group:
        for i in range(TASKS):
            group.create_task(task(i))


# ---------------------------------------------------------------- threads


async def spanlab_many_tasks() -> None:
    handles = [spawn(bare(i)) for i in range(MANY_TASKS)]
    for handle in handles:
        await handle


def spanlab_threads(level: str = "trace") -> None:
    run(spanlab_many_tasks(), on=OsThreads(4), level=level, records=MANY_RECORDS)


def pool_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(int, i) for i in range(MANY_TASKS)]
        for future in futures:
            future.result()


# ---------------------------------------------------------------- records, imports


def size(trace: Trace) -> float:
    """Count the bytes of a record: its places on the tape, and its values, what is shared once."""
    seen: dict[int, int] = {}
    trace.tape.turn()
    pieces = list(trace.tape.aside)

    def add(value: Any) -> None:
        if id(value) not in seen:
            seen[id(value)] = sys.getsizeof(value)
            for part in value if isinstance(value, tuple) else ():
                add(part)

    for piece in pieces:
        add(piece)
    return sum(seen.values()) / len(trace)


async def spawned_and_joined() -> None:
    for i in range(SPANS):
        await spawn(bare(i))


async def with_one_field() -> None:
    for i in range(SPANS):
        info("hello", n=i)


SIZES = (  # what is recorded, and how many bytes a record of it may take
    ("task", spawned_and_joined, 170),
    ("event with one field", with_one_field, 280),
)


def sizes() -> list[str]:
    """The table of memory, on the real clock, whose times are not shared."""
    rows = ["", "| record of a | bytes | bar | |", "|---|--:|--:|---|"]
    for name, main, bar in SIZES:
        taken = size(run(main(), on=OsThreads(1)))
        verdict = "met" if taken <= bar else "**missed**"
        rows.append(f"| {name} | {taken:.0f} | ≤ {bar} | {verdict} |")
    return rows


RECORDED = (1_000, 10_000, 100_000)
SLOWEST = 2.0  # seconds that a view may take


def views() -> list[str]:
    """The table of big traces: what each view takes and makes of the worst of them."""
    worst = dict[str, list[tuple[float, int]]]()
    for records in RECORDED:
        found = [each for make in BIG for each in made(make, records)]
        for view in dict.fromkeys(each.view for each in found):
            mine = [each for each in found if each.view == view]
            most = max(each.seconds for each in mine), max(each.bytes for each in mine)
            worst.setdefault(view, []).append(most)
    over = [v for v, of in worst.items() if any(s > SLOWEST or b > LARGEST for s, b in of)]
    heads = " | ".join(f"{records:,} records" for records in RECORDED)
    return [
        "",
        f"Views of big traces, the worst of {len(BIG)} kinds; the bar is {SLOWEST:g} s and "
        f"{LARGEST:,} bytes: {'**missed** by ' + ', '.join(over) if over else 'met'}.",
        "",
        f"| view | {heads} |",
        "|---|" + "--:|" * len(RECORDED),
        *(
            f"| {view} | {' | '.join(f'{s:.2f} s, {size:,} B' for s, size in mosts)} |"
            for view, mosts in worst.items()
        ),
    ]


LOGS = Path(__file__).parents[1] / "yours" / "logs.tar.xz"
PLAIN = re.compile(r"(\S+Z) +([A-Z]+) (?:(.*?): )?([\w:]+): (.*)")  # time level spans target rest
FIELD = re.compile(r"(\w[\w.]*)=(\"(?:[^\"\\]|\\.)*\"|\S+)")
READ = 8_000_000  # bytes
READ_BARS = {"json": 75, "full": 30, "index": 250}  # MB/s


def lines_like(name: str) -> bytes:
    """Lines of a log over and over, each time with other minutes and other numbers of requests."""
    with tarfile.open(LOGS) as archive:
        file = archive.extractfile(f"suspects/{name}")
        assert file is not None
        text, times, made = file.read().decode(), itertools.count(), list[str]()
    while sum(map(len, made)) < READ:
        n = next(times)
        other = re.sub(r"T0\d:\d\d:", f"T{n // 60 % 24:02}:{n % 60:02}:", text)
        number = re.compile(r'((?:_id|_no)(?:":|=)"?)(\d+)')
        made.append(number.sub(lambda found, n=n: f"{found[1]}{int(found[2]) + 10 * n}", other))
    return "".join(made).encode()


def regex_rows(data: bytes) -> list[Any]:
    """Read text as a plain reader does, which learns nothing and doubts nothing."""
    found = (PLAIN.match(line) for line in data.decode().splitlines())
    return [(*m.groups(), FIELD.findall(m[5]), FIELD.findall(m[3] or "")) for m in found if m]


def reading() -> list[str]:
    """The table of logs: processor time on one core, each beside a plain reader of the same."""
    json_log, text = lines_like("vineyard_730.json.log"), lines_like("vineyard_730.full.log")
    style = Style(line for _, line in lines_of(json_log))
    works: dict[str, tuple[bytes, Callable[[], Any], str, Callable[[], Any]]] = {
        "json": (json_log, lambda: read_log(json_log), "`json.loads`",
                 lambda: [json.loads(line) for line in json_log.splitlines()]),
        "full": (text, lambda: read_log(text), "a regex reader", lambda: regex_rows(text)),
        "index": (json_log, lambda: Window(json_log, style), "`json.loads`",
                  lambda: [json.loads(line) for line in json_log.splitlines()]),
    }  # fmt: skip
    rows = [
        "",
        "| log to rows | MB/s | beside | MB/s | ratio | bar | |",
        "|---|--:|---|--:|--:|--:|---|",
    ]
    for name, (data, ours, other, theirs) in works.items():
        speeds = []
        for work in (ours, theirs):
            start = time.process_time()
            work()
            speeds.append(len(data) / 1e6 / (time.process_time() - start))
        mine, other_one = speeds
        verdict = "met" if mine >= READ_BARS[name] else "**missed**"
        shown = f"{mine:.1f} | {other} | {other_one:.1f} | {mine / other_one:.2f}"
        rows.append(f"| {name} | {shown} | ≥ {READ_BARS[name]} | {verdict} |")
    return rows


def per_record(count: int) -> Measure:
    """Measure the cost of one record in a trace of about `count` records."""
    records = 5  # new, enter, event, exit, close

    def measure() -> float:
        repeats = max(1, 10_000 // count)
        start = time.perf_counter()
        for _ in range(repeats):
            spanlab_spans(count // records)
        return (time.perf_counter() - start) / (count * repeats)

    return measure


def cold_import(module: str) -> Measure:
    """Measure an import in a fresh interpreter."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    command = [sys.executable, "-I", "-c", code]
    return lambda: float(subprocess.run(command, capture_output=True, check=True).stdout)


def plain_rows(count: int) -> Measure:
    """Measure the cost of a tuple in a list of `count`: what longer ones cost is fresh memory."""

    def measure() -> float:
        repeats = max(1, 10_000 // count)
        start = time.perf_counter()
        for _ in range(repeats):
            rows: list[Any] = []
            for i in range(count):
                rows.append(("exit", perf_counter_ns(), 1, 0, None, 0, i))  # noqa: PERF401
        return (time.perf_counter() - start) / (count * repeats)

    return measure


PAIRS = (
    Pair(
        "span with an event, vs OpenTelemetry",
        timed(spanlab_spans),
        timed(otel_spans),
        5.5,
        per=SPANS,
    ),
    Pair(
        "span with an event, vs the floor: the least tracer that keeps the same records",
        timed(spanlab_spans),
        timed(floor_spans),
        2.6,
        faster=False,
        per=SPANS,
    ),
    Pair(
        "span with an event and the frames behind them, vs without the frames",
        timed(spanlab_spans, chains=True),
        timed(spanlab_spans),
        1.5,
        faster=False,
        per=SPANS,
    ),
    Pair(
        "task, spawned and joined, vs TaskGroup",
        timed(lambda: run(spanlab_bare_tasks(), on=CurrentThread())),
        timed(lambda: asyncio.run(asyncio_bare_tasks())),
        bar=1.7,
        per=TASKS,
    ),
    Pair(
        "task with span and event, vs asyncio with OpenTelemetry",
        timed(lambda: run(spanlab_span_tasks(), on=CurrentThread())),
        timed(lambda: asyncio.run(asyncio_otel_tasks())),
        bar=5.3,
        per=TASKS,
    ),
    Pair(
        "task on four threads, vs ThreadPoolExecutor",
        timed(spanlab_threads),
        timed(pool_threads),
        bar=3.1,
        per=MANY_TASKS,
    ),
    Pair(
        "task on four threads, vs the same without recording",
        timed(spanlab_threads),
        timed(lambda: spanlab_threads(level="off")),
        bar=2,
        faster=False,
        per=MANY_TASKS,
    ),
    *(
        Pair(
            f"record {n:,} long, vs 1,000 long",
            per_record(n),
            per_record(1_000),
            1.3,
            faster=False,
        )
        for n in (10_000, 100_000, 1_000_000)
    ),
    Pair(
        "the same for a plain list of tuples, 1,000,000 long, vs 1,000 long",
        plain_rows(1_000_000),
        plain_rows(1_000),
        bar=5,
        faster=False,
    ),
    Pair(
        "import, vs import asyncio",
        cold_import("spanlab"),
        cold_import("asyncio"),
        0.85,
        faster=False,
    ),
)


def main() -> int:
    """Run all rounds in turns, print the table, write it down, and fail if a bar is missed."""
    gc.collect()
    gc.freeze()  # what was imported is no garbage: no collection walks it while we measure
    for turn in range(ROUNDS + 1):  # the first round warms up
        for pair in PAIRS:
            pair.measure(swapped=turn % 2 == 1)
            if turn == 0:
                pair.times.clear()
        print(f"round {turn} of {ROUNDS}", file=sys.stderr)
    facts = f"Python {platform.python_version()}, OpenTelemetry SDK {version('opentelemetry-sdk')}"
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            f"Written by `make bench`: {facts}, {os.cpu_count()} cores, {ROUNDS} rounds in turns.",
            "Times are the best of the rounds, ratios the median of the ratios within a round.",
            "A bar with ≥ is for how many times as fast spanlab is, one with ≤ for how many times",
            "as long it takes.",
            "",
            "| what | spanlab | the other | ratio | bar | |",
            "|---|--:|--:|--:|--:|---|",
            *(pair.row() for pair in PAIRS),
            *sizes(),
            *views(),
            *reading(),
            "",
        ]
    )
    print(text)
    _, head, soaked = REPORT.read_text(encoding="utf-8").partition(HEAD)
    REPORT.write_text(text + head + soaked, encoding="utf-8")
    return 0 if all(pair.is_met for pair in PAIRS) else 1


if __name__ == "__main__":
    sys.exit(main())
