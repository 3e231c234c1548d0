"""`VirtualThreads`: workers as a model, and a schedule that decides who goes next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spanlab import (
    JoinError,
    JoinSet,
    Replay,
    Seeded,
    Trace,
    VirtualThreads,
    info,
    info_span,
    instrument,
    pending,
    run,
    sleep,
    spawn,
    spawn_blocking,
    yield_now,
)
from spanlab.record import PollStarted, ThreadParked

SEEDS = range(30)


def ran(main: Any, on: Any) -> str:
    """Run a main function and give what it logged."""
    return " ".join(event.message for event in run(main(), on=on).events)


async def say(name: str) -> None:
    info(name)


async def steps(name: str, letters: str) -> None:
    for letter in letters:
        if letter != letters[0]:
            await yield_now()
        info(name + letter)


async def spawns_five() -> None:
    for handle in [spawn(say(f"{number}")) for number in range(5)]:
        await handle


async def three_yield() -> None:
    for handle in [spawn(steps(f"{number}", "ab")) for number in range(3)]:
        await handle


async def in_a_task(main: Any) -> None:
    await spawn(main())


def events(trace: Trace) -> list[tuple[str, tuple[str, ...]]]:
    return sorted((event.message, trace.scope(event)) for event in trace.events)


# ---------------------------------------------------------------- one worker, as measured


def test_tasks_spawned_by_main_run_in_the_order_of_their_spawns() -> None:
    """They go through the common queue: `0 1 2 3 4`."""
    assert ran(spawns_five, VirtualThreads(1)) == "0 1 2 3 4"


def test_the_task_spawned_last_by_a_task_runs_first() -> None:
    """It sits in the worker's LIFO slot: `4 0 1 2 3`."""
    assert ran(lambda: in_a_task(spawns_five), VirtualThreads(1)) == "4 0 1 2 3"


def test_a_yield_comes_back_through_the_lifo_slot() -> None:
    """Three tasks that yield once: `2a 0a 1a 2b 1b 0b`."""
    assert ran(lambda: in_a_task(three_yield), VirtualThreads(1)) == "2a 0a 1a 2b 1b 0b"


# ---------------------------------------------------------------- threads


def test_main_is_thread_1_and_the_workers_follow() -> None:
    """Sixteen workers are ThreadId(2) to ThreadId(17), all of one name."""

    async def main() -> None:
        info("main")

    trace = run(main(), on=VirtualThreads())
    assert list(trace.threads) == list(range(1, 18))
    assert [t.name for t in trace.threads.values()] == ["main"] + ["tokio-rt-worker"] * 16
    assert trace.events[0].thread == 1


def test_the_first_spawned_task_runs_on_the_last_worker() -> None:
    """The last to park is the first to wake: ThreadId(17) of 16 workers, ThreadId(3) of 2."""

    async def main() -> None:
        await spawn(say("task"))

    for workers, thread in ((16, 17), (2, 3), (1, 2)):
        assert run(main(), on=VirtualThreads(workers)).events[0].thread == thread


def test_the_default_runtime_has_sixteen_workers() -> None:
    """`run(main())` is a multi_thread runtime, as `#[tokio::main]` is."""

    async def main() -> None:
        pass

    assert len(run(main()).threads) == 17


@pytest.mark.parametrize("seed", SEEDS)
def test_main_stays_on_its_thread_and_tasks_never_run_there(seed: int) -> None:
    """Whatever the schedule."""

    async def main() -> None:
        handles = [spawn(steps(f"t{number}", "ab")) for number in range(4)]
        await steps("m", "ab")
        for handle in handles:
            await handle

    for event in run(main(), on=VirtualThreads(3, Seeded(seed))).events:
        assert (event.thread == 1) == (event.message[0] == "m")


def test_a_blocking_thread_comes_after_the_workers() -> None:
    """Sixteen workers: the first thread of the pool is ThreadId(18)."""

    async def main() -> None:
        await spawn_blocking(lambda: info("ev"))

    assert run(main(), on=VirtualThreads()).events[0].thread == 18


def test_every_worker_has_a_stack_of_its_own() -> None:
    """A guard held across an await in one task is not seen by a task on another worker."""

    async def holds() -> None:
        with info_span("held").enter():
            info("first")
            await yield_now()

    async def main() -> None:
        for handle in [spawn(holds()), spawn(say("other"))]:
            await handle

    scopes = set()
    for seed in SEEDS:
        trace = run(main(), on=VirtualThreads(2, Seeded(seed)))
        threads = {event.message: event.thread for event in trace.events}
        found = dict(events(trace))
        assert found["first"] == ("held",)
        if threads["first"] != threads["other"]:
            assert found["other"] == ()
        scopes.add(found["other"])
    assert scopes == {(), ("held",)}


def test_a_task_may_go_on_on_another_worker() -> None:
    """Some schedule moves it; an instrumented one keeps its span."""

    async def main() -> None:
        tasks = [info_span("s").instrument(steps(f"t{number}", "abc")) for number in range(4)]
        for handle in [spawn(task) for task in tasks]:
            await handle

    moved = False
    for seed in SEEDS:
        trace = run(main(), on=VirtualThreads(2, Seeded(seed)))
        assert {trace.scope(event) for event in trace.events} == {("s",)}
        threads = {(event.message[:2], event.thread) for event in trace.events}
        moved = moved or len(threads) > 4
    assert moved


def test_idle_workers_park() -> None:
    """Each parking is a record."""

    async def main() -> None:
        await spawn(say("t"))
        await sleep(0.01)

    trace = run(main(), on=VirtualThreads(2))
    assert {record.thread for record in trace.of(ThreadParked)} <= {2, 3}
    assert trace.of(ThreadParked)


# ---------------------------------------------------------------- schedules


@instrument
async def request(number: int) -> None:
    info(f"start {number}")
    await yield_now()
    info(f"end {number}")


async def requests() -> None:
    tasks = JoinSet()
    for number in range(4):
        tasks.spawn(request(number))
    while await tasks.join_next():
        info("joined")


@pytest.mark.parametrize("schedule", [None, Seeded(7), Replay("1 0 1")], ids=str)
def test_the_same_schedule_gives_the_same_records(schedule: Any) -> None:
    """Also when the same schedule or runtime is used again."""
    runtime = VirtualThreads(2, schedule)
    first, second = run(requests(), on=runtime), run(requests(), on=runtime)
    third = run(requests(), on=VirtualThreads(2, schedule))
    assert first.rows == second.rows == third.rows


def test_seeds_give_different_orders() -> None:
    """And the same events in each of them."""
    traces = [run(requests(), on=VirtualThreads(2, Seeded(seed))) for seed in SEEDS]
    assert len({tuple(event.message for event in trace.events) for trace in traces}) > 5
    assert len({tuple(events(trace)) for trace in traces}) == 1


def test_an_empty_replay_is_the_default() -> None:
    """After its last choice a replay does what happens when nothing races."""
    default = run(requests(), on=VirtualThreads(2))
    assert run(requests(), on=VirtualThreads(2, Replay(""))).rows == default.rows


def test_a_runtime_prints_the_line_that_makes_it() -> None:
    """A failing test can be repeated from what it prints."""
    assert repr(VirtualThreads(2, Seeded(7))) == "VirtualThreads(2, Seeded(7))"
    assert repr(VirtualThreads(2, Replay("0 1"))) == "VirtualThreads(2, Replay('0 1'))"


# ---------------------------------------------------------------- tasks on it


@contextmanager
def dropped(name: str) -> Iterator[None]:
    """Log `name` when the block is left, in whatever way."""
    try:
        yield
    finally:
        info(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_aborted_task_is_dropped_once_and_in_its_span(seed: int) -> None:
    """Whether it ran before or not."""

    async def stuck() -> None:
        with dropped("drop"):
            await pending()

    async def main() -> None:
        handle = spawn(info_span("s").instrument(stuck()))
        await sleep(0.001)
        handle.abort()
        with pytest.raises(JoinError, match="cancelled"):
            await handle

    assert events(run(main(), on=VirtualThreads(2, Seeded(seed)))) == [("drop", ("s",))]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_main_leaves_is_dropped(seed: int) -> None:
    """Every span that was made is closed when the run has ended."""

    async def stuck() -> None:
        await pending()

    async def main() -> None:
        for _ in range(3):
            spawn(info_span("s").instrument(stuck()))
        await yield_now()

    trace = run(main(), on=VirtualThreads(2, Seeded(seed)))
    closed = [record for record in trace.records if type(record).__name__ == "SpanClosed"]
    assert len(closed) == len(trace.spans) == 3


def test_sleeping_tasks_wake_in_the_order_of_their_deadlines() -> None:
    """The clock is virtual here too."""

    async def task(ms: int) -> None:
        await sleep(ms / 1000)
        info(f"{ms}")

    async def main() -> None:
        for handle in [spawn(task(ms)) for ms in (30, 10, 20)]:
            await handle

    trace = run(main(), on=VirtualThreads())
    assert [(e.message, e.time // 10**6) for e in trace.events] == [
        ("10", 10), ("20", 20), ("30", 30),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_no_task_is_polled_on_two_threads_at_once(seed: int) -> None:
    """Each poll ends on the thread where it began, before the next one of that task."""
    polling: dict[int | None, int] = {}
    for record in run(requests(), on=VirtualThreads(3, Seeded(seed))).records:
        if isinstance(record, PollStarted):
            assert record.task not in polling
            polling[record.task] = record.thread
        elif type(record).__name__ == "PollEnded":
            assert polling.pop(record.task) == record.thread
    assert polling == {}
