"""`join` and `select`: what the records say of the futures that they take."""

from __future__ import annotations

from typing import Any

import pytest

from spanlab import (
    CurrentThread,
    JoinSet,
    Panic,
    info_span,
    join,
    panic,
    pending,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    yield_now,
)
from spanlab.record import FutureDropped, FutureGiven, FuturePolled, FutureRecord, TaskSpawned


async def waits() -> str:
    await yield_now()
    return "done"


async def ends() -> None:
    """End at once."""


async def panics() -> None:
    panic("on purpose")


def futures_of(main: Any) -> list[tuple[type[FutureRecord], int]]:
    """Give what the records say of futures, and of which one, in order."""
    try:
        trace = run(main, on=CurrentThread())
    except Panic as error:
        trace = error.trace  # type: ignore[attr-defined]
    return [(type(r), r.future) for r in trace.records if isinstance(r, FutureRecord)]


async def joins(*branches: Any) -> None:
    await join(*branches)


async def selects(*branches: Any) -> None:
    await select(*branches, biased=True)


def test_join_tells_to_whom_its_futures_go() -> None:
    """With the name of each and the line of the call."""

    async def main() -> None:
        await join(waits(), sleep(0.01))

    trace = run(main(), on=CurrentThread())
    given = trace.of(FutureGiven)
    assert [(g.future, g.to, g.name) for g in given] == [(1, "join()", "waits"), (2, "join()", "")]
    line = main.__code__.co_firstlineno + 1
    assert {(g.file, g.line) for g in given} == {(__file__, line)}


def test_a_branch_is_first_polled_once() -> None:
    """However often it is polled, and nothing is told of its end."""
    told = futures_of(joins(waits(), ends()))
    given = [(FutureGiven, 1), (FutureGiven, 2)]
    assert told == [*given, (FuturePolled, 1), (FuturePolled, 2)]


@pytest.mark.parametrize("loser", [waits, pending])
def test_the_loser_of_a_select_is_dropped(loser: Any) -> None:
    """The winner is not: it has given its value."""
    told = futures_of(selects(loser(), ends()))
    given = [(FutureGiven, 1), (FutureGiven, 2)]
    assert told == [*given, (FuturePolled, 1), (FuturePolled, 2), (FutureDropped, 1)]


def test_a_loser_that_was_never_polled_is_dropped_unpolled() -> None:
    """The winner came first."""
    told = futures_of(selects(ends(), waits()))
    assert told[2:] == [(FuturePolled, 1), (FutureDropped, 2)]


def test_a_branch_that_panics_is_not_dropped_before_its_end() -> None:
    """The one beside it is, with the join."""
    told = futures_of(joins(waits(), panics()))
    assert told[2:] == [(FuturePolled, 1), (FuturePolled, 2), (FutureDropped, 1)]


def test_a_future_that_carries_a_span_keeps_its_number() -> None:
    """It was numbered when it was wrapped, and tells its polls by its span."""

    async def main() -> None:
        await join(info_span("work").instrument(ends()), ends())

    trace = run(main(), on=CurrentThread())
    assert [(g.future, g.name) for g in trace.of(FutureGiven)] == [(1, "ends"), (2, "ends")]
    assert [polled.future for polled in trace.of(FuturePolled)] == [2]


def test_a_spawn_tells_to_whom_its_future_goes() -> None:
    """And which one it was, if it has a number."""

    async def main() -> None:
        tasks = JoinSet()
        tasks.spawn(ends())
        tasks.spawn_blocking(lambda: None)
        await spawn(info_span("work").instrument(ends()))
        await spawn_blocking(lambda: None)

    spawned = run(main(), on=CurrentThread()).of(TaskSpawned)
    assert [(task.future, task.to) for task in spawned] == [
        (None, "tasks.spawn()"),
        (None, "tasks.spawn_blocking()"),
        (1, "spawn()"),
        (None, "spawn_blocking()"),
    ]
