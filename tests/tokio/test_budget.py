"""A program that never ends is stopped, by whatever it does; its garbage is collected meanwhile."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bench import SIZES, size

from spanlab import (
    AsyncioLoop,
    BudgetExceeded,
    CurrentThread,
    JoinSet,
    OsThreads,
    PollBudgetExceeded,
    Trace,
    UsageError,
    VirtualThreads,
    info,
    info_span,
    pending,
    recording,
    run,
    sleep,
    spawn,
    spawn_thread,
    yield_now,
)

RUNTIMES = [CurrentThread, VirtualThreads, lambda: OsThreads(2), AsyncioLoop]


async def nothing() -> None:
    pass


async def bomb() -> None:
    spawn(bomb())
    spawn(bomb())


async def logs() -> None:
    while True:
        info("again", n=1)


async def enters() -> None:
    span = info_span("work")
    while True:
        with span.enter():
            pass


async def makes_spans() -> None:
    while True:
        info_span("work")


async def wraps() -> None:
    span = info_span("work")
    while True:
        span.instrument(pending())


async def spawns() -> None:
    while True:
        spawn(nothing())


async def spawns_into_a_set() -> None:
    tasks = JoinSet()
    while True:
        tasks.spawn(nothing())


async def starts_threads() -> None:
    while True:
        spawn_thread(lambda: None)


async def spawns_a_bomb() -> None:
    await spawn(bomb())
    await pending()


async def yields() -> None:
    while True:
        await yield_now()


LOOPS = [logs, enters, makes_spans, wraps, spawns, spawns_into_a_set, spawns_a_bomb, yields]


@pytest.mark.parametrize("make", RUNTIMES)
@pytest.mark.parametrize("loop", LOOPS)
def test_a_program_is_stopped_at_its_budget_of_records(
    loop: Callable[[], Awaitable[None]], make: Callable[[], Any]
) -> None:
    """Whatever it records, and whether it awaits or not; what it did so far is on the error."""
    with pytest.raises(BudgetExceeded, match=r"run\(main\(\), records=200000\)") as caught:
        run(loop(), on=make(), records=20_000)
    trace: Any = caught.value.trace  # type: ignore[attr-defined]
    assert 4_000 < len(trace) < 60_000
    assert all(task.spawned for task in trace.tasks.values())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_program_is_stopped_where_no_garbage_is_collected(
    loop: Callable[[], Awaitable[None]],
) -> None:
    """The budget is looked at where rows are written, whatever the garbage collector does."""
    gc.disable()
    try:
        with pytest.raises(BudgetExceeded) as caught:
            run(loop(), records=20_000)
    finally:
        gc.enable()
    assert 4_000 < len(caught.value.trace) < 60_000  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [CurrentThread, VirtualThreads])
def test_a_program_that_starts_virtual_threads_is_stopped(make: Callable[[], Any]) -> None:
    """A thread is a record too."""
    with pytest.raises(BudgetExceeded):
        run(starts_threads(), on=make(), records=2_000)


def test_a_task_that_never_ends_is_stopped_too() -> None:
    """The error ends the run, though nobody joins the task in which it was raised."""

    async def main() -> None:
        spawn(logs())
        await pending()

    with pytest.raises(BudgetExceeded):
        run(main(), records=5_000)


def test_a_block_that_records_without_a_runtime_is_stopped() -> None:
    """`recording` has the same budget."""

    def log_on(trace: Trace) -> None:
        while len(trace) < 10_000:
            info("again")

    with recording(records=5_000) as trace, pytest.raises(BudgetExceeded):
        log_on(trace)
    assert 5_000 <= len(trace) < 8_000


def test_the_budget_by_default_is_a_million_records() -> None:
    """So a loop that logs is stopped within some seconds, below 300 MB."""
    with pytest.raises(BudgetExceeded, match=r"records=10000000") as caught:
        run(logs())
    assert 1_000_000 <= len(caught.value.trace) < 1_010_000  # type: ignore[attr-defined]


def test_more_records_can_be_asked_for() -> None:
    """What the error proposes works."""

    async def main() -> None:
        for _ in range(20_000):
            info("again")

    with pytest.raises(BudgetExceeded, match=r"records=100000\b"):
        run(main(), records=10_000)
    assert len(run(main(), records=100_000).events) == 20_000


def test_spans_are_exited_in_the_records_of_a_program_that_was_stopped() -> None:
    """While it is stopped its ends are recorded still."""

    async def main() -> None:
        with info_span("work").enter():
            await logs()

    with pytest.raises(BudgetExceeded) as caught:
        run(main(), records=5_000)
    rows = caught.value.trace.rows  # type: ignore[attr-defined]
    assert [row[0] for row in rows if row[0] in ("exit", "polled", "close")] == [
        "exit", "close", "polled",
    ]  # fmt: skip


@pytest.mark.parametrize("make", [CurrentThread, VirtualThreads])
def test_operations_count_as_polls(make: Callable[[], Any]) -> None:
    """A poll does 128 operations and is then forced to end, so that alone it says little."""
    polls = 0

    async def main() -> None:
        nonlocal polls
        while True:
            await sleep(0)
            polls += 1

    with pytest.raises(PollBudgetExceeded):
        run(main(), on=make(), polls=10_000)
    assert polls < 10_200


@pytest.mark.parametrize("make", RUNTIMES)
def test_a_loop_that_sleeps_for_no_time_is_stopped_within_seconds(make: Callable[[], Any]) -> None:
    """On a real clock each such sleep takes up to a millisecond: a million of them a while."""

    async def main() -> None:
        while True:
            await sleep(0)

    begin = time.monotonic()
    with pytest.raises(PollBudgetExceeded):
        run(main(), on=make(), polls=100_000)
    assert time.monotonic() - begin < 5  # with ten times as many, which is the default, below 10


@pytest.mark.parametrize("make", RUNTIMES)
def test_a_program_that_waits_for_a_while_uses_a_poll_for_it(make: Callable[[], Any]) -> None:
    """Only a sleep of less than a millisecond counts as work."""

    async def main() -> None:
        for _ in range(100):
            await sleep(0.0015)

    run(main(), on=make(), polls=1_000)


@pytest.mark.parametrize("budget", ["polls", "records"])
@pytest.mark.parametrize("value", ["x", 0, -1, 1.5, None, True])
def test_a_budget_is_a_whole_number(budget: str, value: Any) -> None:
    """Anything else is refused before the program begins."""
    with pytest.raises(UsageError, match=rf"^{budget} is a whole number from 1, got"):
        run(nothing(), **{budget: value})


# ---------------------------------------------------------------- the reader's garbage


def test_garbage_is_collected_within_a_run_as_outside() -> None:
    """Rings of objects are freed as soon as Python's own thresholds say."""

    class Ring:
        alive = 0

        def __init__(self) -> None:
            self.me = self
            Ring.alive += 1

        def __del__(self) -> None:
            Ring.alive -= 1

    async def main() -> int:
        most = 0
        for _ in range(5_000):
            Ring()
            most = max(most, Ring.alive)
        return most

    assert run(main()).result < 2 * gc.get_threshold()[0]


def test_records_are_nothing_that_the_garbage_collector_walks_again() -> None:
    """A tape holds plain values and tuples of them: each collection lets go of one more layer."""

    async def task(n: int) -> None:
        info("hello", n=n, user="ann")

    async def main() -> None:
        for n in range(2_000):
            await spawn(info_span("work", n=n).instrument(task(n)))

    trace = run(main())
    trace.tape.turn()
    for _layer in range(6):
        gc.collect()
    assert trace.tape.past > 100_000
    assert not [piece for piece in trace.tape.aside if gc.is_tracked(piece)]


def test_settings_of_the_garbage_collector_made_within_a_run_stay() -> None:
    """A run changes none of them, and takes none back."""
    before = gc.get_threshold()

    async def main() -> None:
        gc.set_threshold(333, 5, 5)

    try:
        run(main())
        assert gc.get_threshold() == (333, 5, 5)
    finally:
        gc.set_threshold(*before)
    assert not gc.callbacks


@pytest.mark.parametrize(("name", "main", "most"), SIZES, ids=[name for name, *_ in SIZES])
def test_a_record_takes_few_bytes(name: str, main: Callable[[], Any], most: int) -> None:
    """Counted on the real clock, where no two records share their time."""
    assert size(run(main(), on=OsThreads(1))) <= most
