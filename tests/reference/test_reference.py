"""spanlab prints what the real crates printed, byte for byte.

`reference/logs` was written by the programs in `reference/src/bin`. The same programs in spanlab
must print the same. Lines of source differ, and workers race: only those two are masked.
"""

from __future__ import annotations

import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spanlab import CurrentThread, Trace, recording, run, set_panic_hook
from spanlab.view.fmt import log

HERE = Path(__file__).parent
LIVE = "pretty, lives"


def load(name: str) -> ModuleType:
    """Import a file of `reference` under its own name, which is the target of its events."""
    spec = spec_from_file_location(name, HERE / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


programs, formats, variants = load("programs"), load("formats"), load("variants")
pitfalls, lessons, clinic = load("pitfalls"), load("lessons"), load("clinic")


def recorded(name: str) -> str:
    return (HERE / "logs" / f"{name}.log").read_bytes().decode()


def masked(text: str) -> str:
    """Hide the file and line of the source, and the number of any thread but the main one."""
    text = re.sub(r"^    at \S+:\d+", "    at FILE:LINE", text, flags=re.M)
    return re.sub(r"ThreadId\((?!1\))\d+\)", "ThreadId(N)", text)


def sections() -> dict[str, str]:
    """Give what `formats` printed, by the title of each section."""
    parts = re.split(r"^== (.*) ==\n", recorded("formats"), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def record(body: Any) -> Trace:
    with recording() as trace:
        body()
    return trace


def as_in_rust(trace: Trace) -> Trace:
    """Move the events to the lines that they have in the Rust file."""
    printed = [json.loads(line) for line in SECTIONS["json, all on"].splitlines()]
    places = iter([(event["filename"], event["line_number"]) for event in printed])
    rows = [(*r[:4], *next(places), *r[6:]) if r[0] == "event" else r for r in trace.rows]
    assert next(places, None) is None, "the Rust program prints more events"
    return Trace(rows, trace.started)


SECTIONS = sections()
OFF = {"thread_ids": False, "target": True, "file": False, "line": False}
ALL = {"thread_ids": True, "thread_names": True, "file": True, "line": True}
SETTINGS: dict[str, dict[str, Any]] = {
    "full": {},
    "full, all on": ALL,
    "full, file alone": {"target": False, "file": True},
    "full, line alone": {"target": False, "line": True},
    "compact": {},
    "compact, all on": ALL,
    "compact, file alone": {"target": False, "file": True},
    "compact, target and line": {"line": True},
    "compact, all off": {"target": False},
    "pretty": {"file": None, "line": None},
    "pretty, all on": ALL,
    "pretty, names": {"target": False, "thread_names": True, "file": None, "line": None},
    "pretty, no line": {"file": None, "thread_ids": True},
    "pretty, no file": {"line": None, "thread_ids": True},
    "pretty, all off": {"target": False},
    "json": {},
    "json, all on": ALL,
    "json, flat": {"flatten_event": True, "target": False},
    "json, no span": {"current_span": False},
    "json, no list": {"span_list": False},
    "json, neither": {"current_span": False, "span_list": False},
    "full, lives": {"span_events": "full"},
    "compact, lives": {"span_events": "full"},
    "pretty, lives": {"span_events": "full", "file": True, "line": True},
    "json, lives": {"span_events": "full"},
    "full, active": {"span_events": "active"},
    "full, new and close": {"span_events": "new|close"},
}


@pytest.mark.parametrize("program", programs.ARTICLE, ids=lambda program: program.__name__)
def test_a_program_prints_what_the_real_crates_print(program: Any) -> None:
    """The programs of the article have the same log, and so the same parents."""
    printed = str(log(run(program()())))
    assert masked(printed) == masked(recorded(program.__name__))


def lines(text: str) -> list[str]:
    """Give the events of a log, sorted: tasks on several threads race."""
    return sorted(masked(text).split("\n\n"))


@pytest.mark.parametrize("name", variants.ON_ONE_THREAD)
def test_a_variant_on_one_thread_prints_what_the_real_crates_print(name: str) -> None:
    """What lessons vary: on one thread the log is the same, in the same order."""
    try:
        trace = run(variants.ON_ONE_THREAD[name](), on=CurrentThread(), level="info")
    finally:
        set_panic_hook()
    assert masked(str(log(trace))) == masked(recorded(name))


@pytest.mark.parametrize("name", variants.ON_MANY_THREADS)
def test_a_variant_on_many_threads_prints_what_the_real_crates_print(name: str) -> None:
    """What lessons vary: on several threads every event has the same spans."""
    trace = run(variants.ON_MANY_THREADS[name](), level="info")
    assert lines(str(log(trace))) == lines(recorded(name))


@pytest.mark.parametrize("program", lessons.PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_of_a_lesson_prints_what_the_real_crates_print(program: Any) -> None:
    """What lessons change and ask for: every event has the same spans."""
    on = CurrentThread() if program in lessons.ON_ONE_THREAD else None
    trace = run(program(), on=on, level="info")
    assert lines(str(log(trace))) == lines(recorded(program.__name__))


@pytest.mark.parametrize("program", clinic.PROGRAMS, ids=lambda program: program.__name__)
def test_a_case_of_the_clinic_logs_as_on_the_real_crates(program: Any) -> None:
    """Each line of the log of a service, with its time; the clock of each begins elsewhere."""
    trace = run(program(), on=CurrentThread())
    moments = "active" if program is clinic.clinic_clean else "none"
    printed = str(log(trace, "full", time=True, thread_ids=False, span_events=moments))
    there = recorded(program.__name__).replace("2026-11-27T01", "2024-01-01T00")
    assert printed == there


def test_every_program_is_compared() -> None:
    """No log is recorded and forgotten."""
    compared = {*variants.ON_ONE_THREAD, *variants.ON_MANY_THREADS, "nested", "shapes", "formats"}
    compared |= {program.__name__ for program in programs.ARTICLE} | {"thread_names"}
    compared |= {program.__name__ for program in (*lessons.PROGRAMS, *clinic.PROGRAMS)}
    compared |= {program.__name__ for program in lessons.ON_ASYNCIO}  # in test_witness.py
    compared |= {f"pitfall_{program.__name__}" for program in pitfalls.PROGRAMS}
    compared |= {"values", "log_records", "closed_clone"}  # elsewhere
    logs = {path.stem for path in (HERE / "logs").glob("*.log")}
    assert compared == {name for name in logs if not name.startswith("bug_")}  # in test_bugs.py


def test_nested_spans_print_what_the_real_crates_print() -> None:
    """The first program of the lessons needs no runtime."""
    assert masked(str(log(record(programs.nested)))) == masked(recorded("nested"))


def test_every_shape_of_function_is_instrumented_as_in_rust() -> None:
    """Fifteen shapes: what the attribute takes for an async function, and what not."""
    printed = str(log(run(programs.shapes()(), on=CurrentThread())))
    assert masked(printed) == masked(recorded("shapes"))


def test_every_section_of_formats_is_compared() -> None:
    """No section is printed by the Rust program and forgotten here."""
    assert list(SECTIONS) == list(SETTINGS)


@pytest.mark.parametrize("section", SETTINGS)
def test_a_format_prints_what_the_real_crate_prints(section: str) -> None:
    """Every format, under many settings, over every kind of field, span and parent."""
    settings = OFF | SETTINGS[section]
    trace = record(formats.live if "span_events" in settings else formats.emit)
    if "span_events" not in settings:
        trace = as_in_rust(trace)
    printed = str(log(trace, section.partition(",")[0], **settings))
    if section == LIVE:
        assert masked(printed) == masked(SECTIONS[section])
    else:
        assert printed == SECTIONS[section]


def test_thread_names_are_shown_as_in_rust() -> None:
    """Names are aligned in a line, and a thread without one shows its number."""
    trace = record(formats.thread_names)
    shown = {"thread_names": True, "target": True, "file": False, "line": False}
    logs = [
        log(trace, "full", thread_ids=False, **shown),
        log(trace, "compact", **shown),
        log(trace, "pretty", thread_ids=False, **shown),
        log(trace, "json", thread_ids=False, **shown),
    ]
    events = zip(*(printed.entries for printed in logs), strict=True)
    assert "".join(str(entry) for event in events for entry in event) == recorded("thread_names")
