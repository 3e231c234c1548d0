"""A panic is told of once, joined or not, and is kept in the records.

The words are those of Rust's hook: `tests/reference/src/bin/panic_hook.rs` shows one that logs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    JoinSet,
    OsThreads,
    VirtualThreads,
    error,
    explore,
    info_span,
    pending,
    run,
    set_panic_hook,
    sleep,
    spawn,
    spawn_blocking,
    spawn_thread,
)
from spanlab.record import TaskFinished

RUNTIMES = [CurrentThread, lambda: VirtualThreads(2), lambda: OsThreads(2), AsyncioLoop]
HERE = Path(__file__).name
on_each_runtime = pytest.mark.parametrize("make", RUNTIMES)


def fails() -> None:
    raise ValueError("on purpose")


async def work() -> None:
    fails()


class Loud:
    async def waits(self) -> None:
        try:
            await pending()
        finally:
            fails()


async def detached() -> None:
    spawn(work())
    await sleep(0.01)


async def joined() -> None:
    with pytest.raises(Exception, match="panicked"):
        await spawn(work())


async def instrumented() -> None:
    spawn(info_span("work").instrument(work()))
    await sleep(0.01)


async def in_a_set() -> None:
    tasks = JoinSet()
    tasks.spawn(work())
    while await tasks.join_next():
        pass


async def blocking() -> None:
    spawn_blocking(fails)
    await sleep(0.01)


async def on_a_thread() -> None:
    spawn_thread(fails)
    await sleep(0.01)


async def dropped() -> None:
    handle = spawn(Loud().waits())
    await sleep(0.01)
    handle.abort()
    await sleep(0.01)


async def at_the_end() -> None:
    spawn(Loud().waits())
    await sleep(0.01)


WAYS = [detached, joined, instrumented, in_a_set, blocking, on_a_thread, dropped, at_the_end]


@on_each_runtime
@pytest.mark.parametrize("main", WAYS)
def test_a_panic_is_printed_once(
    main: Callable[[], Any], make: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """In Rust's words, with the line that raised; whether somebody joins it or not."""
    run(main(), on=make())
    said = capsys.readouterr().err
    place = rf"{HERE}:{fails.__code__.co_firstlineno + 1}"
    pattern = rf"\nthread '[\w<>-]+' \(\d+\) panicked at \S*{place}:\nValueError: on purpose\n"
    assert re.fullmatch(pattern, said), said


@on_each_runtime
def test_a_panic_is_in_the_records(make: Callable[[], Any]) -> None:
    """The end of the task says what left it, and where that was raised."""
    ended = {record.finished: record for record in run(detached(), on=make()).of(TaskFinished)}
    assert (ended[1].outcome, ended[1].panic) == ("panicked", "ValueError: on purpose")
    assert Path(ended[1].file).name == HERE
    assert ended[1].line == fails.__code__.co_firstlineno + 1
    assert (ended[0].outcome, ended[0].panic, ended[0].line) == ("ok", "", 0)


@on_each_runtime
def test_a_thread_that_exits_is_printed(
    make: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """`sys.exit` ends the thread alone, and where nobody joins it nothing else would tell."""

    async def main() -> None:
        spawn_thread(lambda: sys.exit(3))
        await sleep(0.01)

    run(main(), on=make())
    assert re.search(rf"panicked at \S*{HERE}:\d+:\nSystemExit: 3\n", capsys.readouterr().err)


def test_the_line_is_the_readers_own() -> None:
    """What raises within a library was called by a line of the program."""
    told: list[Any] = []
    set_panic_hook(told.append)

    async def main() -> None:
        spawn(library())
        await sleep(0.01)

    async def library() -> None:
        re.compile("(")

    run(main())
    assert str(told[0]).startswith("panicked at ")
    assert f"{HERE}:{library.__code__.co_firstlineno + 1}:\n" in str(told[0])
    assert "missing )" in told[0].message


@on_each_runtime
def test_events_of_a_hook_are_in_the_span_that_panics(make: Callable[[], Any]) -> None:
    """It is called before the span is exited."""
    set_panic_hook(lambda panic: error("has died", why=panic.message))
    trace = run(instrumented(), on=make())
    assert [trace.scope(event) for event in trace.events] == [("work",)]
    assert dict(trace.events[0].fields)["why"] == "ValueError: on purpose"


def test_the_panic_of_main_is_raised_and_told_to_a_hook_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Python prints what `run` raises, so the hook that prints leaves it out."""
    with pytest.raises(ValueError, match="on purpose"):
        run(work())
    assert capsys.readouterr().err == ""
    told: list[Any] = []
    set_panic_hook(told.append)
    with pytest.raises(ValueError, match="on purpose"):
        run(work())
    assert [panic.message for panic in told] == ["ValueError: on purpose"]


def test_an_exception_that_a_task_catches_is_no_panic(capsys: pytest.CaptureFixture[str]) -> None:
    """It is an `Err`, also where it leaves an instrumented future."""

    async def catches() -> None:
        with pytest.raises(ValueError, match="on purpose"):
            await info_span("work").instrument(work())

    async def main() -> None:
        await spawn(catches())

    run(main())
    assert capsys.readouterr().err == ""


def test_explore_prints_no_panic(capsys: pytest.CaptureFixture[str]) -> None:
    """It runs the program once for each schedule."""
    assert explore(joined).outcomes
    assert capsys.readouterr().err == ""


def test_a_hook_that_an_explored_program_sets_ends_with_it() -> None:
    """Exploring runs the program many times; what was set before is set again."""
    told: list[Any] = []
    set_panic_hook(told.append)

    async def main() -> None:
        set_panic_hook(lambda panic: None)
        await detached()

    explore(main)
    run(detached(), on=CurrentThread())
    assert len(told) == 1
