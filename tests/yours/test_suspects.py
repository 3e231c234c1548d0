"""`suspects` names the planted fault first, and nothing in programs that are right.

Each program was run with real crates and logged in two formats; its truth says which entries
lost their span, or stand in a foreign one, as a layer saw them.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sets import packed

from spanlab import Suspect, info, info_span, read_log, run, suspects, why
from spanlab.yours.entry import Entry
from spanlab.yours.evidence import Evidence, seen_in
from spanlab.yours.suspects import found_in

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


def cuts(entries: list[Entry], name: str, many: int = 2) -> Iterator[tuple[int, list[Entry]]]:
    """Give stretches of a log, a quarter of it and more, and where each begins."""
    chance = random.Random(name)
    for _ in range(many):
        size = chance.randint(len(entries) // 4, len(entries) - 1)
        at = chance.randint(0, len(entries) - size)
        yield at, entries[at : at + size]


def entries_of(text: bytes) -> list[Entry]:
    return [entry for entry in read_log(text).origin.entries() if entry.kind != "noise"]


def in_part(part: list[Entry]) -> tuple[Suspect, ...]:
    return found_in(Evidence(seen_in(part)))


def test_a_cut_of_a_log_that_is_right_hardly_ever_raises_an_alarm() -> None:
    """Spans that began before it or go on behind it lack lines: that is no evidence."""
    parts = [
        (truth["name"], at, in_part(part))
        for folder in MOST
        for truth, form, text in runs(folder)
        if not truth["planted"]
        for at, part in cuts(entries_of(text), truth["name"] + form)
    ]
    assert len(parts) == 144
    alarms = [part for part in parts if part[2]]
    assert len(alarms) <= 5, alarms


def test_a_fault_is_found_in_most_cuts_that_have_its_lines() -> None:
    """In four of five that hold half of what is wrong; hardly ever is another place named first."""
    told = Counter[str]()
    for truth, form, text in (one for folder in MOST for one in runs(folder)):
        if not truth["planted"] or not is_first(truth, form, text):
            continue
        entries, bad = entries_of(text), {at for at, *_ in truth[form]["bad"]}
        for at, part in cuts(entries, truth["name"] + form):
            wrong = {n - at for n in bad if 0 <= n - at < len(part)}
            if len(wrong) < max(3, len(bad) / 2):
                continue
            events = [n for n, entry in enumerate(part) if entry.kind == "event"]
            found = in_part(part)
            lines = [events[n - 1] for n in found[0].lines] if found else []
            hit = sum(n in wrong for n in lines) > len(lines) / 2
            told["hit" if hit else "other" if found else "nothing"] += 1
    assert told.total() > 80, told
    assert told["hit"] >= 0.8 * told.total(), told
    assert told["other"] <= 0.05 * told.total(), told


@pytest.mark.parametrize("folder", MOST)
def test_parts_of_a_log_tell_together_what_the_whole_tells(folder: str) -> None:
    """However it is parted."""
    for truth, form, text in runs(folder):
        entries, chance = entries_of(text), random.Random(truth["name"])
        ends = sorted(chance.choices(range(len(entries)), k=3))
        edges = pairwise([0, *ends, len(entries)])
        told = [Evidence(seen_in(entries[begin:end])) for begin, end in edges]
        assert found_in(sum(told[1:], told[0])) == in_part(entries), (truth["name"], form)
