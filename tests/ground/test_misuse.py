"""Misuse that only shows when a program runs: each ends the run, in words that help."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from test_errors import fails, instrumented, joins, nothing_is_left_behind, on_simulated, plain

from spanlab import (
    CurrentThread,
    Deadlock,
    ForeignAwaitable,
    FutureReused,
    JoinError,
    JoinSet,
    NestedRuntime,
    NoRuntime,
    PollBudgetExceeded,
    Trace,
    UsageError,
    VirtualThreads,
    info_span,
    instrument,
    join,
    pending,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    yield_now,
)
from spanlab.evidence.sites import file_name

__all__ = ["joins", "nothing_is_left_behind"]


@pytest.mark.parametrize(
    "make",
    [
        instrumented,
        lambda: info_span("s").instrument(plain()),
        lambda: join(plain(), plain()),
        lambda: select(plain(), pending()),
    ],
)
def test_any_future_is_awaited_once(make: Any) -> None:
    """Instrumented, joined or selected, it is moved by its first await."""

    async def main() -> None:
        future = make()
        await future
        await future

    fails(FutureReused, main, r"was awaited to its end.*make a new one: await work\(\)")


def test_run_wants_a_runtime_and_not_its_class() -> None:
    with pytest.raises(UsageError, match=r"Write: run\(main\(\), on=VirtualThreads\(\)\)"):
        run(plain(), on=VirtualThreads)


@on_simulated
def test_run_inside_a_runtime_is_refused(runtime: Any) -> None:
    """Also by `run`, from main or from a task."""

    async def task() -> None:
        run(plain())

    async def main() -> None:
        await spawn(task())

    fails(NestedRuntime, task, "from within a runtime.*await main", on=runtime())
    fails(NestedRuntime, main, "from within a runtime.*await main", on=runtime())


@on_simulated
def test_misuse_in_a_detached_task_is_not_lost(runtime: Any) -> None:
    """It ends the run, though nobody joins the task."""

    async def task() -> None:
        spawn(plain)

    async def main() -> None:
        spawn(task())
        await sleep(0.01)

    fails(UsageError, main, "got the async function 'plain'", on=runtime())


def test_the_line_of_a_foreign_await_is_the_readers() -> None:
    """Not one inside Python's own library."""

    async def main() -> None:
        await asyncio.sleep(0)

    said = fails(ForeignAwaitable, main, "'main' awaits something of another library")
    assert f"({file_name(__file__)}:{main.__code__.co_firstlineno + 1})" in said


def test_a_deadlock_names_the_tasks_of_a_join_set() -> None:
    """By their numbers, the first five of them."""

    async def main() -> None:
        tasks = JoinSet()
        for _ in range(6):
            tasks.spawn(pending())
        await tasks.join_next()

    said = fails(Deadlock, main, "waits for one of its tasks: 1, 2, 3, 4, 5, …")
    assert "task 6 waits for something that never comes" in said


def test_the_budget_error_says_where_the_main_future_was() -> None:
    """Its function and its line."""

    async def main() -> None:
        while True:
            await yield_now()

    with pytest.raises(PollBudgetExceeded) as caught:
        run(main(), polls=50)
    line = main.__code__.co_firstlineno + 2
    assert f"next was the main future, 'main' at {file_name(__file__)}:{line}" in str(caught.value)


def test_spawn_blocking_refuses_an_async_function() -> None:
    """Called or not: on that thread nobody would poll it."""

    async def main(wrong: Any) -> None:
        await spawn_blocking(wrong)

    fails(UsageError, lambda: main(plain), r"got the async function 'plain'. Write: spawn\(plain")
    fails(UsageError, lambda: main(instrumented), r"got the async function 'instrumented'")
    fails(UsageError, lambda: main(plain()), r"got <coroutine object .*Pass it uncalled")


@pytest.mark.parametrize("call", [spawn, lambda f: spawn_blocking(lambda: f.close())])
def test_what_is_spawned_outside_a_runtime_is_dropped(call: Any) -> None:
    """One error, and no warning about a future that was never awaited."""
    future = plain()
    with pytest.raises(NoRuntime):
        call(future)
    future.close()


@pytest.mark.parametrize("seconds", [10**400, 1e300])
def test_a_sleep_beyond_all_time_is_refused(seconds: Any) -> None:
    """In the words of any other wrong time."""

    async def main() -> None:
        await sleep(seconds)

    fails(UsageError, main, r"sleep\(\) needs from 0 to 1e9 seconds, got")


@pytest.mark.parametrize("on", [CurrentThread, "current_thread", 5])
def test_run_wants_a_runtime(on: Any) -> None:
    """Made, not named."""
    with pytest.raises(UsageError, match=r"needs a runtime, got on=.*on=CurrentThread\(\)"):
        run(plain(), on=on)


def test_a_wrong_level_leaves_no_future_behind() -> None:
    """The main future is dropped before the error is raised."""
    with pytest.raises(UsageError, match="a level is one of"):
        run(plain(), level="loud")


def test_a_schedule_is_a_schedule() -> None:
    """Not its seed."""
    with pytest.raises(UsageError, match=r"a schedule is Seeded\(7\) or Replay"):
        VirtualThreads(2, 7)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "5", '{"rows": [["zz", 1]]}'])
def test_what_is_no_trace_is_refused(text: str) -> None:
    """Broken JSON, and JSON of something else."""
    with pytest.raises(UsageError, match=r"read from what trace.to_json\(\) wrote, got"):
        Trace.from_json(text)


def test_a_generator_cannot_be_instrumented() -> None:
    """Its body would run when the span has closed."""

    def generates() -> Any:
        yield 1

    with pytest.raises(UsageError, match="the generator 'generates', of which Rust has none"):
        instrument(generates)


def test_a_skipped_argument_is_named_once() -> None:
    """As the attribute macro wants it."""

    def f(a: int) -> int:
        return a

    with pytest.raises(UsageError, match="skip names each argument once"):
        instrument(skip=("a", "a"))(f)


def test_an_await_while_being_dropped_is_a_panic() -> None:
    """A `finally` that awaits cannot: Rust has no async drop."""

    async def stubborn() -> None:
        try:
            await pending()
        finally:
            await yield_now()

    async def main() -> None:
        handle = spawn(stubborn())
        await yield_now()
        handle.abort()
        with pytest.raises(JoinError, match="ignored GeneratorExit"):
            await handle

    run(main(), on=CurrentThread())
