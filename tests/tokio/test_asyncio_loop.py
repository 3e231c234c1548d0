"""The same programs on Python's own loop: in a script, beside each other, and in a live kernel."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel
from soak import often
from test_conformance import events, load
from test_faults import nothing_left

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    ForeignAwaitable,
    Future,
    Pending,
    arun,
    info,
    info_span,
    run,
    sleep,
    spawn,
    spawn_blocking,
    threads,
    yield_now,
)

from driver import records, run_program  # isort: skip

# ---------------------------------------------------------------- the real crates


def test_messages_and_scopes_agree() -> None:
    """Whatever runs the tasks, what is logged under which spans is the same."""
    programs = load("multi_thread")
    assert len(programs) == 297
    for _ in range(often(1, 10)):
        for program, wanted in programs:
            trace = run_program(program, AsyncioLoop())
            assert events(records(trace)) == events(wanted), program["id"]


# ---------------------------------------------------------------- the two worlds


async def child() -> None:
    info("child")


async def spawns_in_a_span() -> None:
    with info_span("work").enter():
        handle = spawn(child())
    await handle


async def holds_a_guard() -> None:
    async def guilty() -> None:
        with info_span("guilty").enter():
            await yield_now()

    handles = [spawn(guilty()), spawn(child())]
    for handle in handles:
        await handle


@pytest.mark.parametrize(
    ("main", "on_the_thread", "in_the_context"),
    [(spawns_in_a_span, (), ("work",)), (holds_a_guard, ("guilty",), ())],
)
def test_a_stack_is_the_thread_s_and_a_context_the_task_s(
    main: Callable[[], Any], on_the_thread: tuple[str, ...], in_the_context: tuple[str, ...]
) -> None:
    """As in Rust by default; with `context=True` as in Python, where a task gets a copy."""
    rust, python = run(main(), on=AsyncioLoop()), run(main(), on=AsyncioLoop(context=True))
    assert [rust.scope(event) for event in rust.events] == [on_the_thread]
    assert [python.scope(event) for event in python.events] == [in_the_context]
    assert run(main(), on=CurrentThread()).scope(rust.events[0]) == on_the_thread


def test_a_guard_held_in_a_context_comes_back_with_its_task() -> None:
    """Each task finds its own spans again after the await, and nobody else's."""

    async def task(name: str) -> None:
        with info_span(name).enter():
            await yield_now()
            info(name)
        info(f"after {name}")

    async def main() -> None:
        handles = [spawn(task("a")), spawn(task("b"))]
        for handle in handles:
            await handle

    trace = run(main(), on=AsyncioLoop(context=True))
    assert {event.message: trace.scope(event) for event in trace.events} == {
        "a": ("a",), "b": ("b",), "after a": (), "after b": (),
    }  # fmt: skip


# ---------------------------------------------------------------- what asyncio has


def test_a_future_of_asyncio_can_be_awaited() -> None:
    """Its own loop wakes it, so it may appear in a task."""

    async def main() -> tuple[str, int, None]:
        return await asyncio.to_thread(lambda: "thread"), await later(), await asyncio.sleep(0)

    async def later() -> int:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, future.set_result, 42)
        return await future

    with nothing_left():
        assert run(main(), on=AsyncioLoop()).result == ("thread", 42, None)
    with pytest.raises(ForeignAwaitable):
        run(later_than_ever(), on=CurrentThread())


async def later_than_ever() -> None:
    class Foreign:
        def __await__(self) -> Iterator[object]:
            yield object()

    await Foreign()


def test_a_task_that_wakes_itself_lets_the_others_run() -> None:
    """It goes to the back, as in tokio."""
    told: list[bool] = []

    class Spins(Future[None]):
        def poll(self) -> Pending | None:
            threads.local.thread.waker.wake()
            return None if told else Pending("itself")

    async def tell() -> None:
        told.append(True)

    async def spins() -> None:
        await Spins()

    async def main() -> None:
        handles = [spawn(spins()), spawn(tell())]
        for handle in handles:
            await handle

    run(main(), on=AsyncioLoop(), polls=1_000)


def test_sleepers_wake_in_the_order_of_their_deadlines() -> None:
    """In real time, which passes for all of them at once."""
    woken: list[int] = []

    async def sleeper(ms: int) -> None:
        await sleep(ms / 1000)
        woken.append(ms)

    async def main() -> None:
        handles = [spawn(sleeper(ms)) for ms in (30, 5, 20, 10)]
        for handle in handles:
            await handle

    trace = run(main(), on=AsyncioLoop())
    assert woken == [5, 10, 20, 30]
    assert trace.records[-1].time >= 30_000_000


# ---------------------------------------------------------------- inside a running loop


def test_arun_runs_beside_others_and_leaves_nothing() -> None:
    """Each has a thread, a stack and a trace of its own."""

    async def named(name: str) -> str:
        with info_span(name).enter():
            await sleep(0.002)
            await spawn(child())
            await spawn_blocking(lambda: info("blocked"))
            info(name)
        return name

    async def both() -> Any:
        return await asyncio.gather(arun(named("a")), arun(named("b")))

    with nothing_left():
        traces = asyncio.run(both())
    for trace, name in zip(traces, "ab", strict=True):
        assert trace.result == name
        assert {event.message: trace.scope(event) for event in trace.events} == {
            "child": (name,), "blocked": (), name: (name,),
        }  # fmt: skip


def test_arun_that_is_cancelled_drops_its_tasks() -> None:
    """Cancelling the asyncio task that awaits it is the interrupt of a notebook."""
    dropped: list[bool] = []

    async def forever() -> None:
        try:
            await sleep(1_000)
        finally:
            dropped.append(True)

    async def main() -> None:
        await spawn(forever())

    async def cancelled() -> list[Any]:
        task = asyncio.create_task(arun(main()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    with nothing_left():
        assert asyncio.run(cancelled()) == []
    assert dropped == [True]


# ---------------------------------------------------------------- a live kernel

FIRST = """
import threading, time
from spanlab import *

async def task(name):
    with info_span(name).enter():
        info(name)
    await sleep(0.001)
    return name

async def main():
    handles = [spawn(info_span("work").instrument(task(name))) for name in "abc"]
    return [await handle for handle in handles]

async def forever():
    spawn(task("x"))
    await sleep(1_000)
"""
CELLS = [
    FIRST,
    "run(main(), on=AsyncioLoop()).result",
    "(await arun(main())).result",
    "run(main(), on=OsThreads(2)).result",
    "run(main(), on=AsyncioLoop()).result",
    "run(main()).result",
    "(await arun(main(), on=AsyncioLoop(context=True))).result",
    "run(main(), on=AsyncioLoop(context=True)).result",
]
RESULT = "['a', 'b', 'c']"
SECONDS = 60


@pytest.fixture(scope="module")
def kernel() -> Iterator[Any]:
    """A kernel as JupyterLab starts it, in a process of its own."""
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=SECONDS)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def shown(client: Any, ids: list[str], on_start: Callable[[], None] | None = None) -> list[str]:
    """Wait until all cells have ended, and give what each showed last, or its error's name."""
    found, left = dict.fromkeys(ids, ""), set(ids)
    until = time.monotonic() + SECONDS
    while left:
        try:
            message = client.get_iopub_msg(timeout=max(0.1, until - time.monotonic()))
        except Empty:
            pytest.fail(f"{len(left)} of {len(ids)} cells hang")
        cell, content = message["parent_header"].get("msg_id"), message["content"]
        if cell not in found:
            continue
        match message["msg_type"]:
            case "execute_result":
                found[cell] = content["data"]["text/plain"]
            case "stream":
                found[cell] += content["text"]
                if on_start is not None:
                    on_start()
            case "error":
                found[cell] = content["ename"]
            case "status" if content["execution_state"] == "idle":
                left.discard(cell)
    return [found[cell] for cell in ids]


def test_all_cells_queued_at_once_run_through(kernel: Any) -> None:
    """What "Run All" does, which is the only thing that sees a loop that hangs; then all again."""
    _, client = kernel
    for _ in range(3):
        ids = [client.execute(cell) for cell in CELLS]  # none waits for the one before
        assert shown(client, ids) == ["", *[RESULT] * (len(CELLS) - 1)]


@pytest.mark.parametrize(
    "cell",
    [
        "run(forever(), on=AsyncioLoop())",
        "await arun(forever())",
        "run(forever(), on=OsThreads(2))",
    ],
)
def test_an_interrupted_cell_leaves_the_next_one_clean(kernel: Any, cell: str) -> None:
    """The stop button in the middle of a run: no thread, no task and no record is left."""
    manager, client = kernel
    before = client.execute(f"{FIRST}\nbefore = threading.active_count()")
    interrupted = client.execute(f"print('go', flush=True)\n{cell}")

    def interrupt() -> None:
        time.sleep(0.2)  # the cell has printed, and is in its run by now
        manager.interrupt_kernel()

    first, last = shown(client, [before, interrupted], on_start=interrupt)
    assert (first, last) in [("", "KeyboardInterrupt"), ("", "CancelledError")]
    after = client.execute("(threading.active_count() - before, run(main()).result)")
    again = client.execute("run(main(), on=AsyncioLoop()).result")
    assert shown(client, [after, again]) == [f"(0, {RESULT})", RESULT]


def test_an_interrupt_of_a_script_ends_the_loop() -> None:
    """Without a notebook the run makes a loop of its own, and closes it."""

    async def main() -> None:
        spawn_blocking(lambda: os.kill(os.getpid(), signal.SIGINT))
        await sleep(1_000)

    with nothing_left(), pytest.raises(KeyboardInterrupt):
        run(main(), on=AsyncioLoop())
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


@pytest.mark.parametrize("context", [False, True])
def test_a_copied_context_takes_no_thread_along(context: bool) -> None:
    """`to_thread` and `Thread(target=copy_context().run)` run elsewhere; a stack stays at home."""

    def line(way: str) -> None:
        info(way)

    async def main() -> None:
        with info_span("work").enter():
            await asyncio.to_thread(line, "to_thread")
            thread = threading.Thread(target=copy_context().run, args=(line, "thread"))
            thread.start()
            thread.join()

    trace = run(main(), on=AsyncioLoop(context=context))
    assert len({1, *(event.thread for event in trace.events)}) == 3
    wanted = ("work",) if context else ()
    assert [trace.scope(event) for event in trace.events] == [wanted, wanted]
