"""Every schedule of a small program: what it finds, that it can be replayed, and what it skips."""

from __future__ import annotations

import inspect
import itertools
import linecache
import random
import re
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from soak import often

from spanlab import (
    Future,
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
from spanlab.evidence.labels import Labels
from spanlab.record import PollStarted
from spanlab.tokio.explore import ORDERS
from spanlab.tokio.explore.theorem import Conditions

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


async def select_and_wait() -> None:
    index, _ = await select(spawn(steps(1, "a")), spawn(steps(1, "b")), biased=True)
    info(f"branch {index}")
    await sleep(0.01)  # by then both have ended


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


async def threads_of_one_name() -> None:
    async def task(name: str) -> None:
        spawn_thread(lambda: info_span("work").in_scope(lambda: info(name))).join()

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


async def kept_guard() -> None:
    async def keeper() -> None:
        kept.append(info_span("kept").enter())

    kept: list[Any] = []
    first, second = spawn(keeper()), spawn(innocent())
    await first
    await second
    kept.clear()


async def guard_over_what_may_be_ready() -> None:
    async def holder() -> None:
        with info_span("held").enter():
            await first

    first = spawn(steps(1, "a"))
    await join(spawn(holder()), spawn(innocent()))


async def look_and_wait() -> None:
    async def looker(handle: Any) -> None:
        is_finished = handle.is_finished()
        await handle
        info(f"finished: {is_finished}")

    await spawn(looker(spawn(steps(1, "a"))))


async def numbers_of_a_set() -> None:
    tasks = JoinSet()
    tasks.spawn(steps(1, "a"))
    tasks.spawn(steps(1, "b"))
    joined = await tasks.join_next()
    info(f"first {joined and joined.task}")
    await tasks.join_next()


async def tries() -> None:
    tasks = JoinSet()
    tasks.spawn(steps(1, "a"))
    await spawn(steps(1, "b"))
    info(f"tried {bool(tasks.try_join_next())}")
    await tasks.join_next()


async def values_of_a_set() -> None:
    async def value(number: int) -> int:
        return number

    tasks = JoinSet()
    tasks.spawn(value(1))
    tasks.spawn(value(2))
    joined = await tasks.join_next()
    info(f"first {joined and joined.value}")
    await tasks.join_next()


async def first_of_a_set() -> None:
    async def value(number: int | None) -> int | None:
        return number

    tasks = JoinSet()
    tasks.spawn(value(None))
    tasks.spawn(value(2))
    joined = await tasks.join_next()
    info(f"first {joined and joined.value}")
    await sleep(0.01)  # by then the other one has ended too: the set aborts it in vain


async def shared_set() -> None:
    async def adder() -> None:
        tasks.spawn(steps(1, "late"))

    tasks, count = JoinSet(), 0
    tasks.spawn(steps(1, "early"))
    adding = spawn(adder())
    while await tasks.join_next():
        count += 1
    await adding
    info(f"joined {count}")


async def future_of_its_own() -> None:
    class Peek(Future[bool]):
        def poll(self) -> bool:
            return bool(done)

    async def worker() -> None:
        done.append(True)

    async def peeker() -> None:
        info(f"peeked {await Peek()}")

    done: list[bool] = []
    await join(spawn(worker()), spawn(peeker()))


async def put(box: list[Span], number: int) -> None:
    box.append(info_span("request", n=number))


async def box_of_spans() -> None:
    box: list[Span] = []
    await join(spawn(put(box, 1)), spawn(put(box, 2)))
    info("logged", parent=box[0])
    box.clear()


async def draws() -> None:
    async def drawer(name: str) -> None:
        info(f"{name} {random.random():.9f}")

    await join(spawn(drawer("a")), spawn(drawer("b")))


async def nobody_waits() -> None:
    spawn(innocent())


async def shared_list() -> None:
    async def adder(name: str) -> None:
        names.append(name)

    names: list[str] = []
    await join(spawn(adder("a")), spawn(adder("b")))
    info(f"first {names[0]}")


PROGRAMS = (
    held_guard, fixed, the_article, joinset, joinset_dropped, migration, captured_future, selects,
    selects_at_random, two_selects_in_one_poll, aborts, aborted_in_its_poll, looks, late_spawn,
    clock, blocks, threads_of_their_own, children, panics, kept_guard, tries, values_of_a_set,
    guard_over_what_may_be_ready, numbers_of_a_set, look_and_wait, select_and_wait, shared_set,
    future_of_its_own, box_of_spans, nobody_waits, shared_list, first_of_a_set,
    threads_of_one_name,
)  # fmt: skip
BREAKING = {  # a condition, a program that breaks no other, and the line that does
    "leak": (kept_guard, 'info_span("kept").enter()'),
    "guard": (guard_over_what_may_be_ready, "await first"),
    "select": (select_and_wait, "await select("),
    "try": (tries, "tasks.try_join_next()"),
    "looked": (look_and_wait, "handle.is_finished()"),
    "result": (values_of_a_set, "await tasks.join_next()"),
    "number": (numbers_of_a_set, "joined.task"),
    "abort": (aborts, "handle.abort()"),
    "shared": (shared_set, 'tasks.spawn(steps(1, "late"))'),
    "own": (future_of_its_own, "await Peek()"),
    "borrowed": (box_of_spans, "parent=box[0]"),
    "alone": (nobody_waits, "spawn(innocent())"),
}
each_program = pytest.mark.parametrize("main", PROGRAMS, ids=lambda main: main.__name__)


@cache
def searched(main: Callable[[], Any], workers: int) -> Any:
    """Search a program once for all that is asked of what was found."""
    return explore(main, workers)


def outcomes(found: Any) -> set[Any]:
    return {(outcome.scopes, outcome.error) for outcome in found.outcomes}


def broken(found: Any) -> set[str]:
    return {condition.kind for condition in found.broken}


def scopes_of(trace: Any) -> Any:
    path = Labels(trace).path
    return tuple(sorted((event.message, path(event.parent)) for event in trace.events))


# ---------------------------------------------------------------- what it finds


def test_a_held_guard_makes_an_innocent_task_guilty_in_some_schedules() -> None:
    """Both outcomes are found, and nothing else: with the leak and without."""
    found = explore(held_guard)
    assert found.complete
    innocents = {dict(outcome.scopes)["innocent"] for outcome in found.outcomes}
    assert innocents == {(), ("guilty",)}
    assert sum(outcome.share for outcome in found.outcomes) == pytest.approx(1)
    assert "2 outcomes, and no other in any schedule" in repr(found)


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
    """One run shows what all of them show, and why they do."""
    found = explore(three_times_three)
    assert found.complete
    assert len(found.outcomes) == found.runs == 1
    assert not found.broken
    assert "nothing looks at who was faster" in repr(found)


def test_spans_of_one_name_that_threads_make_are_the_same_in_every_schedule() -> None:
    """They are numbered by the tasks that have started the threads."""
    found = explore(threads_of_one_name)
    assert found.complete
    assert [o.scopes for o in found.outcomes] == [(("a", ("work#1",)), ("b", ("work#2",)))]


def test_the_limit_cuts_it_short_and_it_says_so() -> None:
    """What was found until then is given, as a part."""
    found = explore(migration, limit=5)
    assert not found.complete
    assert found.runs == 5
    assert "cut short after 5 runs" in repr(found)


def test_some_orders_of_polls_are_kept_and_each_tells_one_outcome() -> None:
    """As many as a reader moves about, whatever the number of runs."""

    async def many() -> None:
        tasks = [spawn(task()) for task in (guilty, innocent, guilty, innocent, innocent)]
        for task in tasks:
            await task

    found = explore(many, limit=1_000)
    assert len(found.orders) == ORDERS < found.runs
    assert {*found.orders.values()} <= {*range(len(found.outcomes))}
    for outcome in found.outcomes:
        polls = tuple((poll.task or 0, poll.thread) for poll in outcome.trace.of(PollStarted))
        assert found.outcomes[found.orders.get(polls, found.outcomes.index(outcome))] is outcome


# ---------------------------------------------------------------- replays


@each_program
def test_every_reported_schedule_replays_to_the_same_trace(main: Callable[[], Any]) -> None:
    """The choices say all: the same records in the same order, or the same error."""
    for workers in (1, 2):
        for outcome in searched(main, workers).outcomes:
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
def test_the_search_loses_no_outcome(main: Callable[[], Any], workers: int) -> None:
    """What it does not run could not have shown anything else."""
    limit = often(250, 60_000)
    found, full = searched(main, workers), explore(main, workers, limit, prune=False)
    assert found.complete
    assert outcomes(full) <= outcomes(found)
    if full.complete:
        assert outcomes(full) == outcomes(found)
        assert full.runs >= found.runs or "unseen" in broken(found)


@pytest.mark.parametrize("kind", BREAKING)
def test_a_condition_is_told_with_its_line_and_is_needed(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does not look at it finds too little, and learns that from the runs by chance."""
    (main, line), note = BREAKING[kind], Conditions._note
    found = explore(main)
    assert found.complete
    assert len(found.outcomes) > 1
    assert "unseen" not in broken(found)
    told = next(condition for condition in found.broken if condition.kind == kind)
    assert line in linecache.getline(told.file, told.line)
    assert str(told) in repr(found)

    def deaf(self: Conditions, what: str, *more: Any) -> None:
        if what != kind:
            note(self, what, *more)

    monkeypatch.setattr(Conditions, "_note", deaf)
    assert "unseen" in broken(explore(main))


# ---------------------------------------------------------------- its limits


def test_what_tasks_share_unseen_is_noticed_by_chance() -> None:
    """Then all schedules are run; where that is not possible, it is not complete."""
    found = explore(shared_list)
    assert "unseen" in broken(found)
    assert found.complete
    assert {message for outcome in found.outcomes for message, _ in outcome.scopes} == {
        "first a", "first b"
    }  # fmt: skip
    assert not explore(shared_list, limit=20).complete


def test_random_numbers_are_the_same_in_every_run() -> None:
    """Each run begins with those that come next, so that a replay gives what was found."""
    random.seed(3)
    before = random.getstate()
    found = explore(draws)
    assert random.getstate() == before
    assert found.complete
    assert len(found.outcomes) == 2
    for outcome in found.outcomes:
        random.setstate(before)
        trace = run(draws(), on=VirtualThreads(2, Replay(outcome.replay)))
        assert scopes_of(trace) == outcome.scopes


@pytest.mark.parametrize("source", [time.perf_counter_ns, itertools.count().__next__])
def test_a_program_that_differs_each_time_is_refused_with_its_line(source: Any) -> None:
    """By the time, or by what outlives a run."""

    async def main() -> None:
        info("the same")
        info(f"{source()}")

    line = inspect.getsourcelines(main)[1] + 2
    with pytest.raises(UsageError, match=rf"differs at .*test_explore\.py:{line}\. "):
        explore(main)


async def spins() -> None:
    async def spin() -> None:
        while True:
            await yield_now()

    spawn(spin())
    await sleep(1)


async def spawns() -> None:
    while True:
        spawn(innocent())


async def sleeps() -> None:
    while True:
        await sleep(0.001)


@pytest.mark.parametrize("main", [spins, spawns, sleeps])
def test_a_program_that_never_ends_is_stopped_and_it_says_so(main: Callable[[], Any]) -> None:
    """After some polls of the first run, with the line that allows more."""
    found = explore(main)
    assert not found.complete
    assert found.runs == 1
    assert re.search(r"expected to end within 1000 .*explore\(main, polls=10000\)",
                     found.outcomes[0].error)  # fmt: skip


def test_no_outcome_is_an_error_of_ours() -> None:
    """Whatever is aborted, dropped or drawn: what ended a run is the program's own."""
    for main in PROGRAMS:
        for outcome in searched(main, 2).outcomes:
            assert not outcome.error or outcome.error.startswith(("JoinError", "FutureReused"))


# ---------------------------------------------------------------- and the real thing


@each_program
def test_real_threads_do_what_some_schedule_does(main: Callable[[], Any]) -> None:
    """Whatever happens on two real workers is among the outcomes that were found."""
    allowed = {outcome.scopes for outcome in searched(main, 2).outcomes}
    for _ in range(often(10, 1_000)):
        assert scopes_of(run(main(), on=OsThreads(2))) in allowed


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": "5"}, {"polls": -1}])
def test_a_limit_is_a_number_of_runs_or_polls(wrong: dict[str, Any]) -> None:
    """What is no number from 1 is refused before anything runs."""
    (name,) = wrong
    with pytest.raises(UsageError, match=f"the {name}= of explore"):
        explore(held_guard, **wrong)


def test_explore_wants_a_function() -> None:
    """A future can be run once only."""
    future = held_guard()
    with pytest.raises(UsageError, match=r"explore\(main\)"):
        explore(future)
    assert inspect.getcoroutinestate(future) == "CORO_CREATED"
    future.close()
