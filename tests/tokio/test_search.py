"""How far the search goes, what it may leave out, and how honest it is where it is cut short."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from driver import block
from racing import racing
from soak import SOAK, often

from spanlab import JoinSet, explore, info, info_span, recording, spawn, yield_now
from spanlab.evidence.labels import Labels
from spanlab.tokio.explore.search import Chance
from spanlab.tokio.runtime.virtual_threads import VirtualThreads

CONFORMANCE = Path(__file__).parents[1] / "conformance"
SIZES = (  # tasks, polls of each, workers
    (2, 2, 2), (2, 3, 2), (3, 2, 2), (3, 3, 2), (3, 3, 3), (4, 2, 2), (4, 3, 2), (4, 4, 4),
    (5, 3, 2), (5, 5, 2), (6, 4, 4), (8, 5, 4), (10, 5, 4),
)  # fmt: skip


async def steps(count: int, name: str) -> None:
    for step in range(count):
        if step:
            await yield_now()
        info(f"{name} {step}")


async def joinset(tasks: int, polls: int) -> None:
    joined = JoinSet()
    for task in range(tasks):
        joined.spawn(info_span("work").instrument(steps(polls, f"task {task}")))
    while await joined.join_next():
        pass


async def guilty(name: str) -> None:
    with info_span(name).enter():
        info("before")
        await yield_now()
        info("after")


async def leaking(guilties: int, innocents: int) -> None:
    handles = [spawn(guilty(f"guilty {n}")) for n in range(guilties)]
    handles += [spawn(steps(1, f"innocent {n}")) for n in range(innocents)]
    for handle in handles:
        await handle


async def guarded_pair() -> None:
    async def guarded(span: Any, name: str) -> None:
        with span.enter():
            await yield_now()
            info(name)

    tasks = JoinSet()
    tasks.spawn(guarded(info_span("first"), "task 1"))
    tasks.spawn(guarded(info_span("second"), "task 2"))
    while await tasks.join_next():
        pass


def outcomes(found: Any) -> set[Any]:
    return {(outcome.scopes, outcome.error) for outcome in found.outcomes}


def by_chance(make_main: Callable[[], Any], count: int, workers: int = 2) -> Counter[Any]:
    """Run by chance, with another seed than the search: how often each outcome came."""
    schedule, met = Chance(7), Counter[Any]()
    for _ in range(count):
        schedule.start()
        runtime = VirtualThreads(workers, schedule)
        with recording(clock=runtime.now) as trace:
            runtime.block_on(make_main())
            ended = len(trace)
            runtime.shutdown()
        del trace.noted[ended:]
        path = Labels(trace).path
        met[tuple(sorted((event.message, path(event.parent)) for event in trace.events)), ""] += 1
    return met


# ---------------------------------------------------------------- how far it goes


@pytest.mark.parametrize(("tasks", "polls", "workers"), SIZES)
def test_one_run_shows_what_a_clean_program_shows(tasks: int, polls: int, workers: int) -> None:
    """However many tasks a `JoinSet` has."""
    found = explore(lambda: joinset(tasks, polls), workers)
    assert found.complete
    assert (found.runs, len(found.outcomes), found.broken) == (1, 1, ())


@pytest.mark.parametrize(("guilties", "innocents", "count"), [(1, 1, 2), (1, 4, 16), (2, 2, 21)])
def test_leaks_are_explored_in_full(guilties: int, innocents: int, count: int) -> None:
    """Within the limit that stands by default."""
    found = explore(lambda: leaking(guilties, innocents))
    assert found.complete
    assert found.runs < 10_000
    assert len(found.outcomes) == count


# ---------------------------------------------------------------- what it may leave out


def assert_sound(make_main: Callable[[], Any], workers: int, limit: int) -> bool:
    """Compare with all schedules, or with as many as the limit allows; tell whether with all."""
    full = explore(make_main, workers, limit, prune=False)
    found = explore(make_main, workers, often(1_000, 10_000))
    assert outcomes(full) <= outcomes(found) or not found.complete
    if full.complete:
        assert found.complete
        assert outcomes(full) == outcomes(found)
    return full.complete


@pytest.fixture
def _unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks here how likely an outcome is."""
    monkeypatch.setattr("spanlab.tokio.explore.SHARES", 0)


@pytest.mark.usefixtures("_unshared")
def test_random_programs_lose_no_outcome() -> None:
    """On one to three workers, whatever races in them."""
    count, limit = often(30, 2_000), often(400, 20_000)
    complete = sum(assert_sound(racing(seed), seed % 3 + 1, limit) for seed in range(count))
    assert complete > count * often(70, 90) / 100


@pytest.mark.usefixtures("_unshared")
@pytest.mark.parametrize("family", ["guards", "multi_thread"])
def test_programs_that_the_real_crates_ran_lose_no_outcome(family: str) -> None:
    """Those that are compared with the crates, on two workers."""
    lines = (CONFORMANCE / f"{family}.programs.jsonl").read_text(encoding="utf-8").splitlines()
    programs = [json.loads(line)["body"] for line in lines]
    complete = sum(
        assert_sound(partial(block, body), 2, limit=often(300, 1_500))
        for body in programs[: often(8, len(programs))]
    )
    print(f"{family}: all schedules of {complete} programs were run")


# ---------------------------------------------------------------- how honest it is


@pytest.mark.parametrize(
    "main",
    [partial(leaking, 1, 1), guarded_pair, partial(leaking, 1, 2)],
    ids=["one of each", "two guards", "one and two"],
)
def test_a_share_is_how_often_chance_comes_to_an_outcome(main: Callable[[], Any]) -> None:
    """Within five of a hundred, whatever the seed."""
    found, runs = explore(main), often(600, 2_000)
    met = by_chance(main, runs)
    for outcome in found.outcomes:
        assert abs(outcome.share - met[outcome.scopes, outcome.error] / runs) < 0.05 + 0.05 * (
            not SOAK
        )


def test_what_is_unseen_is_less_than_was_said() -> None:
    """Where the limit cuts it short, in at least 90 of 100 programs."""
    programs, right, runs = often(6, 100), 0, often(200, 1_000)
    for number in range(programs):
        main = partial(leaking, 1 + number % 3, 2 + number // 3 % 4)
        found = explore(main, 2, limit=40 + number)
        assert not found.complete
        met = by_chance(main, runs)
        more = sum(times for key, times in met.items() if key not in outcomes(found))
        right += more / runs <= found.unseen
    assert right >= 0.9 * programs
    print(f"unseen: said enough for {right} of {programs}")
