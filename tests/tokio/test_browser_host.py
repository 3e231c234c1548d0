"""What stands in for threads and for a loop where Python runs in the browser."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from reference.programs import lost_parent

from spanlab import (
    AsyncioLoop,
    JoinSet,
    info,
    info_span,
    instrument,
    log,
    run,
    spawn_blocking,
    spawn_thread,
    yield_now,
)
from spanlab.tokio.host import browser


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start threads as the browser does."""
    monkeypatch.setattr(threading.Thread, "start", browser.start)


def on_threads() -> list[tuple[str, int]]:
    """Log a line in a span, and on threads of three kinds."""

    @instrument
    async def work() -> None:
        info("here")
        threading.Thread(target=info, args=("thread",)).start()
        spawn_thread(lambda: info("spawned")).join()
        await spawn_blocking(lambda: info("blocking"))

    trace = run(work(), on=browser.OsThreads(2))
    assert [trace.scope(event) for event in trace.events] == [("work",), (), (), ()]
    return [(event.message, event.thread) for event in trace.events]


@pytest.mark.usefixtures("no_threads")
def test_a_thread_runs_where_it_is_started_and_is_another_one() -> None:
    """It has an empty stack and an identity of its own, has ended, and can be joined."""
    before, idents = threading.active_count(), [threading.get_ident()]
    thread = threading.Thread(target=lambda: idents.append(threading.get_ident()))
    with info_span("outer").enter():
        thread.start()
    thread.join()
    assert not thread.is_alive()
    assert len({*idents}) == 2
    assert threading.get_ident() == idents[0]
    assert threading.active_count() == before
    said = on_threads()
    assert [message for message, _ in said] == ["here", "thread", "spawned", "blocking"]
    assert len({number for _, number in said}) == 4


@pytest.mark.usefixtures("no_threads")
def test_what_a_thread_raises_is_told_and_ends_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """As with a real one, `threading.excepthook` hears of it."""
    told = list[Any]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", told.append)
        threading.Thread(target=lambda: 1 // 0).start()
    assert [hooked.exc_type for hooked in told] == [ZeroDivisionError]


def test_the_stand_in_keeps_the_parents_of_real_threads() -> None:
    """Another schedule in each run, the same parents; and time passes."""

    @instrument
    async def work() -> None:
        await yield_now()
        info("going on")

    async def main() -> None:
        tasks = JoinSet()
        for _ in range(3):
            tasks.spawn(work())
        while await tasks.join_next():
            pass

    assert repr(browser.OsThreads(3)) == "OsThreads(3)"
    traces = [run(main(), on=browser.OsThreads(3)) for _ in range(20)]
    assert len({tuple(event.thread for event in trace.events) for trace in traces}) > 1
    for trace in traces:
        assert [trace.scope(event) for event in trace.events] == [("work",)] * 3
        assert trace.events[-1].time > trace.events[0].time >= 0


def in_a_loop(work: Any) -> Any:
    """Run a coroutine function on our loop, while one of asyncio's runs already."""

    async def outer() -> Any:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        with browser.aside(loop), asyncio.Runner(loop_factory=browser.Loop) as runner:
            found = runner.run(work())
        assert asyncio.current_task() is task
        await asyncio.sleep(0)  # the outer loop goes on
        return found

    return asyncio.run(outer())


def test_our_loop_runs_beside_one_that_waits() -> None:
    """It sleeps, makes tasks, and its executor is one thread with an empty context."""

    async def work() -> list[Any]:
        loop = asyncio.get_running_loop()
        await asyncio.gather(asyncio.sleep(0.001), asyncio.sleep(0.002))
        given = loop.run_in_executor(None, ident)
        return await asyncio.gather(given, asyncio.to_thread(ident))

    def ident() -> int:
        return threading.get_ident()

    first, second = in_a_loop(work)
    assert first == second != threading.get_ident()


def test_an_error_in_the_executor_is_raised_where_it_is_awaited() -> None:
    """And not where the function is given away."""

    async def work() -> None:
        given = asyncio.get_running_loop().run_in_executor(None, lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            await given

    in_a_loop(work)


def test_a_program_runs_on_our_loop_as_on_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is the same, inside a loop that runs already too."""
    expected = str(log(run(lost_parent()(), on=AsyncioLoop(context=True))))
    monkeypatch.setattr("sys.platform", "emscripten")

    async def outer() -> str:
        return str(log(run(lost_parent()(), on=AsyncioLoop(context=True))))

    assert asyncio.run(outer()) == expected
