"""Small programs whose parents were once explained wrongly or not at all, with the right answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from promises import answers, promises
from written import execute, files

import spanlab
from spanlab import CurrentThread, Trace
from spanlab.causes import Cause
from spanlab.causes.why import Why
from spanlab.evidence.labels import Labels

CASES = {
    case["name"]: case
    for case in json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
}
RIGHT = {  # the cause, and words of the sentence and of the change; all of them must be there
    "a handle that nobody instrumented": (Cause.SPAWNED_BARE, ["line 3"], "in_current_span(job())"),
    "half of a chain is repaired": (Cause.SPAWNED_BARE, ["line 3"], "in_current_span(leaf())"),
    "a guard in a sibling of join": (
        Cause.FOREIGN_GUARD, ["`guilty`", "same task"], 'info_span("guilty").instrument'),
    "a guard in a stream": (Cause.FOREIGN_GUARD, ["`stream`", "a yield"], "\nyield item"),
    "a guard that left its function": (Cause.FOREIGN_GUARD, ["has left `start`"], None),
    "a guard on purpose, and a task carried into it": (Cause.EXPECTED, ["line 4"], None),
    "two call sites, one of them guarded": (
        Cause.GUARD_DROPPED, ["the guard of `g` (line 5)", "was dropped before"],
        "in_current_span(step())"),
    "two guards, two futures of one function": (
        Cause.GUARD_DROPPED, ["the guard of `two`"], "in_current_span(step(2))"),
    "an async function given to in_scope": (
        Cause.GUARD_DROPPED, ["`in_scope` of `g`", "and had ended before"],
        "in_current_span(step())"),
    "a future made inside, polled outside": (
        Cause.MADE_INSIDE, ["the future", "inside `handler`"], "in_current_span(body())"),
    "a stream made inside, polled outside": (
        Cause.MADE_INSIDE, ["the stream", "inside `handler`"], "in_current_span(body())"),
    "a guard that is dropped at once": (
        Cause.AT_ONCE, ["the guard of `g`", "at once"], 'with info_span("g").enter():'),
    "a log line in a drop, outside": (Cause.DROPPED, ["dropped", "`request` had been"],
        'info_span("request").instrument(request())'),
    "a cached object with the first request's span": (
        Cause.OUTLIVED, ["enters `request{n=1}`", "hides `request{n=2}`"],
        "in_current_span(job())"),
    "a span captured where there was none": (
        Cause.CAPTURED_LATE, ["line 3", "`__init__`"], "spawn(in_current_span("),
    "the program of a request in two cells": (
        Cause.SPAWNED_BARE, ["line 3"], "in_current_span(job())"),
}  # fmt: skip


def run_case(case: dict[str, Any]) -> tuple[dict[str, str], Trace]:
    sources = files(case["source"])
    return sources, execute(sources, getattr(spanlab, case["on"])(), case["level"])


def asked(case: dict[str, Any], trace: Trace) -> Why:
    found = [
        answer
        for number, answer in enumerate(answers(trace), 1)
        if case["message"] in (None, answer.event.message) and case["number"] in (None, number)
    ]
    return found[0]


@pytest.mark.parametrize("name", RIGHT)
def test_the_cause_is_right_and_the_change_gives_the_spans(name: str) -> None:
    """Cause, the spans after the repair, and the kind of repair are those that were given."""
    case, (cause, words, change) = CASES[name], RIGHT[name]
    _, trace = run_case(case)
    answer = asked(case, trace)
    assert answer.cause is cause, str(answer)
    assert all(word in answer.sentence for word in words), str(answer)
    after = "".join(f"\n{line}" for fix in answer.fixes for sign, line in fix.diff() if sign == "+")
    assert (change is None) == (not answer.fixes), str(answer)
    assert (change or "") in after, str(answer)
    if case["spans"] is not None:
        assert list(answer.expected) == case["spans"]
        assert not answer.fixes or list(answer.tree) == case["spans"]


@pytest.mark.parametrize("name", [*RIGHT, "guards of several tasks on workers"])
def test_the_promises_of_the_cases_are_kept(name: str) -> None:
    """Every change that is proposed for any event of a case, made in the source and run again."""
    sources, trace = run_case(CASES[name])
    kept = list(promises(sources, getattr(spanlab, CASES[name]["on"])()))
    assert all(promise.is_kept for promise in kept), [p for p in kept if not p.is_kept]
    assert kept or not any(answer.fixes for answer in answers(trace))


def test_the_cached_object_gets_the_span_of_who_asks() -> None:
    """Both spans have one name: after the change the event is in the second of them."""
    case = CASES["a cached object with the first request's span"]
    sources, trace = run_case(case)
    answer = asked(case, trace)
    assert (answer.here, answer.then) == (("request{n=1}",), ("request{n=2}",))
    (file,) = sources
    again = execute(files(answer.fixes[0].apply(sources[file])), CurrentThread())
    (event,) = again.events
    assert event.parent is not None
    assert Labels(again).of(event.parent) == "request{n=2}"


KEPT = """from spanlab import *
kept = []

def keep():
    kept.append(info_span("q").enter())
    kept[-1].__enter__()

async def begin():
    keep()

def thread():
    keep()
    look_on()

def look_on():
    info("seen")

async def look():
    look_on()
"""


@pytest.mark.parametrize(
    ("main", "said"),
    [
        ("await spawn_blocking(keep); await spawn_blocking(look_on)", "outlived task 1, so task 2"),
        ("await spawn(begin()); await spawn(look())", "outlived task 1, so task 2 ran under it"),
        ("spawn_thread(thread).join()", "has left `keep`, where it was made"),
    ],
)
def test_a_guard_that_outlived_its_code_was_not_kept_across_an_await(main: str, said: str) -> None:
    """It lies in a list: the task has ended, or there is none."""
    (answer,) = answers(execute(files(f"{KEPT}\nasync def main():\n    {main}\n"), CurrentThread()))
    assert said in answer.sentence
    assert "an await" not in answer.sentence


def test_a_scope_ends_and_is_not_dropped() -> None:
    """The span of the attribute is made at the first poll, when `in_scope` has returned."""
    text = """from spanlab import *

@instrument
async def job():
    info("seen")

async def main():
    await info_span("g").in_scope(job)
"""
    (answer,) = answers(execute(files(text), CurrentThread()))
    assert answer.cause is Cause.MADE_LATE
    assert "and `in_scope` of `g` (line 8) had ended by then" in answer.sentence
