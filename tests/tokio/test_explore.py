"""Every schedule of a small program: what it finds, that it can be replayed, and what it skips."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from soak import often

from spanlab import (
    JoinError,
    JoinSet,
    OsThreads,
    Replay,
    Span,
    UsageError,
    VirtualThreads,
    explore,
    in_current_span,
    info,
    info_span,
    join,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    spawn_thread,
    yield_now,
)

# ---------------------------------------------------------------- the programs


async def steps(count: int, name: str) -> None:
    for i in range(count):
        if i:
            await yield_now()
        info(f"{name}{i}")


async def guilty() -> None:
    with info_span("guilty").enter():  # held across the await: the bug
        info("started")
        await yield_now()
        info("went on")


async def repentant() -> None:
    info("started")
    await yield_now()
    info("went on")


async def innocent() -> None:
    info("innocent")


async def held_guard() -> None:
    first, second = spawn(guilty()), spawn(innocent())
    await first
    await second


async def fixed() -> None:
    first, second = spawn(info_span("guilty").instrument(repentant())), spawn(innocent())
    await first
    await second


async def the_article() -> None:
    span = info_span("sub_task")
    with info_span("work").enter():
        handle = spawn(span.instrument(steps(2, "performing")))
    await handle


async def three_times_three() -> None:
    handles = [spawn(steps(3, name)) for name in "abc"]
    for handle in handles:
        await handle


async def joinset() -> None:
    tasks = JoinSet()
    tasks.spawn(steps(1, "a"))
    tasks.spawn(steps(2, "b"))
    while joined := await tasks.join_next():
        info(f"joined {joined.task}")
        with info_span(f"after {joined.task}").enter():
            await yield_now()


async def joinset_dropped() -> None:
    tasks = JoinSet()
    tasks.spawn(steps(2, "a"))
    tasks.spawn(guilty())
    await tasks.join_next()


async def migration() -> None:
    async def holder() -> None:
        with info_span("held").enter():
            await yield_now()
            await yield_now()
            info("still here?")

    async def captures() -> None:
        current = Span.current()
        await yield_now()
        info("caught", parent=current)

    await join(spawn(holder()), spawn(captures()))


async def captured_future() -> None:
    async def spawner() -> None:
        later = in_current_span(steps(1, "inner"))
        await yield_now()
        await later

    await join(spawn(guilty()), spawn(spawner()))


async def selects() -> None:
    async def chooser() -> None:
        index, _ = await select(spawn(steps(1, "a")), spawn(steps(1, "b")), biased=True)
        await yield_now()
        info(f"branch {index}")

    await spawn(chooser())


async def selects_at_random() -> None:
    index, _ = await select(spawn(steps(1, "a")), spawn(steps(1, "b")))
    await yield_now()
    info(f"branch {index}")


async def two_selects_in_one_poll() -> None:
    async def value(number: int) -> int:
        return number

    first, _ = await select(value(1), value(2))
    second, _ = await select(value(1), value(2))
    await yield_now()
    info(f"{first} {second}")


async def aborts() -> None:
    handle = spawn(steps(2, "a"))
    await yield_now()
    handle.abort()
    try:
        await handle
    except JoinError:
        info("cancelled")


async def aborted_in_its_poll() -> None:
    async def aborts_itself(handles: list[Any]) -> None:
        info_span("aborter").in_scope(handles[0].abort)
        await yield_now()
        info("never")

    handles: list[Any] = []
    handles.append(spawn(info_span("ab").instrument(aborts_itself(handles))))
    spawn(innocent())
    try:
        await handles[0]
    except JoinError:
        info("cancelled")


async def looks() -> None:
    async def looker(handle: Any) -> None:
        is_finished = handle.is_finished()
        await yield_now()
        info(f"finished: {is_finished}")

    handle = spawn(steps(1, "a"))
    await spawn(looker(handle))


async def late_spawn() -> None:
    first = spawn(guilty())
    await yield_now()
    second = spawn(innocent())
    await join(first, second)


async def clock() -> None:
    async def sleeper(name: str, seconds: float) -> None:
        with info_span(name).enter():
            await sleep(seconds)
        info(f"{name} woke")

    await join(spawn(sleeper("short", 0.01)), spawn(sleeper("long", 0.02)), spawn(innocent()))


async def blocks() -> None:
    first = spawn_blocking(lambda: info("first"))
    second = spawn_blocking(lambda: info("second"))
    index, _ = await select(first, second, biased=True)
    info(f"branch {index}")


async def threads_of_their_own() -> None:
    async def task(name: str) -> None:
        spawn_thread(lambda: info_span(name).in_scope(lambda: info(name))).join()
        await yield_now()

    await join(spawn(task("a")), spawn(task("b")))


async def children() -> None:
    async def parent() -> None:
        with info_span("parent").enter():
            child = spawn(innocent())
            await child

    await join(spawn(parent()), spawn(innocent()))


async def panics() -> None:
    async def panicking() -> None:
        await yield_now()
        raise RuntimeError("on purpose")

    try:
        await join(spawn(guilty()), spawn(panicking()))
    except JoinError:
        info("panicked")


PROGRAMS = (
    held_guard, fixed, the_article, joinset, joinset_dropped, migration, captured_future, selects,
    selects_at_random, two_selects_in_one_poll, aborts, aborted_in_its_poll, looks, late_spawn,
    clock, blocks, threads_of_their_own, children, panics,
)  # fmt: skip
each_program = pytest.mark.parametrize("main", PROGRAMS, ids=lambda main: main.__name__)


def outcomes(found: Any) -> dict[Any, int]:
    return {(outcome.scopes, outcome.error): outcome.schedules for outcome in found.outcomes}


def scopes_of(trace: Any) -> Any:
    return tuple(sorted((event.message, trace.scope(event)) for event in trace.events))


# ---------------------------------------------------------------- what it finds


def test_a_held_guard_makes_an_innocent_task_guilty_in_some_schedules() -> None:
    """Both outcomes are found, and nothing else: with the leak and without."""
    found = explore(held_guard)
    assert found.complete
    innocents = {dict(outcome.scopes)["innocent"] for outcome in found.outcomes}
    assert innocents == {(), ("guilty",)}
    assert sum(outcome.schedules for outcome in found.outcomes) == found.schedules
    assert f"{found.schedules} schedules, {len(found.outcomes)} outcomes\n" in repr(found)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_fix_is_right_in_every_schedule(workers: int) -> None:
    """With `instrument` there is one outcome, however the tasks are polled."""
    found = explore(fixed, workers)
    assert found.complete
    assert [outcome.scopes for outcome in found.outcomes] == [
        (("innocent", ()), ("started", ("guilty",)), ("went on", ("guilty",)))
    ]


def test_the_fix_of_the_article_is_right_in_every_schedule() -> None:
    """The events of the spawned task are in the span that was made for it."""
    found = explore(the_article)
    assert found.complete
    assert [outcome.scopes for outcome in found.outcomes] == [
        (("performing0", ("sub_task",)), ("performing1", ("sub_task",)))
    ]


def test_a_worker_alone_can_leak_into_what_main_spawns_later() -> None:
    """The main thread may spawn before the worker comes back to the task that yielded."""
    found = explore(late_spawn, workers=1)
    assert {dict(outcome.scopes)["innocent"] for outcome in found.outcomes} == {(), ("guilty",)}


def test_tasks_may_run_before_their_spawner_goes_on() -> None:
    """A task that is aborted in the poll that spawned it has run in some schedules."""

    async def main() -> None:
        spawn(innocent()).abort()
        await yield_now()

    found = explore(main)
    assert {len(outcome.scopes) for outcome in found.outcomes} == {0, 1}


def test_tasks_end_in_any_order() -> None:
    """The second of two tasks may end first: what a worker has taken, it may begin late."""
    found = explore(selects_at_random)
    first = {"branch 0", "branch 1"}
    assert {message for o in found.outcomes for message, _ in o.scopes} >= first
    orders = {tuple(event.message for event in o.trace.events) for o in explore(looks).outcomes}
    assert {order[-1] for order in orders} == {"finished: True", "finished: False"}


def test_three_tasks_of_three_polls_are_explored_in_full() -> None:
    """Within the default limit: most schedules are alike, and run once."""
    found = explore(three_times_three)
    assert found.complete
    assert len(found.outcomes) == 1
    assert found.runs * 1_000 < found.schedules


def test_the_limit_cuts_it_short_and_it_says_so() -> None:
    """What was found until then is given, as a part."""
    found = explore(three_times_three, limit=5)
    assert not found.complete
    assert found.runs == 5
    assert "cut short after 5 runs" in repr(found)


# ---------------------------------------------------------------- replays


@each_program
def test_every_reported_schedule_replays_to_the_same_trace(main: Callable[[], Any]) -> None:
    """The choices say all: the same records in the same order, or the same error."""
    for workers in (1, 2):
        for outcome in explore(main, workers).outcomes:
            runtime = VirtualThreads(workers, Replay(outcome.replay))
            try:
                trace = run(main(), on=runtime)
            except Exception as error:
                trace = error.trace
            assert trace.rows[: len(outcome.trace)] == outcome.trace.rows
            assert scopes_of(outcome.trace) == outcome.scopes


# ---------------------------------------------------------------- what it skips


@each_program
@pytest.mark.parametrize("workers", [1, 2])
def test_pruning_loses_no_outcome(main: Callable[[], Any], workers: int) -> None:
    """Schedules that lead to the same state are run once, and all of them are counted."""
    limit = often(2_000, 60_000)
    pruned, full = explore(main, workers), explore(main, workers, limit, prune=False)
    assert pruned.complete
    assert outcomes(full).keys() <= outcomes(pruned).keys()
    if full.complete:
        assert outcomes(full) == outcomes(pruned)
        assert full.runs == full.schedules == pruned.schedules >= pruned.runs


# ---------------------------------------------------------------- and the real thing


@each_program
def test_real_threads_do_what_some_schedule_does(main: Callable[[], Any]) -> None:
    """Whatever happens on two real workers is among the outcomes that were found."""
    allowed = {outcome.scopes for outcome in explore(main).outcomes}
    for _ in range(often(10, 1_000)):
        assert scopes_of(run(main(), on=OsThreads(2))) in allowed


def test_explore_wants_a_function() -> None:
    """A future can be run once only."""
    future = held_guard()
    with pytest.raises(UsageError, match=r"explore\(main\)"):
        explore(future)
    assert inspect.getcoroutinestate(future) == "CORO_CREATED"
    future.close()
