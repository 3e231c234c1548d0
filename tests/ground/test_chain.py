"""The frames behind a record: exact places, one link each, and an end at the poll."""

from __future__ import annotations

from typing import Any

from spanlab import CurrentThread, Trace, info, info_span, recording, run, spawn
from spanlab.evidence import chain


async def outer() -> None:
    await inner()


async def inner() -> None:
    info("seen")


def lines(trace: Trace, index: int) -> list[str]:
    """Give the code that each frame of a record stands on, from the inside out."""
    with open(__file__, encoding="utf-8") as file:
        text = file.read().splitlines()
    return [
        text[site.line - 1][site.column : site.end]
        for site in trace.seen(index).sites
        if site.file == __file__
    ]


def test_a_chain_goes_from_the_call_to_the_poll() -> None:
    """Which async function awaits which, in this poll, as exact expressions."""
    trace = run(outer(), on=CurrentThread())
    assert lines(trace, trace.events[0].index) == ['info("seen")', "await inner()"]


def test_a_chain_ends_where_a_task_begins() -> None:
    """Who spawned it is no part of the poll, but of the record of the spawn."""

    async def main() -> None:
        await spawn(outer())

    trace = run(main(), on=CurrentThread())
    assert lines(trace, trace.events[0].index) == ['info("seen")', "await inner()"]
    (spawned,) = trace.tasks.values()
    assert lines(trace, spawned.index) == ["spawn(outer())"]


def test_the_same_frames_are_kept_once() -> None:
    """In a loop every event has the very same link."""
    with recording() as trace:
        for _ in range(100):
            info("again")
    links = [row[4] for row in trace.noted if row[0] == "event"]
    assert len(links) == 100
    assert all(link is links[0] for link in links)


def test_a_chain_ends_at_who_began_the_recording() -> None:
    """What called that function is of no interest."""
    with recording() as trace:
        info("here")
    assert lines(trace, trace.events[0].index) == ['info("here")']
    assert len(trace.seen(trace.events[0].index).sites) == 1


def test_who_measures_turns_chains_off() -> None:
    """Rows are as they would be; only what is behind them is not known."""

    def rows(trace: Trace) -> list[Any]:
        return [row[2:] for row in trace.rows]

    def program() -> Trace:
        async def main() -> None:
            with info_span("work").enter():
                await outer()

        return run(main(), on=CurrentThread())

    with chain.off():
        off = program()
    assert rows(off) == rows(program())
    assert len(off.seen(off.events[0].index).sites) == 1


def test_chains_travel_in_json() -> None:
    """What is stored knows as much as what was run."""
    trace = run(outer(), on=CurrentThread())
    again = Trace.from_json(trace.to_json())
    assert [again.seen(n) for n in range(len(trace))] == [trace.seen(n) for n in range(len(trace))]


def test_an_entered_span_says_which_frame_entered_it() -> None:
    """It is a frame of the chain of what is recorded inside."""
    with recording() as trace, info_span("work").enter():
        info("inside")
    (entered,) = [record for record in trace.records if type(record).__name__ == "SpanEntered"]
    frames = [site.frame for site in trace.seen(trace.events[0].index).sites]
    assert trace.seen(entered.index).by in frames
