"""Python's own context, by OpenTelemetry's SDK on plain asyncio: what lesson 11 says of it is so.

The programs in `reference/witness.py` hold nothing of spanlab. spanlab's `AsyncioLoop` has to
give the same spans where it keeps them in the context.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from test_reference import HERE, lessons, load, masked

from spanlab import AsyncioLoop, CurrentThread, info, info_span, log, run, spawn, yield_now

witness: Any = load("witness")
RECORDED = (HERE / "logs" / "asyncio_spawned.log").read_text(encoding="utf-8")


def spans(text: str) -> dict[str, str]:
    """Give the spans of each message of a log, from the root."""
    found = {}
    for entry in re.split(r"\n\n+", text.strip("\n")):
        first, _, *scope = entry.splitlines()
        found[first.split(maxsplit=1)[1]] = " › ".join(line.split()[1] for line in scope[::-1])
    return found


async def guilty_guard() -> None:
    async def guilty():
        with info_span("guilty").enter():
            info("before")
            await yield_now()
            info("after")

    async def innocent():
        info("innocent")

    first, second = spawn(guilty()), spawn(innocent())
    await first
    await second


async def ported_exercise() -> None:
    async def fetch():
        info("fetching")

    async def audit():
        info("auditing")

    with info_span("request").enter():
        auditing = spawn(audit())
        with info_span("load").enter():
            fetching = spawn(fetch())
            await yield_now()
            info("loading")
        await fetching
        await auditing


def test_the_log_of_the_lesson_is_what_opentelemetry_has() -> None:
    """Byte for byte what `make reference` wrote."""
    assert witness.printed(witness.asyncio_spawned) == RECORDED


def test_spans_in_the_context_are_those_that_opentelemetry_has() -> None:
    """The same program, once with each: the same lines, the same spans, the same thread."""
    trace = run(lessons.asyncio_spawned(), on=AsyncioLoop(context=True))
    assert masked(str(log(trace))).replace("FILE:LINE", "") == re.sub(
        r"witness\.py:\d+", "", RECORDED
    )


def test_rust_has_these_spans_if_the_future_carries_them() -> None:
    """`create_task(f())` is `tokio::spawn(f().in_current_span())`, and not `tokio::spawn(f())`."""
    carried, bare = (
        spans((HERE / "logs" / f"{name}.log").read_text(encoding="utf-8"))
        for name in ("in_current_span", "spawned")
    )
    assert spans(RECORDED) == carried
    assert spans(RECORDED)["performing task"] == "work"
    assert bare["performing task"] == ""


@pytest.mark.parametrize("program", [guilty_guard, ported_exercise], ids=lambda p: p.__name__)
def test_a_guard_over_an_await_is_safe_in_the_context(program: Any) -> None:
    """Where the spans follow the task, no other task gets them."""
    trace = run(program(), on=AsyncioLoop(context=True))
    real = witness.printed(getattr(witness, program.__name__))
    assert spans(str(log(trace))) == spans(real)


def test_the_same_guard_leaks_on_the_stack_of_the_thread() -> None:
    """As in Rust, on Python's own loop too: that decides, and not the language."""
    for on in (AsyncioLoop(), CurrentThread()):
        found = spans(str(log(run(guilty_guard(), on=on))))
        assert found == {"before": "guilty", "innocent": "guilty", "after": "guilty"}
        found = spans(str(log(run(ported_exercise(), on=on))))
        assert set(found.values()) == {"request › load"}


def test_what_copies_the_context_and_what_does_not() -> None:
    """Tasks and `to_thread` do. An executor does not, and a thread where Python is told to."""
    inherits = getattr(sys.flags, "thread_inherit_context", 0)
    assert spans(witness.printed(witness.ways)) == {
        "create_task": "work",
        "TaskGroup": "work",
        "empty context": "",
        "to_thread": "work",
        "run_in_executor": "work" if inherits else "",
        "Thread": "work" if inherits else "",
    }
