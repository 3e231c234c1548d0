"""A stream in a span: it is entered while the next item is asked for, and at no other time."""

from __future__ import annotations

from typing import Any

from spanlab import (
    CurrentThread,
    Trace,
    in_current_span,
    info,
    info_span,
    instrument,
    run,
    stream,
    yield_now,
)
from spanlab.record import SpanClosed, SpanEntered, SpanExited, SpanNew


class Gone:
    """Logs when it is dropped."""

    def __del__(self) -> None:
        info("gone")


async def numbers(count: int) -> Any:
    _gone = Gone()
    for n in range(count):
        info(f"makes {n}")
        yield n
        await yield_now()


def scopes(trace: Trace) -> list[tuple[Any, ...]]:
    return [(event.message, *trace.scope(event)) for event in trace.events]


def test_the_span_covers_what_makes_an_item() -> None:
    """Not what is done with it, nor the drop of the stream."""

    async def main() -> None:
        items = info_span("items").instrument(numbers(3))
        async for n in items:
            info(f"got {n}")
            if n == 1:
                break
        del items
        info("end")

    assert scopes(run(main(), on=CurrentThread())) == [
        ("makes 0", "items"),
        ("got 0",),
        ("makes 1", "items"),
        ("got 1",),
        ("gone",),
        ("end",),
    ]


def test_the_span_is_entered_for_each_poll() -> None:
    """And closes with the stream."""

    async def main() -> None:
        items = info_span("items").instrument(numbers(1))
        assert [n async for n in items] == [0]
        del items

    kinds = (SpanNew, SpanEntered, SpanExited, SpanClosed)
    told = [type(r).__name__ for r in run(main(), on=CurrentThread()).records if type(r) in kinds]
    assert told == ["SpanNew", *["SpanEntered", "SpanExited"] * 3, "SpanClosed"]


def test_an_instrumented_generator_makes_its_span_when_it_is_first_asked() -> None:
    """As an async function does at its first poll."""

    @instrument
    async def items(count: int) -> Any:
        for n in range(count):
            info("makes")
            yield n

    async def main() -> None:
        made = items(1)
        info("made")
        with info_span("asks").entered():
            assert await anext(made) == 0

    trace = run(main(), on=CurrentThread())
    assert scopes(trace) == [("made",), ("makes", "items", "asks")]
    assert trace.of(SpanNew)[1].fields == (("count", 1),)


def test_a_stream_takes_the_span_that_is_current() -> None:
    """Where it is made, not where it is asked."""

    async def main() -> None:
        with info_span("here").entered():
            items = in_current_span(stream(numbers(1)))
        await anext(items)

    assert scopes(run(main(), on=CurrentThread()))[0] == ("makes 0", "here")


def test_one_item_may_have_a_span_of_its_own() -> None:
    """The future of the next item is a future like any other."""

    async def main() -> None:
        items = stream(numbers(2))
        assert await info_span("first").instrument(anext(items, None)) == 0
        assert await anext(items, None) == 1

    assert scopes(run(main(), on=CurrentThread()))[:2] == [("makes 0", "first"), ("makes 1",)]
