"""Programs of asyncio behave on `AsyncioLoop` as under `asyncio.run`, event for event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from test_faults import nothing_left

from spanlab import (
    AsyncioLoop,
    Deadlock,
    Future,
    JoinError,
    arun,
    info,
    info_span,
    instrument,
    join,
    recording,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    yield_now,
)
from spanlab.record import SpanEntered

# ---------------------------------------------------------------- what ends a wait, and what a run


async def times_out() -> int:
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(5)
    except TimeoutError:
        info("timed out")
    info("after")
    return 42


async def times_out_in_time() -> str:
    async with asyncio.timeout(5):
        await asyncio.sleep(0)
    return await asyncio.wait_for(asyncio.sleep(0.001, "slept"), 1)


async def waits_for() -> None:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    except TimeoutError:
        info("timed out")


async def times_out_twice() -> None:
    for patience in (0.03, 0.01):
        try:
            async with asyncio.timeout(patience), asyncio.timeout(0.02):
                await asyncio.sleep(5)
        except TimeoutError:
            info(f"timed out after {patience}")


async def is_cancelled() -> None:
    info("before")
    raise asyncio.CancelledError


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        await asyncio.sleep(0)
    finally:
        info("on the way out")


async def takes_a_cancel_back() -> int:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        info(f"cancelled, {task.cancelling()}")
        task.uncancel()
    await asyncio.sleep(0)
    return task.cancelling()


async def group_fails() -> None:
    async def bad() -> None:
        await asyncio.sleep(0.001)
        raise ValueError("boom")

    async def waits() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            info("cancelled")
            raise

    async with asyncio.TaskGroup() as group:
        group.create_task(waits())
        group.create_task(bad())
        await asyncio.sleep(5)
    info("never")


async def group_works() -> list[int]:
    async def square(n: int) -> int:
        await asyncio.sleep(0.02 * (5 - n))
        info(f"{n}")
        return n * n

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(square(n)) for n in range(4)]
    return [task.result() for task in tasks]


async def takes_turns() -> None:
    async def turn(name: str) -> None:
        for n in range(3):
            info(f"{name}{n}")
            await asyncio.sleep(0)

    other = asyncio.create_task(turn("a"))
    await turn("b")
    await asyncio.gather(turn("c"), turn("d"))
    await other


async def cancels_a_gather() -> None:
    async def waits(name: str) -> None:
        try:
            await asyncio.sleep(5)
        finally:
            info(f"{name} ends")

    try:
        async with asyncio.timeout(0.01):
            await asyncio.gather(waits("a"), waits("b"))
    except TimeoutError:
        info("timed out")


async def produces_and_consumes() -> list[int]:
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def produce() -> None:
        for n in range(4):
            await queue.put(n)
            info(f"put {n}")

    producer = asyncio.create_task(produce())
    got = []
    for _ in range(4):
        got.append(await queue.get())
        info(f"got {got[-1]}")
    await producer
    return got


async def meets() -> None:
    lock, event, condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()

    async def other() -> None:
        async with lock:
            info("locked")
            await asyncio.sleep(0)
        event.set()
        await asyncio.sleep(0.01)  # until the other one waits
        async with condition:
            condition.notify()

    task = asyncio.create_task(other())
    await event.wait()
    async with condition:
        info("wait")
        await condition.wait()
    await task


async def works_in_a_thread() -> int:
    future = asyncio.get_running_loop().run_in_executor(None, lambda: 1)
    return await asyncio.to_thread(lambda: 41) + await future


async def shields() -> None:
    inner = asyncio.create_task(asyncio.sleep(0.02, "done"))
    try:
        async with asyncio.timeout(0.001):
            await asyncio.shield(inner)
    except TimeoutError:
        info(f"timed out, {inner.cancelled()}")
    info(await inner)


async def leaves_a_task_behind() -> None:
    async def left() -> None:
        try:
            await asyncio.sleep(5)
        finally:
            info("cancelled at the end")

    task = asyncio.create_task(left())
    await asyncio.sleep(0)
    info(task.get_name()[:5])


PROGRAMS = [
    times_out, times_out_in_time, times_out_twice, waits_for, is_cancelled, cancels_itself,
    takes_a_cancel_back, group_fails, group_works, takes_turns, cancels_a_gather,
    produces_and_consumes, meets, works_in_a_thread, shields, leaves_a_task_behind,
]  # fmt: skip


def outcome(work: Callable[[], Any]) -> Any:
    """Give what a program gave, or what it raised."""
    try:
        return work()
    except BaseException as error:
        return repr(error)


def on_asyncio(program: Callable[[], Any]) -> tuple[Any, list[str]]:
    with recording() as trace:
        got = outcome(lambda: asyncio.run(program()))
    return got, [event.message for event in trace.events]


def on_ours(work: Callable[[], Any]) -> tuple[Any, list[str]]:
    try:
        trace = work()
        return trace.result, [event.message for event in trace.events]
    except BaseException as error:
        return repr(error), [event.message for event in error.trace.events]  # type: ignore[attr-defined]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_asyncio_does_the_same(program: Callable[[], Any]) -> None:
    """What it gives or raises, and every event in its order."""
    with nothing_left():
        assert on_ours(lambda: run(program(), on=AsyncioLoop())) == on_asyncio(program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_does_so_within_a_span(program: Callable[[], Any]) -> None:
    """An error that asyncio throws goes through an instrumented future to where it waits."""

    @instrument
    async def main() -> Any:
        return await program()

    with nothing_left():
        assert on_ours(lambda: run(main(), on=AsyncioLoop())) == on_asyncio(program)


@pytest.mark.parametrize("program", set(PROGRAMS) - {leaves_a_task_behind, is_cancelled})
def test_it_does_so_in_a_running_loop(program: Callable[[], Any]) -> None:
    """The tasks that it makes beside the run are recorded too."""

    async def main() -> Any:
        return await arun(program())

    with nothing_left():
        assert on_ours(lambda: asyncio.run(main())) == on_asyncio(program)


def test_a_task_is_cancelled_as_one_of_asyncio() -> None:
    """Its own cancel ends a task, and whoever joins it hears that it was cancelled."""

    async def main() -> bool:
        try:
            await spawn(cancels_itself())
        except JoinError as error:
            return error.is_cancelled()
        return False

    assert run(main(), on=AsyncioLoop()).result


def test_a_timeout_of_asyncio_ends_a_sleep_of_ours() -> None:
    """Also where the sleep stands within a span, or in a task."""

    async def slow() -> None:
        with info_span("slow").enter():
            pass
        await info_span("inner").instrument(sleep(5))

    async def main() -> str:
        try:
            async with asyncio.timeout(0.01):
                await slow()
        except TimeoutError:
            return "timed out"
        return "slept"

    async def joins() -> str:
        return await spawn(main())

    start = time.monotonic()
    for program in (main, joins):
        with nothing_left():
            trace = run(program(), on=AsyncioLoop())
        assert trace.result == "timed out"
        entered = [record for record in trace.of(SpanEntered) if record.span == 1]
        assert [record.future is not None for record in entered] == [True, True]  # poll, error
    assert time.monotonic() - start < 5


async def slept() -> str:
    with info_span("slept").enter():
        await sleep(0.001)
        await yield_now()
        info("awake")
    return "slept"


async def joined() -> str:
    value = await spawn(slept())
    info("joined")
    return str(value)


async def blocked() -> str:
    return await spawn_blocking(lambda: time.sleep(0.001) or "slept")


async def in_a_group(work: Callable[[], Any]) -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()), group.create_task(work())]
    return [task.result() for task in tasks]


async def gathered(work: Callable[[], Any]) -> list[str]:
    return await asyncio.gather(work(), work())


async def in_time(work: Callable[[], Any]) -> list[str]:
    tasks = [asyncio.create_task(work()), asyncio.create_task(work())]
    return [await asyncio.wait_for(task, 5) for task in tasks]


async def of_a_handle(work: Callable[[], Any]) -> list[str]:
    return await asyncio.gather(spawn(work()), spawn(work()))


@pytest.mark.parametrize("program", [in_a_group, gathered, in_time, of_a_handle])
@pytest.mark.parametrize("work", [slept, joined, blocked])
def test_a_task_of_asyncio_may_await_what_is_ours(
    work: Callable[[], Any], program: Callable[[Any], Any]
) -> None:
    """It is woken as a task of ours is; on a loop that runs already as well."""

    async def beside() -> Any:
        return await arun(program(work))

    for start in (lambda: run(program(work), on=AsyncioLoop()), lambda: asyncio.run(beside())):
        with nothing_left():
            trace = start()
        assert trace.result == ["slept", "slept"]
        assert len([event for event in trace.events if event.message == "awake"]) in (0, 2)


def test_a_task_of_asyncio_is_cancelled_while_it_awaits_what_is_ours() -> None:
    """The error is raised where it waits, and the group ends."""

    async def long() -> None:
        try:
            await sleep(5)
        finally:
            info("cancelled")

    async def fails() -> None:
        await sleep(0.001)
        raise ValueError("boom")

    async def main() -> str:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(long())
                group.create_task(fails())
        except ExceptionGroup as failed:
            return str(failed.exceptions[0])
        return "never"

    with nothing_left():
        trace = run(main(), on=AsyncioLoop())
    assert trace.result == "boom"
    assert [event.message for event in trace.events] == ["cancelled"]


# ---------------------------------------------------------------- branches, and futures within


class Timed(Future[Any]):
    """Polls another future, as a future of the reader's own does, and counts the polls."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.polls = inner, 0

    def poll(self) -> Any:
        self.polls += 1
        try:
            return self.inner.send(None)
        except StopIteration as ready:
            return ready.value


def waits() -> dict[str, Callable[[], Any]]:
    """Give what asyncio has to wait for, each of which ends after about 10 ms."""

    def soon(function: Callable[..., Any], *args: Any) -> None:
        asyncio.get_running_loop().call_later(0.01, function, *args)

    async def event() -> None:
        event = asyncio.Event()
        soon(event.set)
        await event.wait()

    async def lock() -> None:
        lock = asyncio.Lock()
        await lock.acquire()
        soon(lock.release)
        await lock.acquire()

    async def queue() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        soon(queue.put_nowait, 1)
        await queue.get()

    async def future() -> None:
        future = asyncio.get_running_loop().create_future()
        soon(future.set_result, None)
        await future

    async def twice() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)

    return {
        "sleep": lambda: asyncio.sleep(0.01), "event": event, "lock": lock, "queue": queue,
        "future": future, "twice": twice, "to_thread": lambda: asyncio.to_thread(time.sleep, 0.01),
        "gather": lambda: asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0)),
    }  # fmt: skip


async def awaited(make: Callable[[], Any]) -> None:
    await make()


WITHIN: dict[str, Callable[[Any], Any]] = {
    "join": lambda wait: join(wait, sleep(0)),
    "join twice": lambda wait: join(wait, asyncio.sleep(0.001)),
    "select": lambda wait: select(wait, sleep(5)),
    "in a span": lambda wait: join(info_span("work").instrument(wait), sleep(0.001)),
    "a reader's own": Timed,
    "in each other": lambda wait: join(Timed(wait), Timed(asyncio.sleep(0))),
}


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("wait", waits())
def test_a_branch_may_await_what_is_asyncio_s(wait: str, within: str) -> None:
    """It goes on when that has come: not at once, and not at the next tick of a watch."""

    async def main() -> float:
        start = time.perf_counter()
        await WITHIN[within](awaited(waits()[wait]))
        return time.perf_counter() - start

    with nothing_left():
        assert run(main(), on=AsyncioLoop()).result >= 0.009


ENDLESS: dict[str, Callable[[], Any]] = {
    "asyncio's sleep": lambda: asyncio.sleep(5),
    "ours": lambda: sleep(5),
    "an event": lambda: asyncio.Event().wait(),
    "a group": lambda: in_a_group(lambda: asyncio.sleep(5)),
    "a join": lambda: join(sleep(5), asyncio.sleep(5)),
    "a span": lambda: info_span("work").instrument(asyncio.sleep(5)),
}


@pytest.mark.parametrize("waits", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("other", [lambda: asyncio.sleep(0.03, "slept"), slept])
def test_a_timeout_ends_its_own_branch_alone(
    other: Callable[[], Any], waits: Callable[[], Any]
) -> None:
    """As under `gather`, where each has a task of its own; whatever it waits for."""

    async def times_out() -> str:
        try:
            async with asyncio.timeout(0.01):
                await waits()
        except TimeoutError:
            return "timed out"
        return "never"

    async def main() -> Any:
        both = await join(times_out(), other())
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0.001)
        return both, await select(times_out(), asyncio.sleep(5))

    start = time.monotonic()
    with nothing_left():
        trace = run(main(), on=AsyncioLoop())
    assert trace.result == (("timed out", "slept"), (0, "timed out"))
    assert time.monotonic() - start < 4


def test_a_timeout_around_a_join_ends_all_its_branches() -> None:
    """Those that wait for asyncio, for us, or for a timeout of their own."""
    ended: list[str] = []

    async def branch(name: str, wait: Any) -> None:
        try:
            async with asyncio.timeout(5):
                await wait
        except asyncio.CancelledError:
            ended.append(name)
            raise

    async def main() -> str:
        try:
            async with asyncio.timeout(0.01):
                await join(branch("a", asyncio.sleep(5)), branch("b", sleep(5)))
        except TimeoutError:
            return "timed out"
        return "never"

    with nothing_left():
        assert run(main(), on=AsyncioLoop()).result == "timed out"
    assert "a" in ended


def test_a_stuck_wait_of_asyncio_is_named() -> None:
    """Where nothing is left that could wake it: no timer, no socket and no thread of the run."""

    async def waits_in_vain() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        await spawn(waits_in_vain())

    with nothing_left(), pytest.raises(Deadlock, match=r"task 1 .*waits for a future of asyncio"):
        run(main(), on=AsyncioLoop())


def test_a_thread_that_works_for_asyncio_is_waited_for() -> None:
    """Longer than a stuck program is looked at, and no Deadlock is told."""

    async def main() -> str:
        await asyncio.to_thread(time.sleep, 0.6)
        return await asyncio.sleep(0.6, "slept")

    assert run(main(), on=AsyncioLoop()).result == "slept"
