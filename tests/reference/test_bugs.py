"""Programs after public reports of wrong, missing or mixed-up spans, as the crates ran them.

Each module of `bugs` is the Rust program of its name in `src/bin`, once more in spanlab.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from promises import promises
from test_reference import HERE, load, masked, recorded
from written import IMPORTS, files

from spanlab import (
    CurrentThread,
    LogTracer,
    Trace,
    info_span,
    recording,
    run,
    set_panic_hook,
    why,
)
from spanlab.view.fmt import log

BUGS = sorted(path.stem for path in (HERE / "bugs").glob("bug_*.py"))
RACES = ("bug_26_sqlite_worker",)  # with a thread of its own
LIVES = {"format": "full", "span_events": "full"}


def ran(name: str) -> Trace:
    """Run the program of a module as its Rust counterpart runs."""
    bug: Any = load(f"bugs/{name}")
    settings = {"level": getattr(bug, "LEVEL", "trace"), "filter": getattr(bug, "FILTER", None)}
    if hasattr(bug, "main"):
        return run(bug.main(), on=CurrentThread(), **settings)
    with recording(**settings) as trace:
        bug.program()
    return trace


def test_every_report_has_its_program() -> None:
    """None is recorded and forgotten."""
    assert sorted(path.stem for path in (HERE / "src" / "bin").glob("bug_*.rs")) == BUGS


@pytest.mark.parametrize("name", BUGS)
def test_a_reported_program_prints_what_the_real_crates_print(name: str) -> None:
    """Every event with its spans, and all that happens to spans, in order."""
    trace, by_thread = ran(name), name in RACES
    assert seen(str(log(trace))) == seen(recorded(name))
    assert seen(str(log(trace, **LIVES)), by_thread) == seen(recorded(f"{name}.lives"), by_thread)


def seen(text: str, by_thread: bool = False) -> list[str]:
    """Give the lines of a log; where threads race, those of the main thread first.

    How often a future is polled that waits for a thread is left to the race: it is left out.
    """
    if not by_thread:
        return masked(text).splitlines()
    lines = [line for line in text.splitlines() if not line.endswith((": enter", ": exit"))]
    return sorted(lines, key=lambda line: "ThreadId(01)" not in line)


@pytest.mark.parametrize("name", BUGS)
def test_why_tells_the_cause_of_every_event(name: str) -> None:
    """As a reader who knows the crates would: `bugs/causes.txt` was written by one."""
    set_panic_hook(lambda panic: None)
    trace = ran(name)
    found = {number: why(trace, event).cause for number, event in trace.numbered}
    assert found == causes()[name]


@pytest.mark.parametrize("name", BUGS)
def test_every_change_that_why_proposes_gives_the_promised_spans(name: str) -> None:
    """Each is made in the source, and the program is run again."""
    set_panic_hook(lambda panic: None)
    text = IMPORTS + (HERE / "bugs" / f"{name}.py").read_text(encoding="utf-8")
    if "async def main():" in text:
        broken = [p for p in promises(files(text), CurrentThread()) if not p.is_kept]
        assert not broken, (broken[0].fixes, broken[0].tree, broken[0].got)


def causes() -> dict[str, dict[int, str]]:
    """Read the right causes, by program and number of the event."""
    right: dict[str, dict[int, str]] = {}
    for line in (HERE / "bugs" / "causes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("bug_"):
            right[line] = told = {}
        else:
            told[int(line[:4])] = line.rpartition(" | ")[2]
    return right


def test_records_of_the_crate_log_are_events() -> None:
    """In all four formats: with the target, the file and the line of the record."""
    first, *rest = [
        json.loads(line) for line in recorded("log_records").split("\n") if line[:1] == "{"
    ]
    with recording(filter="info,hyper::pool=debug") as trace:
        tell(first)
        with info_span("request", n=1, target="log_records").enter():
            for record in rest:
                tell(record)
                tell(record | {"level": "DEBUG", "target": "hyper"})  # which is filtered out
    shown = {"thread_ids": False, "target": True}
    logs = [log(trace, "full", **shown), log(trace, "compact", **shown),
            log(trace, "pretty", **shown), log(trace, "json", **shown)]  # fmt: skip
    events = zip(*(printed.entries for printed in logs), strict=True)
    assert "".join(str(entry) for event in events for entry in event) == recorded("log_records")


def tell(record: dict[str, Any]) -> None:
    """Hand a record of `log`, as JSON has it, to the handlers of `logging`."""
    fields, level = record["fields"], record["level"].replace("WARN", "WARNING")
    place, number = (fields["log.file"], fields["log.line"]), logging.getLevelNamesMapping()[level]
    made = logging.LogRecord(record["target"], number, *place, fields["message"], (), None)
    LogTracer().handle(made)


@pytest.mark.parametrize(
    ("number", "level"), [(5, "TRACE"), (10, "DEBUG"), (25, "INFO"), (50, "ERROR"), (0, "TRACE")]
)
def test_levels_of_logging_are_those_of_tracing(number: int, level: str) -> None:
    """What Python has between two levels is the lower one; CRITICAL is ERROR."""
    with recording() as trace:
        LogTracer().handle(logging.LogRecord("a.b", number, "x.py", 3, "%d of %d", (1, 2), None))
    event = trace.events[0]
    assert (event.level.name, event.message, event.target) == (level, "1 of 2", "a.b")
    assert (event.file, event.line) == ("x.py", 3)
