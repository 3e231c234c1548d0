"""What is dropped is dropped at once, on every Python: arguments, and what an error went through.

Since Python 3.12 a coroutine that never began keeps its arguments when it is closed, and a frame
that an error went through knows all who waited for it: held by a cycle, all of them stay.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from spanlab import (
    CurrentThread,
    FutureReused,
    FuturesUnordered,
    Handle,
    JoinError,
    JoinSet,
    LocalSet,
    VirtualThreads,
    catch_unwind,
    info,
    info_span,
    instrument,
    join,
    join_all,
    panic,
    run,
    select,
    set_panic_hook,
    sleep,
    spawn,
    spawn_local,
    spawn_thread,
    timeout,
    try_join,
    try_join_all,
    yield_now,
)

MANY = 40  # of so many branches each is polled only when it was woken


class Failed(Exception):
    pass


class Logs:
    def __del__(self) -> None:
        info("dropped")


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.disable()
    set_panic_hook(lambda panic: None)
    yield
    gc.enable()


def said(work: Callable[[], Awaitable[Any]], runtime: Any) -> list[str]:
    async def main() -> None:
        await work()
        info("after")

    return [event.message for event in run(main(), on=runtime).events]


# ---------------------------------------------------------------- errors


async def ok() -> None:
    await yield_now()


async def fail() -> None:
    await yield_now()
    raise Failed


def fail_here() -> None:
    raise Failed


def second_runtime() -> None:
    runtime = CurrentThread()
    try:
        runtime.block_on(fail())
    finally:
        runtime.shutdown()


async def joined() -> None:
    tasks = JoinSet()
    tasks.spawn(fail())
    done = await tasks.join_next()
    assert done is not None
    done.value  # noqa: B018  # it raises


async def in_thread(work: Callable[[], None]) -> None:
    thread = spawn_thread(work)
    thread.join()


async def on_this_runtime() -> None:
    handle = Handle.current()
    await in_thread(lambda: handle.block_on(fail()))


async def caught() -> None:
    caught = await catch_unwind(panicked())
    assert caught.error
    raise Failed


async def panicked() -> None:
    await yield_now()
    panic("on purpose")


async def nobody_joins() -> None:
    async def work() -> None:
        handle = spawn_local(fail())
        await sleep(0.001)
        assert handle.is_finished()
        raise Failed

    await LocalSet().run_until(work())


async def ended_first() -> None:
    async for _ in FuturesUnordered([fail(), ok()]):
        pass


@instrument(err=True)
async def told() -> None:
    await fail()


@pytest.mark.parametrize("runtime", [CurrentThread(), VirtualThreads()], ids=repr)
@pytest.mark.parametrize(
    "work",
    [
        lambda: join(fail(), ok()),
        lambda: try_join(fail(), ok()),
        lambda: join_all([fail(), ok()]),
        lambda: try_join_all([fail(), ok()]),
        lambda: join_all([fail(), *(ok() for _ in range(MANY))]),
        lambda: try_join_all([*(ok() for _ in range(MANY)), fail()]),
        lambda: select(fail(), sleep(1)),
        lambda: timeout(1, fail()),
        lambda: spawn(fail()),
        lambda: info_span("a").instrument(fail()),
        lambda: in_thread(fail_here),
        lambda: in_thread(second_runtime),
        joined, on_this_runtime, caught, nobody_joins, ended_first, told,
    ],
)  # fmt: skip
def test_an_error_that_was_caught_holds_nothing(work: Any, runtime: Any) -> None:
    async def holds() -> None:
        kept = Logs()  # noqa: F841
        await work()

    async def catches() -> None:
        with pytest.raises((Failed, JoinError)):
            await holds()

    said_all = said(catches, runtime)
    assert said_all[-2:] == ["dropped", "after"]


def test_a_thread_that_panicked_is_joined_once() -> None:
    """The handle would keep the error, and with it who joined."""

    async def main() -> None:
        thread = spawn_thread(fail_here)
        with pytest.raises(Failed):
            thread.join()
        thread.join()

    with pytest.raises(FutureReused, match="joined once"):
        run(main())


# ---------------------------------------------------------------- what never began


async def takes(kept: Logs) -> None:
    await sleep(1)


async def aborted(future: Any) -> None:
    task = spawn(future)
    task.abort()
    with pytest.raises(JoinError):
        await task


async def of_a_set(future: Any) -> None:
    JoinSet().spawn(future)
    await yield_now()


@pytest.mark.parametrize(
    "drops",
    [
        aborted, of_a_set,
        lambda future: select(ok_at_once(), future, biased=True),
        lambda future: select(ok_at_once(), info_span("a").instrument(future), biased=True),
        lambda future: select(ok_at_once(), timeout(1, future), biased=True),
        lambda future: select(ok_at_once(), catch_unwind(future), biased=True),
    ],
)  # fmt: skip
def test_a_future_that_never_began_drops_its_arguments(drops: Any) -> None:
    """Though a name stands for it still: in Rust that was moved."""

    async def work() -> None:
        future = takes(Logs())
        await drops(future)
        info("named")
        del future

    assert said(work, CurrentThread()) == ["dropped", "named", "after"]


async def ok_at_once() -> None:
    pass
