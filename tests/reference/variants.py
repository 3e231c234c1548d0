"""The programs of `src/bin` that vary the article's, in spanlab; each function gives a `main`.

Most differ in one statement of `work`, so they share what stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from spanlab import (
    JoinError,
    JoinSet,
    Span,
    debug_span,
    error,
    in_current_span,
    info,
    info_span,
    instrument,
    pending,
    set_panic_hook,
    spawn,
    spawn_blocking,
    spawn_thread,
    yield_now,
)

Main = Coroutine[Any, Any, None]


def working(body: Callable[[], Coroutine[Any, Any, Any]]) -> Main:
    """Give a `main` whose `work` does what `body` does."""

    @instrument
    async def work():
        info("starting work")
        return await body()

    async def main():
        info("in main")
        await work()

    return main()


def sub_task():
    with info_span("sub_task").entered():
        info("making sub task")

        async def task():
            info("performing task")

        return task()


@instrument(name="sub_task")
async def async_sub_task():
    info("making sub task")
    info("performing task")


@instrument(name="sub_task")
def attributed_sub_task():
    info("making sub task")

    async def task():
        info("performing task")

    return task()


def one_thread() -> Main:
    async def body():
        tasks = JoinSet()
        tasks.spawn(attributed_sub_task())
        while await tasks.join_next():
            pass

    return working(body)


async def returned() -> None:
    @instrument
    async def work():
        info("starting work")
        return sub_task()

    info("in main")
    future = await work()
    await future


def in_current() -> Main:
    async def body():
        await spawn(in_current_span(sub_task()))

    return working(body)


def async_fn() -> Main:
    async def body():
        await spawn(async_sub_task())

    return working(body)


def async_fn_in_current_span() -> Main:
    async def body():
        await spawn(in_current_span(async_sub_task()))

    return working(body)


def disabled_span() -> Main:
    async def body():
        span = debug_span("spawned sub_task")
        await spawn(span.instrument(sub_task()))

    return working(body)


def or_current() -> Main:
    async def body():
        span = debug_span("spawned sub_task").or_current()
        await spawn(span.instrument(sub_task()))

    return working(body)


def captured_inside() -> Main:
    async def body():
        async def task():
            await in_current_span(sub_task())

        await spawn(task())

    return working(body)


def instrumented_handle() -> Main:
    async def body():
        span = info_span("spawned sub_task")
        await span.instrument(spawn(sub_task()))

    return working(body)


def many_tasks() -> Main:
    async def body():
        tasks = JoinSet()
        for n in range(3):
            future = sub_task()
            tasks.spawn(info_span("spawned sub_task", n=n).instrument(future))
        while await tasks.join_next():
            pass

    return working(body)


async def innocent() -> None:
    info("innocent")


async def guilty() -> None:
    with info_span("guilty").enter():
        info("before")
        await yield_now()
        info("after")


async def guilty_in_block() -> None:
    span = info_span("guilty")
    with span.enter():
        info("before")
    await yield_now()
    span.in_scope(lambda: info("after"))


async def plain_guilty() -> None:
    info("before")
    await yield_now()
    info("after")


async def both(future: Any) -> None:
    tasks = [spawn(future), spawn(innocent())]
    for task in tasks:
        await task


def guilty_guard() -> Main:
    return both(guilty())


def guard_in_block() -> Main:
    return both(guilty_in_block())


async def guard_instrumented() -> None:
    await both(info_span("guilty").instrument(plain_guilty()))


def blocking() -> Main:
    async def body():
        await spawn_blocking(lambda: info("performing task"))

    return working(body)


def blocking_carried() -> Main:
    async def body():
        span = Span.current()
        await spawn_blocking(lambda: span.in_scope(lambda: info("performing task")))

    return working(body)


def own_thread() -> Main:
    async def body():
        spawn_thread(lambda: info("performing task")).join()

    return working(body)


def own_thread_carried() -> Main:
    async def body():
        span = Span.current()
        spawn_thread(lambda: span.in_scope(lambda: info("performing task"))).join()

    return working(body)


class Held:
    def __init__(self, name: str) -> None:
        self.name = name

    def __del__(self) -> None:
        info(f"{self.name} is dropped")


async def panic_hook() -> None:
    """A panic hook logs: it is called in the span of the task that panics."""

    async def work(name: str) -> None:
        held = Held(name)  # noqa: F841
        info(f"{name} begins")
        await yield_now()
        raise RuntimeError("on purpose")

    @instrument
    async def attributed() -> None:
        held = Held("attributed")  # noqa: F841
        raise RuntimeError("on purpose")

    async def waits() -> None:
        held = Held("waits")  # noqa: F841
        await pending()

    async def fails(handle: Any) -> str:
        try:
            await handle
        except JoinError:
            return "true"
        return "false"

    set_panic_hook(lambda panic: error("a task has died"))
    info(f"joined: {await fails(spawn(info_span('joined').instrument(work('joined'))))}")
    spawn(work("alone"))
    await yield_now()
    tasks = JoinSet()
    tasks.spawn(attributed())
    while result := await tasks.join_next():
        info(f"in a set: {str(result.error is not None).lower()}")
    aborted = spawn(info_span("aborted").instrument(waits()))
    await yield_now()
    aborted.abort()
    info(f"aborted: {await fails(aborted)}")


ON_ONE_THREAD = {
    "one_thread": one_thread, "guilty_guard": guilty_guard, "guard_in_block": guard_in_block,
    "guard_instrumented": guard_instrumented, "panic_hook": panic_hook,
}  # fmt: skip
ON_MANY_THREADS = {
    "returned": returned, "in_current_span": in_current, "async_fn": async_fn,
    "async_fn_in_current_span": async_fn_in_current_span, "disabled_span": disabled_span,
    "or_current": or_current, "captured_inside": captured_inside,
    "instrumented_handle": instrumented_handle, "many_tasks": many_tasks, "blocking": blocking,
    "blocking_carried": blocking_carried, "own_thread": own_thread,
    "own_thread_carried": own_thread_carried,
}  # fmt: skip
