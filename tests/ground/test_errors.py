"""Bad input: each mistake is told in three parts, nothing hangs, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import spanlab
from spanlab import (
    CurrentThread,
    Deadlock,
    ForeignAwaitable,
    FutureReused,
    FuturesUnordered,
    JoinError,
    JoinSet,
    MissingPackage,
    NestedRuntime,
    NoRuntime,
    NotAFuture,
    NotSend,
    OsThreads,
    PollBudgetExceeded,
    Replay,
    SpanlabError,
    Trace,
    UsageError,
    VirtualThreads,
    errors,
    graph,
    in_current_span,
    info,
    info_span,
    instrument,
    join,
    join_all,
    log,
    pending,
    recording,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    threads,
    try_join_all,
    yield_now,
)
from spanlab.evidence.sites import file_name
from spanlab.tokio.runtime.asyncio_loop import AsyncioLoop

HERE = file_name(__file__)  # as messages name this file

SIMULATED = [CurrentThread, lambda: VirtualThreads(2)]
ALL = [*SIMULATED, lambda: OsThreads(2), AsyncioLoop]
NAMES = ["current_thread", "virtual_threads", "os_threads", "asyncio_loop"]

on_simulated = pytest.mark.parametrize("runtime", SIMULATED, ids=NAMES[:2])
on_all = pytest.mark.parametrize("runtime", ALL, ids=NAMES)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """After each test no thread is current, and the next run starts clean."""
    yield
    gc.collect()
    assert threads.current() is None
    trace = run(plain(), on=CurrentThread())
    assert [trace.scope(event) for event in trace.events] == [()]


async def plain() -> None:
    info("plain")


@instrument
async def instrumented() -> None:
    info("instrumented")


def fails(error: type[BaseException], main: Callable[[], Any], match: str, on: Any = None) -> str:
    """Run a main function that must fail, and give what it said."""
    with pytest.raises(error, match=match) as caught:
        run(main(), on=on or CurrentThread())
    return str(caught.value)


# ---------------------------------------------------------------- the tree


def test_every_exception_has_one_root() -> None:
    """`except SpanlabError` catches them all; misuse is a ValueError too."""
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(found) == 14
    assert all(issubclass(error, SpanlabError) for error in found)
    assert {error.__name__ for error in found} <= set(spanlab.__all__)
    assert issubclass(UsageError, ValueError)
    assert issubclass(NotAFuture, TypeError)
    assert issubclass(MissingPackage, ImportError)


# ---------------------------------------------------------------- not a future


@pytest.mark.parametrize("function", [plain, instrumented])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (spawn, "spawn"),
        (lambda f: JoinSet().spawn(f), "tasks.spawn"),
        (lambda f: info_span("s").instrument(f), "instrument"),
        (in_current_span, "in_current_span"),
        (join, "join"),
        (select, "select"),
    ],
    ids=["spawn", "JoinSet.spawn", "instrument", "in_current_span", "join", "select"],
)
def test_an_async_function_is_not_a_future(function: Any, call: Any, name: str) -> None:
    """It must be called, instrumented or not, wherever a future is wanted."""

    async def main() -> None:
        call(function)

    f = function.__name__
    wanted = rf"{name}\(\) needs a future, got the async function '{f}'. Call it: {name}\({f}\(\)\)"
    fails(NotAFuture, main, wanted)


@pytest.mark.parametrize("function", [plain, instrumented])
def test_run_wants_the_function_called(function: Any) -> None:
    """As everywhere."""
    with pytest.raises(NotAFuture, match=rf"Call it: run\({function.__name__}\(\)\)"):
        run(function)


@pytest.mark.parametrize(
    "wrong", [None, 5, "f", [], lambda: None, int], ids=lambda wrong: type(wrong).__name__
)
def test_what_cannot_be_polled_is_shown(wrong: Any) -> None:
    """With its type, cut short."""
    with pytest.raises(NotAFuture, match=rf"run\(\) needs a future, got {type(wrong).__name__} "):
        run(wrong)


def test_generators_are_no_futures() -> None:
    """A plain one has `send` as well, and must not pass for a future."""

    def generator() -> Any:
        yield 1

    async def asynchronous() -> Any:
        yield 1

    for wrong in (generator(), asynchronous()):
        with pytest.raises(NotAFuture, match=r"needs a future, got .*generator"):
            run(wrong)


# ---------------------------------------------------------------- of another library


@on_simulated
@pytest.mark.parametrize("in_a_task", [False, True])
def test_what_asyncio_must_wake_is_refused(runtime: Any, in_a_task: bool) -> None:
    """`asyncio.sleep(0)` works without a loop, and gives what only that loop understands."""

    async def foreign() -> None:
        await asyncio.sleep(0)

    async def main() -> None:
        await (spawn(foreign()) if in_a_task else foreign())

    said = fails(ForeignAwaitable, main, "a future of spanlab was expected", on=runtime())
    assert "another library" in said
    assert "write: await sleep(0.01)" in said


@on_simulated
def test_a_future_of_asyncio_is_refused(runtime: Any) -> None:
    """The line that awaits it is in the message."""

    async def main() -> None:
        await future

    loop = asyncio.new_event_loop()
    future = loop.create_future()
    loop.close()
    said = fails(ForeignAwaitable, main, "'main' awaits", on=runtime())
    assert f"({HERE}:{main.__code__.co_firstlineno + 1})" in said


def test_a_sleep_of_asyncio_is_refused_while_its_loop_runs() -> None:
    """As in a notebook, where a loop runs already."""

    async def main() -> None:
        await asyncio.sleep(0.01)

    async def cell() -> None:
        run(main(), on=CurrentThread())

    with pytest.raises(ForeignAwaitable, match="another library"):
        asyncio.run(cell())


# ---------------------------------------------------------------- used up


def test_a_coroutine_is_awaited_once() -> None:
    """Python itself says so, at the line of the second await."""

    async def main() -> None:
        future = plain()
        await future
        await future

    fails(FutureReused, main, "A future is moved, not copied")


@pytest.mark.parametrize("give_away", [spawn, in_current_span, join, select])
def test_a_future_that_has_ended_cannot_be_given_away(give_away: Any) -> None:
    """The message says how to make a new one."""

    async def main() -> None:
        future = plain()
        await future
        give_away(future)

    fails(FutureReused, main, r"got 'plain', which has ended.* make a new one: plain\(\)")


def test_a_handle_gives_its_value_once() -> None:
    """In Rust polling it again panics."""

    async def main() -> None:
        handle = spawn(plain())
        await handle
        await handle

    fails(FutureReused, main, "that of task 1 was awaited. Keep the value: value = await handle")


@pytest.mark.parametrize("together", [join, select])
def test_the_same_future_twice_is_refused(together: Any) -> None:
    """It can only be moved into one branch."""

    async def main() -> None:
        future = plain()
        try:
            await together(future, future)
        finally:
            future.close()

    fails(FutureReused, main, "needs different futures, got the same one twice")


# ---------------------------------------------------------------- runtimes


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: sleep(1), "sleep"),
        (lambda: yield_now().send(None), "yield_now"),
        (lambda: join(plain()).send(None), None),
    ],
)
def test_outside_a_runtime_there_is_nothing_to_wait_with(call: Any, name: str | None) -> None:
    """The message says how to get inside; `join` needs no runtime of its own."""
    if name is None:
        with pytest.raises(StopIteration):
            call()
        return
    with pytest.raises(NoRuntime, match=rf"{name}\(\) must be called from .*: run\(main\(\)\)"):
        call()


def test_spawn_needs_a_runtime() -> None:
    """A recording alone is none."""
    future = plain()
    with recording(), pytest.raises(NoRuntime, match=r"spawn\(\) must be called from"):
        spawn(future)
    future.close()


def test_a_runtime_cannot_start_inside_a_runtime() -> None:
    """The thread is driving one already; the future can be awaited."""

    async def main() -> None:
        CurrentThread().block_on(plain())

    fails(NestedRuntime, main, "cannot start a runtime from within a runtime.*: await main()")


def test_block_on_needs_a_recording() -> None:
    """There is nobody to number its threads and tasks."""
    with pytest.raises(NestedRuntime, match=r"needs a recording around it.*run\(main\(\)\)"):
        CurrentThread().block_on(plain())


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2", None])
def test_a_runtime_needs_a_worker(workers: Any) -> None:
    """Or more."""
    with pytest.raises(UsageError, match="from 1 to 256 workers, got"):
        VirtualThreads(workers)


@pytest.mark.parametrize("choices", ["a", "0 x", [0, 1], None])
def test_a_replay_is_a_string_of_numbers(choices: Any) -> None:
    """The message shows one."""
    with pytest.raises(UsageError, match=r"Write: Replay\('0 1 1 0'\)"):
        Replay(choices)


def test_a_replay_of_another_program_is_refused() -> None:
    """A choice that does not exist names its place."""
    with pytest.raises(UsageError, match="choice 0 of the replay is from 0 to"):
        run(two_tasks(), on=VirtualThreads(2, Replay("99")))


async def two_tasks() -> None:
    for handle in [spawn(plain()), spawn(plain())]:
        await handle


# ---------------------------------------------------------------- time


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("inf"), "1", None])
def test_a_sleep_takes_a_time(seconds: Any) -> None:
    """Not negative, not infinite, not text."""

    async def main() -> None:
        await sleep(seconds)

    fails(UsageError, main, r"sleep\(\) needs .*, got .*Write: sleep\(0.01\)")


# ---------------------------------------------------------------- what can never end


async def joins(handles: list[Any]) -> None:
    while not handles:
        await yield_now()
    await handles[0]


@on_all
def test_a_circle_of_joins_names_who_waits_for_whom(runtime: Any) -> None:
    """Two tasks wait for each other, and main for one of them; nothing hangs."""

    async def main() -> None:
        first: list[Any] = []
        second: list[Any] = []
        a, b = spawn(joins(second)), spawn(joins(first))
        first.append(a)
        second.append(b)
        await pending()

    said = fails(Deadlock, main, "nothing is left that could wake it", on=runtime())
    assert "main future ('main', " in said
    assert ":".join((f"task 1 ('joins', {HERE}", f"{line_of_join()}) waits for task 2")) in said
    assert ":".join((f"task 2 ('joins', {HERE}", f"{line_of_join()}) waits for task 1")) in said
    assert said.endswith("Wake, finish or abort what it waits for")


def line_of_join() -> int:
    return joins.__code__.co_firstlineno + 3


@on_all
def test_a_join_set_that_never_empties_is_a_deadlock(runtime: Any) -> None:
    """The task in it waits forever, and so does main."""

    async def stuck() -> None:
        await pending()

    async def main() -> None:
        tasks = JoinSet()
        tasks.spawn(stuck())
        while await tasks.join_next():
            pass

    said = fails(Deadlock, main, "nothing is left that could wake it", on=runtime())
    assert "task 1 ('stuck', " in said
    assert "waits for something that never comes" in said


@on_all
@pytest.mark.parametrize("in_a_task", [False, True])
def test_a_loop_that_never_ends_is_stopped(runtime: Any, in_a_task: bool) -> None:
    """At a budget of polls, with an error that says how to allow more."""

    async def loops() -> None:
        while True:
            await yield_now()

    async def main() -> None:
        await (spawn(loops()) if in_a_task else loops())

    with pytest.raises(PollBudgetExceeded, match="end within 200 polls") as caught:
        run(main(), on=runtime(), polls=200)
    assert "run(main(), polls=2000)" in str(caught.value)
    assert isinstance(caught.value.trace, Trace)


# ---------------------------------------------------------------- guards


async def holds_entered() -> None:
    with info_span("held").entered():
        await yield_now()


async def holds_enter() -> None:
    with info_span("held").enter():
        await yield_now()


@on_all
@pytest.mark.parametrize("by", ["spawn", "JoinSet.spawn"])
def test_an_owned_guard_across_an_await_is_refused_in_a_task(runtime: Any, by: str) -> None:
    """In rustc's words, with the line of the guard and the line of the await."""

    async def main() -> None:
        tasks = JoinSet()
        if by == "spawn":
            await spawn(holds_entered())
        tasks.spawn(holds_entered())
        await tasks.join_next()

    said = fails(NotSend, main, "future cannot be sent between threads safely", on=runtime())
    first = holds_entered.__code__.co_firstlineno
    assert "the future of 'holds_entered' is not `Send`" in said
    assert f':{first + 1}: with info_span("held").entered():' in said
    assert "has type `EnteredSpan` which is not `Send`" in said
    assert f":{first + 2}: await yield_now()" in said
    assert "await occurs here, with the guard maybe used later" in said
    assert "await span.instrument(future)" in said


@on_all
def test_an_owned_guard_is_allowed_in_the_main_future(runtime: Any) -> None:
    """`block_on` asks for no `Send`."""
    assert len(run(holds_entered(), on=runtime()).spans) == 1


@on_all
def test_a_borrowed_guard_across_an_await_compiles(runtime: Any) -> None:
    """`Entered` is `Send` in every released version; the trace is wrong, and not refused."""

    async def main() -> None:
        await spawn(holds_enter())

    assert len(run(main(), on=runtime()).spans) == 1


@on_simulated
def test_an_owned_guard_that_ends_before_the_await_is_fine(runtime: Any) -> None:
    """By its block, by `exit`, or by being dropped."""

    async def task() -> None:
        with info_span("block").entered():
            info("in block")
        guard = info_span("exit").entered()
        guard.exit()
        guard = info_span("dropped").entered()
        del guard
        await yield_now()

    async def main() -> None:
        await spawn(task())

    assert len(run(main(), on=runtime()).spans) == 3


def test_a_guard_exits_once() -> None:
    """The second `exit` is told how to go on."""
    with recording():
        guard = info_span("a").enter()
        guard.exit()
        with pytest.raises(UsageError, match=r"has exited. Enter the span again"):
            guard.exit()


# ---------------------------------------------------------------- spans


@pytest.mark.parametrize("name", [5, None, b"x"])
def test_a_span_needs_a_name(name: Any) -> None:
    """A string."""
    with (
        recording(),
        pytest.raises(UsageError, match=r"a span needs a name, got .*info_span\('work'\)"),
    ):
        info_span(name)


@pytest.mark.parametrize("parent", ["b", 1, True])
def test_a_parent_is_a_span_or_none(parent: Any) -> None:
    """For spans and for events."""
    for macro in (info_span, info):
        with (
            recording(),
            pytest.raises(UsageError, match=r"a parent is a span or None, got .*parent=span"),
        ):
            macro("a", parent=parent)


def test_a_span_of_another_recording_is_refused() -> None:
    """As a parent and to be entered; its message names it."""
    with recording():
        old = info_span("old")
    with recording():
        with pytest.raises(UsageError, match=r"that of 'old' has ended. Make it anew"):
            info_span("new", parent=old)
        with pytest.raises(UsageError, match=r"that of 'old' has ended. Make a new one"):
            old.enter()


HOSTILE = ['quo"te', "new\nline", "<b>&amp;</b>", "\x1b[31mred", "]]>--><script>", "'", "\\", "{}"]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_any_name_can_be_printed_and_drawn(name: str) -> None:
    """Quotes, newlines and markup break neither the log nor the drawing."""

    async def main() -> None:
        await info_span(name, field=name).instrument(plain())
        info(name, target=name)

    trace = run(main(), on=CurrentThread())
    assert trace.scope(trace.events[0]) == (name,)
    assert Trace.from_json(trace.to_json()).rows == trace.rows
    for shape in ("pretty", "full", "compact", "json"):
        assert str(log(trace, shape))
    shown = graph(trace)._repr_mimebundle_()["text/html"]
    assert "<script>" not in shown
    assert "\x1b[" not in shown


# ---------------------------------------------------------------- @instrument


@pytest.mark.parametrize("wrong", [int, len, 5, lambda: None])
def test_the_attribute_stands_on_a_def(wrong: Any) -> None:
    """Not on classes, builtins, values or lambdas; there is a block for those."""
    with pytest.raises(UsageError, match=r"stands on a def or async def.*with info_span\('work'\)"):
        instrument(wrong)


def test_a_generator_cannot_be_instrumented() -> None:
    """Rust has none; an async one is a stream."""

    def generates() -> Any:
        yield 1

    with pytest.raises(UsageError, match="generator 'generates', of which Rust has none"):
        instrument(generates)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"skip": ("b",)}, r"skip names arguments of f\(\), which are \['a'\], got \['b'\]"),
        ({"skip": ("a",), "skip_all": True}, "skip_all skips every argument, got skip as well"),
        ({"level": "loud"}, "a level is one of 'trace'"),
        ({"err_level": 9}, "a level is one of 'trace'"),
    ],
)
def test_wrong_arguments_of_the_attribute(arguments: Any, match: str) -> None:
    """As the compiler would refuse them, when the function is defined."""

    def f(a: int) -> int:
        return a

    with pytest.raises(UsageError, match=match):
        instrument(**arguments)(f)


# ---------------------------------------------------------------- others


def test_spawn_blocking_takes_a_function() -> None:
    """Uncalled."""

    async def main() -> None:
        spawn_blocking(5)  # type: ignore[arg-type]

    fails(UsageError, main, r"spawn_blocking\(\) needs a function, got 5. Pass it uncalled")


@pytest.mark.parametrize("take", [join_all, try_join_all, FuturesUnordered])
def test_what_takes_several_futures_says_so(take: Any) -> None:
    """A number is none, and neither is the one future that was meant."""

    async def main() -> None:
        take(5)

    fails(UsageError, main, rf"{take.__name__}\(\) needs several futures, got 5. Write: .*\(\[a")


def test_select_needs_a_branch() -> None:
    """Without one it could never be ready."""

    async def main() -> None:
        await select()

    fails(UsageError, main, r"select\(\) needs a future, got none. Write: select\(a\(\), b\(\)\)")


def test_a_join_error_says_which_task_and_why() -> None:
    """As tokio displays it."""
    assert str(JoinError(3)) == "task 3 was cancelled"
    assert str(JoinError(3, ValueError("boom"))) == 'task 3 panicked with message "boom"'
