"""The programs of `src/bin` once more, in spanlab: each function gives the `main` of one.

Read each beside the Rust file of its name; `formats.py` has the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from spanlab import JoinSet, in_current_span, info, info_span, instrument, spawn

Main = Callable[[], Coroutine[Any, Any, None]]


def nested() -> None:
    """0. Two spans, one inside the other."""
    with info_span("outer").enter():
        info("in outer")
        with info_span("inner").enter():
            info("in inner")


def lost_parent() -> Main:
    """1. Both messages of `sub_task` have the wrong parent."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        tasks = JoinSet()
        tasks.spawn(sub_task())
        while await tasks.join_next():
            pass

    @instrument
    def sub_task():
        info("making sub task")

        async def task():
            info("performing task")

        return task()

    return main


def block_bound_first() -> Main:
    """2. The future has a name before it is returned: now it is a plain function."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        tasks = JoinSet()
        tasks.spawn(sub_task())
        while await tasks.join_next():
            pass

    @instrument
    def sub_task():
        info("making sub task")

        async def task():
            info("performing task")

        fut = task()
        return fut  # noqa: RET504 (the name is the point)

    return main


def span_by_hand() -> Main:
    """3. The same parents as in 2, by hand instead of by the decorator."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        tasks = JoinSet()
        tasks.spawn(sub_task())
        while await tasks.join_next():
            pass

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    return main


def awaited() -> Main:
    """4. Awaited in place: the future is polled inside the polls of `work`."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        await sub_task()

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    return main


def spawned() -> Main:
    """5. Spawned without a `JoinSet`: the parent is lost just the same."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        await spawn(sub_task())

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    return main


def spawned_instrumented() -> Main:
    """6. The future carries a span of its own, and each poll enters it."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        await spawn(info_span("spawned sub_task").instrument(sub_task()))

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    return main


def future_first() -> Main:
    """7. The same as 6: the span is made in `work`, before the spawn."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        future = info_span("spawned sub_task").instrument(sub_task())
        await spawn(future)

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    return main


def joinset_instrumented() -> Main:
    """8. The same on a `JoinSet`."""

    async def main():
        info("in main")
        await work()

    @instrument
    async def work():
        info("starting work")
        tasks = JoinSet()
        future = info_span("spawned sub_task").instrument(sub_task())
        tasks.spawn(future)
        while await tasks.join_next():
            pass

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    return main


ARTICLE = (
    lost_parent, block_bound_first, span_by_hand, awaited,
    spawned, spawned_instrumented, future_first, joinset_instrumented,
)  # fmt: skip


def shapes() -> Main:
    """Fifteen ways to write a function, and what `@instrument` makes of each."""

    async def main():
        await show(async_fn)
        await show(async_block)
        await show(boxed_async_block)
        await show(boxed_inner_async_fn)
        await show(block_bound_first)
        await show(block_in_if, True)
        await show(block_in_match, True)
        await show(block_in_a_call)
        await show(block_instrumented)
        await show(block_in_current_span)
        await show(outside_async_fn)
        await show(closure)
        await show(spawned)
        await show(ready_future)
        await show(early_return, True)

    async def show(function, *args):
        future = info_span("caller").in_scope(lambda: function(*args))
        await info_span("poller").instrument(future)

    async def outside():
        info("outside: in the future")

    async def ready():
        pass

    def wrap(future):
        return future

    @instrument
    async def async_fn():
        info("async_fn: before any await")
        await outside()

    @instrument
    def async_block():
        info("async_block: at the call")

        async def task():
            info("async_block: in the future")

        return task()

    @instrument
    def boxed_async_block():
        info("boxed_async_block: at the call")

        async def task():
            info("boxed_async_block: in the future")

        return task()

    @instrument
    def boxed_inner_async_fn():
        async def task():
            info("boxed_inner_async_fn: in the future")

        info("boxed_inner_async_fn: at the call")
        return task()

    @instrument
    def block_bound_first():
        info("block_bound_first: at the call")

        async def task():
            info("block_bound_first: in the future")

        fut = task()
        return fut  # noqa: RET504

    @instrument
    def block_in_if(yes: bool):
        info("block_in_if: at the call")

        async def task():
            info("block_in_if: in the future")

        if yes:
            return task()
        else:  # noqa: RET505
            return ready()

    @instrument
    def block_in_match(yes: bool):
        info("block_in_match: at the call")

        async def task():
            info("block_in_match: in the future")

        match yes:
            case True:
                return task()
            case False:
                return ready()

    @instrument
    def block_in_a_call():
        info("block_in_a_call: at the call")

        async def task():
            info("block_in_a_call: in the future")

        return wrap(task())

    @instrument
    def block_instrumented():
        info("block_instrumented: at the call")

        async def task():
            info("block_instrumented: in the future")

        return info_span("by hand").instrument(task())

    @instrument
    def block_in_current_span():
        info("block_in_current_span: at the call")

        async def task():
            info("block_in_current_span: in the future")

        return in_current_span(task())

    @instrument
    def outside_async_fn():
        info("outside_async_fn: at the call")
        return outside()

    @instrument
    def closure():
        info("closure: at the call")

        async def task():
            info("closure: in the future")

        make = lambda: task()  # noqa: E731
        return make()

    @instrument
    def spawned():
        info("spawned: at the call")

        async def task():
            info("spawned: in the future")

        return spawn(task())

    @instrument
    def ready_future():
        info("ready_future: at the call")
        return ready()

    @instrument
    def early_return(early: bool):
        info("early_return: at the call")

        async def task():
            info("early_return: in the future")

        if early:
            return outside()
        return task()

    return main
