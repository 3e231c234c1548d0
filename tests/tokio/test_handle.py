"""Handles: other threads spawn on a runtime, block on a future, run one of their own."""

from __future__ import annotations

import time
from typing import Any

import pytest
from facts import RECORDED, fact, p, says

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Deadlock,
    Handle,
    NestedRuntime,
    NoRuntime,
    Notify,
    OsThreads,
    UsageError,
    VirtualThreads,
    block_in_place,
    info,
    info_span,
    oneshot,
    run,
    sleep,
    spawn,
    spawn_blocking,
    spawn_thread,
    yield_now,
)


async def say(*words: Any) -> None:
    for at, word in enumerate(words):
        if at:
            await yield_now()
        p(word)


@fact
async def thread_1() -> None:
    async def remote() -> None:
        spawn(say("remote"))
        await say("y0", "y1", "y2")
        await yield_now()

    handle = Handle.current()
    spawn(say("local0"))
    spawn_thread(lambda: handle.block_on(remote())).join()
    spawn(say("local1"))
    await yield_now()
    p("main")


@fact
async def thread_2() -> None:
    notify = Notify()

    async def waits() -> None:
        await notify.notified()
        p("woken")

    spawn(waits())
    await yield_now()
    spawn_thread(notify.notify_one).join()
    spawn(say("l0"))
    spawn(say("l1"))
    await yield_now()
    await say("main", "main2")


@pytest.mark.parametrize("name", [n for n in RECORDED if n.split("-")[0] == "thread"])
def test_what_the_real_ones_did(name: str) -> None:
    """The words come in the order in which the crates said them."""
    assert says(name) == RECORDED[name]


async def answer() -> int:
    await yield_now()
    return 42


@pytest.mark.parametrize("runtime", [CurrentThread, VirtualThreads, OsThreads, AsyncioLoop])
def test_a_blocking_task_may_block_on_a_future(runtime: Any) -> None:
    """A thread of the pool drives no runtime, and knows one."""

    async def main() -> Any:
        handle = Handle.current()
        thread = spawn_thread(lambda: handle.block_on(answer()))
        return await handle.spawn(answer()), thread.join()

    assert run(main(), on=runtime()).result == (42, 42)


@pytest.mark.parametrize("runtime", [OsThreads, AsyncioLoop])
def test_a_thread_of_the_pool_may_block_on_a_future(runtime: Any) -> None:
    """It knows a runtime, and drives none."""

    async def main() -> Any:
        handle = Handle.current()
        return await spawn_blocking(lambda: handle.block_on(answer()))

    assert run(main(), on=runtime()).result == 42


@pytest.mark.parametrize("runtime", [OsThreads, AsyncioLoop])
def test_who_blocks_for_ever_in_the_pool_is_named(
    runtime: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """And what it is in is left alone when the run ends: its thread is still there."""
    tx, rx = oneshot.channel()

    async def main() -> None:
        handle = Handle.current()
        await spawn_blocking(lambda: handle.block_on(rx))

    with pytest.raises(Deadlock, match="task 1 waits for the end of its poll"):
        run(main(), on=runtime())
    assert capfd.readouterr().err == ""
    tx.send(None)


def test_block_on_is_refused_where_a_runtime_is_driven() -> None:
    """Rust panics there: a thread that polls cannot wait."""

    async def main() -> None:
        Handle.current().block_on(answer())

    with pytest.raises(NestedRuntime, match="await main"):
        run(main(), on=CurrentThread())


def test_a_second_runtime_lives_beside_the_first() -> None:
    """It has a queue and a clock of its own, and logs into the same trace."""
    times = []

    async def inner() -> str:
        await sleep(5)
        info("inside")
        return "done"

    def work() -> str:
        runtime = CurrentThread()
        try:
            return str(runtime.block_on(inner()))
        finally:
            times.append(runtime.now())
            runtime.shutdown()

    async def main() -> Any:
        got = spawn_thread(work).join()
        await sleep(0.001)
        return got

    trace = run(main(), on=CurrentThread())
    assert trace.result == "done"
    assert times == [5_000_000_000]
    assert [event.message for event in trace.events] == ["inside"]


def test_a_runtime_can_be_entered_before_it_runs() -> None:
    """What is spawned on it waits for its `block_on`."""
    order = []

    async def task() -> None:
        order.append("task")

    def work() -> None:
        runtime = CurrentThread()
        with runtime.enter():
            spawn(task())
        handle = runtime.spawn(task())
        order.append("made")

        async def main() -> None:
            await handle

        runtime.block_on(main())
        runtime.shutdown_timeout(1)

    async def main() -> None:
        spawn_thread(work).join()

    run(main(), on=CurrentThread())
    assert order == ["made", "task", "task"]


def test_a_runtime_may_go_in_the_background_from_within_another() -> None:
    """Its tasks are dropped, and the task that did it goes on."""

    async def main() -> str:
        runtime = CurrentThread()
        handle = runtime.spawn(sleep(1))
        runtime.shutdown_background()
        assert handle.is_finished()
        await yield_now()
        return "on"

    assert run(main(), on=CurrentThread()).result == "on"


@pytest.mark.parametrize("runtime", [VirtualThreads, OsThreads])
def test_what_blocks_in_place_stays_in_its_span(runtime: Any) -> None:
    """It runs on the same thread, as work for the pool does not."""

    def blocks() -> int:
        info("in place")
        return 42

    async def work() -> Any:
        return block_in_place(blocks)

    async def main() -> Any:
        return await spawn(info_span("work").instrument(work()))

    trace = run(main(), on=runtime())
    assert trace.result == 42
    assert trace.scope(trace.events[0]) == ("work",)


def test_what_blocks_in_place_may_block_on_a_future() -> None:
    """The other workers go on meanwhile."""

    async def late() -> str:
        await sleep(0.01)
        return "late"

    async def work() -> Any:
        handle = Handle.current()
        return block_in_place(lambda: handle.block_on(late()))

    async def main() -> Any:
        return await spawn(work())

    assert run(main(), on=OsThreads(2)).result == "late"


def test_without_workers_nothing_blocks_in_place() -> None:
    """Rust panics there; here it says what to write."""

    async def main() -> None:
        block_in_place(lambda: None)

    with pytest.raises(UsageError, match="on=VirtualThreads"):
        run(main(), on=CurrentThread())


def test_the_end_does_not_wait_long_for_work_that_blocks() -> None:
    """`shutdown_timeout` says how long; the rest is stopped."""

    async def main() -> None:
        spawn_blocking(lambda: [time.sleep(0.01) for _ in range(1000)])
        await sleep(0.01)

    runtime = OsThreads(1)
    runtime.patience = 0.1
    begin = time.monotonic()
    run(main(), on=runtime)
    assert time.monotonic() - begin < 5


def test_a_handle_needs_a_runtime() -> None:
    """Outside there is none to give."""
    with pytest.raises(NoRuntime, match=r"Handle.current\(\)"):
        Handle.current()
