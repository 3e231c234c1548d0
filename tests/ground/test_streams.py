"""Streams: async generators that give one item after the other, and wait in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Elapsed,
    FutureReused,
    OsThreads,
    UsageError,
    VirtualThreads,
    arun,
    buffer_unordered,
    info,
    info_span,
    interval,
    run,
    select,
    sleep,
    spawn,
    stream,
    timeout,
)

RUNTIMES = [CurrentThread, VirtualThreads, OsThreads, AsyncioLoop]


class Gone:
    """Logs when it is dropped."""

    def __del__(self) -> None:
        info("gone")


async def slowly(count: int) -> Any:
    _gone = Gone()
    for n in range(count):
        await sleep(0.01)
        yield n


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("make", [slowly, lambda count: stream(slowly(count))])
def test_the_locals_of_a_dropped_stream_go_at_once(runtime: Any, make: Any) -> None:
    """In Rust its drop is theirs; asyncio would come to them in a later round."""
    if runtime is AsyncioLoop and make is slowly:  # its generators are asyncio's
        return

    async def main() -> None:
        items = make(3)
        assert await anext(items) == 0
        info("before")
        del items
        info("after")

    trace = run(main(), on=runtime())
    assert [event.message for event in trace.events] == ["before", "gone", "after"]


def test_a_generator_inside_a_loop_of_asyncio_is_dropped_at_once() -> None:
    """A notebook has such a loop, with hooks of its own for generators."""

    async def program() -> None:
        items = slowly(3)
        await anext(items)
        info("before")
        del items
        info("after")

    async def notebook() -> Any:
        return run(program(), on=CurrentThread())

    trace = asyncio.run(notebook())
    assert [event.message for event in trace.events] == ["before", "gone", "after"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_stream_goes_on_after_a_next_was_dropped(runtime: Any) -> None:
    """A `select` that it loses leaves it where it stands."""

    async def main() -> list[Any]:
        items, ticks, got = stream(slowly(3)), interval(0.004), []
        while len(got) < 4:
            index, item = await select(anext(items, None), ticks.tick(), biased=True)
            if index == 0:
                got.append(item)
        return got

    assert run(main(), on=runtime()).result == [0, 1, 2, None]


async def one(items: Any) -> None:
    await anext(items)


async def each(items: Any) -> None:
    async for _ in items:
        pass


@pytest.mark.parametrize("again", [one, each])
def test_a_generator_that_was_left_says_what_to_write(again: Any) -> None:
    """Python cannot ask it again."""

    async def main() -> None:
        items = slowly(3)
        with pytest.raises(Elapsed):
            await timeout(0.001, anext(items))
        await again(items)

    with pytest.raises(FutureReused, match=r"write: items = stream\(items\)"):
        run(main(), on=CurrentThread())


def test_a_stream_is_made_of_a_generator() -> None:
    """Or of the function that gives one; of nothing else."""
    with pytest.raises(UsageError, match="needs an async generator"):
        stream([1, 2, 3])

    @stream
    async def numbers(count: int) -> Any:
        for n in range(count):
            yield n

    async def main() -> list[int]:
        return [n async for n in numbers(3)]

    assert numbers.__name__ == "numbers"
    assert run(main(), on=CurrentThread()).result == [0, 1, 2]


def test_a_stream_can_be_closed() -> None:
    """It gives nothing after that."""

    async def main() -> Any:
        items = stream(slowly(3))
        await anext(items)
        await items.aclose()
        return await anext(items, "closed")

    assert run(main(), on=CurrentThread()).result == "closed"


def test_a_stream_of_futures_is_buffered() -> None:
    """They are taken as there is room."""

    async def work(n: int) -> int:
        await sleep((3 - n) / 1000)
        return n

    async def futures() -> Any:
        async for n in stream(slowly(3)):
            yield work(n)

    async def main() -> list[int]:
        return [n async for n in buffer_unordered(futures(), 2)]

    assert sorted(run(main(), on=CurrentThread()).result) == [0, 1, 2]


def test_a_stream_may_be_read_in_a_task_of_its_own() -> None:
    """In a loop of asyncio too."""

    async def read(items: Any) -> list[int]:
        return [n async for n in info_span("read").instrument(items)]

    async def main() -> Any:
        return await spawn(read(slowly(2)))

    assert run(main()).result == [0, 1]
    assert asyncio.run(arun(main())).result == [0, 1]
