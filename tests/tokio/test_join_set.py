"""`JoinSet`: results in the order of their ends, and what dropping, aborting, detaching do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spanlab import (
    CurrentThread,
    JoinError,
    JoinSet,
    Trace,
    VirtualThreads,
    info,
    info_span,
    pending,
    run,
    select,
    spawn,
    yield_now,
)
from spanlab.record import TaskFinished


def ran(main: Any, on: Any = None) -> str:
    """Run a main function on one thread and give what it logged."""
    return " ".join(event.message for event in run(main(), on=on or CurrentThread()).events)


@contextmanager
def dropped(name: str) -> Iterator[None]:
    """Log `drop name` when the block is left, in whatever way."""
    try:
        yield
    finally:
        info(f"drop {name}")


async def yields(number: int, times: int) -> int:
    """Log `d` and the number after some yields."""
    for _ in range(times):
        await yield_now()
    info(f"d{number}")
    return number


async def wait(name: str) -> None:
    with dropped(name):
        await pending()


async def panic() -> None:
    raise RuntimeError("boom")


def outcomes(trace: Trace) -> dict[int, str]:
    return {record.finished: record.outcome for record in trace.of(TaskFinished)}


def test_results_come_in_the_order_in_which_tasks_end() -> None:
    """Tasks that yield 3, 1 and 2 times: `d1 j1 d2 j2 d0 j0`."""

    async def main() -> None:
        tasks = JoinSet()
        for number, times in enumerate([3, 1, 2]):
            tasks.spawn(yields(number, times))
        while joined := await tasks.join_next():
            info(f"j{joined.value}")

    assert ran(main) == "d1 j1 d2 j2 d0 j0"


@pytest.mark.parametrize("runtime", [CurrentThread, VirtualThreads], ids=str)
def test_a_join_set_takes_no_span_along(runtime: Any) -> None:
    """`tasks.spawn` is `spawn`: the caller's span is not the task's."""

    async def main() -> None:
        tasks = JoinSet()
        with info_span("caller").enter():
            tasks.spawn(yields(0, 0))
        await tasks.join_next()

    trace = run(main(), on=runtime())
    assert trace.scope(trace.events[0]) == ()


def test_join_next_of_an_empty_set_is_none() -> None:
    """At once, and for a set that was emptied too."""

    async def main() -> Any:
        tasks = JoinSet()
        seen = [await tasks.join_next(), tasks.try_join_next(), tasks.is_empty(), len(tasks)]
        tasks.spawn(yields(0, 0))
        await tasks.join_next()
        return [*seen, await tasks.join_next()]

    assert run(main(), on=CurrentThread()).result == [None, None, True, 0, None]


def test_a_joined_task_is_true_whatever_its_value() -> None:
    """So that `while await tasks.join_next()` goes on."""

    async def nothing() -> None:
        pass

    async def main() -> Any:
        tasks = JoinSet()
        tasks.spawn(nothing())
        joined = await tasks.join_next()
        return bool(joined), joined.task, joined.value, joined.error

    assert run(main(), on=CurrentThread()).result == (True, 1, None, None)


def test_a_joined_panic_has_an_error_and_raises_it_with_the_value() -> None:
    """The loop over a set does not end at a panic."""

    async def main() -> Any:
        tasks = JoinSet()
        tasks.spawn(panic())
        joined = await tasks.join_next()
        with pytest.raises(JoinError, match="panicked"):
            _ = joined.value
        return joined.error.is_panic(), repr(joined)

    result = run(main(), on=CurrentThread()).result
    assert result == (True, 'Joined(task=1, task 1 panicked with message "boom")')


def test_the_length_counts_what_was_not_joined() -> None:
    """Ended tasks stay until they are joined."""

    async def main() -> Any:
        tasks = JoinSet()
        for number in range(3):
            tasks.spawn(yields(number, 0))
        await yield_now()
        seen = [len(tasks)]
        await tasks.join_next()
        return [*seen, len(tasks), tasks.is_empty()]

    assert run(main(), on=CurrentThread()).result == [3, 2, False]


def test_try_join_next_does_not_wait() -> None:
    """It gives nothing while no task has ended."""

    async def main() -> Any:
        tasks = JoinSet()
        tasks.spawn(yields(7, 0))
        before = tasks.try_join_next()
        await yield_now()
        return before, tasks.try_join_next().value, tasks.try_join_next()

    assert run(main(), on=CurrentThread()).result == (None, 7, None)


def test_abort_all_leaves_the_tasks_to_be_joined() -> None:
    """They are dropped oldest first; each gives a cancelled error."""

    async def main() -> Any:
        tasks = JoinSet()
        for name in "012":
            tasks.spawn(wait(name))
        await yield_now()
        tasks.abort_all()
        info(f"{len(tasks)} left")
        errors = []
        while joined := await tasks.join_next():
            errors.append(joined.error.is_cancelled())
        return errors

    trace = run(main(), on=CurrentThread())
    assert trace.result == [True] * 3
    assert [e.message for e in trace.events] == ["3 left", "drop 0", "drop 1", "drop 2"]


def test_the_handle_of_a_task_can_abort_it() -> None:
    """Dropping that handle does nothing."""

    async def main() -> Any:
        tasks = JoinSet()
        handle = tasks.spawn(pending())
        tasks.spawn(yields(0, 0))
        handle.abort()
        seen = [(await tasks.join_next()).task, (await tasks.join_next()).task]
        return handle.id, handle.is_finished(), seen

    assert run(main(), on=CurrentThread()).result == (1, True, [1, 2])


def test_shutdown_waits_until_all_are_dropped() -> None:
    """Errors are ignored and the set is empty after it."""

    async def main() -> None:
        tasks = JoinSet()
        tasks.spawn(wait("a"))
        tasks.spawn(panic())
        await yield_now()
        await tasks.shutdown()
        info(f"{len(tasks)} left")

    assert ran(main) == "drop a 0 left"


def test_detached_tasks_go_on() -> None:
    """The set is empty at once; the tasks were woken in reverse of their yields."""

    async def main() -> None:
        tasks = JoinSet()
        tasks.spawn(yields(9, 1))
        tasks.spawn(yields(10, 1))
        await yield_now()
        tasks.detach_all()
        info(f"{len(tasks)} left")
        del tasks
        await yield_now()
        await yield_now()

    assert ran(main) == "0 left d10 d9"


def test_dropping_a_set_aborts_its_tasks_and_does_not_wait() -> None:
    """Their futures are dropped at the next turn of the runtime."""

    async def main() -> None:
        tasks = JoinSet()
        tasks.spawn(wait("a"))
        tasks.spawn(wait("b"))
        await yield_now()
        del tasks
        info("set is gone")
        await yield_now()

    assert ran(main) == "set is gone drop a drop b"


def test_a_set_that_falls_out_of_a_block_is_dropped() -> None:
    """A function that forgets to drain its set cancels its own work."""

    async def forgets() -> None:
        tasks = JoinSet()
        tasks.spawn(yields(0, 0))

    async def main() -> None:
        await forgets()
        await yield_now()
        info("end")

    trace = run(main(), on=CurrentThread())
    assert [event.message for event in trace.events] == ["end"]
    assert outcomes(trace)[1] == "cancelled"


def test_join_all_gives_the_values_in_the_order_of_their_ends() -> None:
    """Not in the order of their spawns."""

    async def main() -> Any:
        tasks = JoinSet()
        for number, times in enumerate([2, 0, 1]):
            tasks.spawn(yields(number, times))
        return await tasks.join_all()

    assert run(main(), on=CurrentThread()).result == [1, 2, 0]


def test_join_all_raises_where_the_rust_one_panics() -> None:
    """A task that panicked or was cancelled has no value to give."""

    async def main() -> None:
        tasks = JoinSet()
        tasks.spawn(panic())
        await tasks.join_all()

    with pytest.raises(JoinError, match='task 1 panicked with message "boom"'):
        run(main(), on=CurrentThread())


def test_join_next_can_lose_a_select() -> None:
    """Nothing is lost: the next one gives the result."""

    async def main() -> Any:
        tasks = JoinSet()
        tasks.spawn(yields(0, 2))
        index, _ = await select(tasks.join_next(), yield_now(), biased=True)
        return index, (await tasks.join_next()).value

    assert run(main(), on=CurrentThread()).result == (1, 0)


def test_blocking_code_can_belong_to_a_set() -> None:
    """Its value is joined like any other."""

    async def main() -> Any:
        tasks = JoinSet()
        tasks.spawn_blocking(lambda: 42)
        return (await tasks.join_next()).value

    assert run(main(), on=CurrentThread()).result == 42


def test_the_131st_result_overtakes_the_one_that_met_a_spent_budget() -> None:
    """After 128 joins in one poll the next handle is put off, and comes back behind the others."""

    async def nothing(number: int) -> int:
        return number

    async def drains() -> None:
        tasks = JoinSet()
        for number in range(131):
            tasks.spawn(nothing(number))
        await yield_now()
        values = []
        while joined := await tasks.join_next():
            values.append(joined.value)
        info(" ".join(map(str, values[126:])))

    async def main() -> None:
        await spawn(drains())

    assert ran(main) == "126 127 129 130 128"
