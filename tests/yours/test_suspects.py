"""`suspects` names the planted fault first, and nothing in programs that are right.

Each program was run with real crates and logged in two formats; its truth says which entries
lost their span, or stand in a foreign one, as a layer saw them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from sets import packed

from spanlab import info, info_span, read_log, run, suspects, why

FORMS = ("full", "compact", "pretty", "json")
MOST = {"suspects": 1, "hard": 1}  # programs that may be missed in each format, of 24 and of 12


def runs(folder: str) -> list[tuple[dict[str, Any], str, bytes]]:
    """Give each program, with one of its formats and its log in it."""
    files = packed(f"{folder}/")
    truths = [json.loads(text) for name, text in files.items() if name.endswith(".truth.json")]
    return [
        (truth, form, files[f"{truth['name']}.{form}.log"])
        for truth in truths
        for form in FORMS
        if form in truth
    ]


def is_first(truth: dict[str, Any], form: str, text: bytes) -> bool:
    """Tell whether most lines of the first suspect are lines that are wrong."""
    trace = read_log(text)
    found = suspects(trace)
    kinds = [entry.kind for entry in trace.origin.entries() if entry.kind != "noise"]
    events = [at for at, kind in enumerate(kinds) if kind == "event"]
    bad = {at for at, *_ in truth[form]["bad"]}
    lines = found[0].lines if found else ()
    return bool(lines) and sum(events[n - 1] in bad for n in lines) > len(lines) / 2


@pytest.mark.parametrize("folder", MOST)
@pytest.mark.parametrize("json_too", [False, True], ids=["text", "json"])
def test_the_planted_fault_is_first(folder: str, json_too: bool) -> None:
    """In 23 of 24 programs, and in 11 of 12 hard ones."""
    all_of_them = [r for r in runs(folder) if r[0]["planted"] and (r[1] == "json") == json_too]
    missed = [truth["name"] for truth, *rest in all_of_them if not is_first(truth, *rest)]
    assert len(all_of_them) == {"suspects": 24, "hard": 12}[folder]
    assert len(missed) <= MOST[folder], missed


def test_a_suspect_names_the_line_of_the_file() -> None:
    """Also where a part of it was read; and `why` takes it, and quotes it."""
    text = packed("suspects/aquarium_641.full.log")[""].decode()
    rows = text.splitlines()
    for trace in (read_log(text), read_log(text, last=len(rows) - 5)):
        (first, *_), told = suspects(trace), why(trace, 1)
        row = rows[first.file_line - 1]
        assert row.startswith(first.time)
        assert trace.origin.text(first.lines[0] - 1).endswith(f"{row}\n")
        assert f"the first is line {first.file_line}, {first.time})" in str(first)
        said = str(why(trace, first))
        assert str(first).rstrip(".") in said
        assert f"The log shows it, line {first.file_line}\n" in said
        assert "stack" not in said + str(told)
        assert "ThreadId" not in said + str(told)  # this log shows none


def test_what_is_too_little_is_said() -> None:
    """Of a run as of a log; a line before the first span lost none."""

    async def main() -> None:
        info("listening")
        with info_span("request").enter():
            info("order taken")
        info("mail sent")

    found = suspects(run(main()))
    assert not found
    assert str(found).startswith("1 line is in no span: ③. Too little to tell whether it lost one")
    spanless = suspects(read_log("2026-11-27T01:00:00Z  INFO app: alone\n"))
    assert str(spanless).startswith("No line is in a span: ")


@pytest.mark.parametrize("folder", MOST)
def test_programs_that_are_right_raise_no_alarm(folder: str) -> None:
    """Not one, in either format."""
    clean = [r for r in runs(folder) if not r[0]["planted"]]
    alarms = [
        (truth["name"], form)
        for truth, form, text in clean
        if str(suspects(read_log(text))) != "Nothing is suspicious."
    ]
    assert len(clean) == {"suspects": 48, "hard": 24}[folder]
    assert not alarms
