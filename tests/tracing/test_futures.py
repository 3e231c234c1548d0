"""What the records say of futures: made, wrapped, pushed by which, dropped before the end."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from spanlab import (
    CurrentThread,
    Span,
    Trace,
    in_current_span,
    info,
    info_span,
    instrument,
    pending,
    recording,
    run,
    spawn,
    yield_now,
)
from spanlab.record import FutureDropped, FutureMade, FutureRecord, FutureWrapped, SpanEntered


async def work(panics: bool = False) -> None:
    await yield_now()
    if panics:
        raise ValueError("on purpose")


@instrument
async def lazy() -> None:
    await yield_now()


def told(trace: Trace) -> list[tuple[Any, ...]]:
    """Tell what happened to futures: the kind, the number, and what else it says."""
    return [
        (type(r).__name__, *(getattr(r, name) for name in r.__match_args__[6:]))
        for r in trace.records
        if isinstance(r, FutureRecord)
    ]


def line_of(record: Any) -> str:
    """Give the line of code that a record points to."""
    return linecache.getline(record.file, record.line).strip()


def test_a_wrapper_says_what_it_carries_and_where_it_was_made() -> None:
    """Its number, the span, and the async function inside."""
    with recording() as trace:
        future = info_span("request").instrument(work())
        del future
    (wrapped,) = trace.of(FutureWrapped)
    assert (wrapped.future, wrapped.span, wrapped.inner, wrapped.name) == (1, 0, None, "work")
    assert line_of(wrapped) == 'future = info_span("request").instrument(work())'


def test_a_wrapper_around_a_wrapper_names_the_one_inside() -> None:
    """So that a picture can draw one ring around the other."""
    with recording() as trace, info_span("outer").enter():
        in_current_span(info_span("inner").instrument(work()))
    assert told(trace)[:2] == [
        ("FutureWrapped", 1, 1, None, "work"),
        ("FutureWrapped", 2, 0, 1, "work"),
    ]


def test_the_lazy_future_is_made_at_its_call_and_wrapped_at_its_first_poll() -> None:
    """It has no span before, and one number all along."""

    async def main() -> None:
        future = lazy()
        info("called")
        await future

    trace = run(main(), on=CurrentThread())
    assert told(trace) == [("FutureMade", 1, "lazy"), ("FutureWrapped", 1, 0, None, "lazy")]
    (made,), (wrapped,) = trace.of(FutureMade), trace.of(FutureWrapped)
    assert made.index < trace.events[0].index < wrapped.index
    assert line_of(made) == "future = lazy()"
    assert line_of(wrapped) == "@instrument"


def test_an_entry_says_which_future_pushed_it() -> None:
    """A guard pushes for no future."""

    async def main() -> None:
        with info_span("guard").enter():
            pass
        await info_span("carried").instrument(work())
        await lazy()

    trace = run(main(), on=CurrentThread())
    by = {(trace.spans[e.span].name, e.future) for e in trace.of(SpanEntered)}
    assert by == {("guard", None), ("carried", 1), ("lazy", 2)}


@pytest.mark.parametrize(
    ("make", "polls"),
    [
        (lambda: info_span("s").instrument(work()), 0),
        (lambda: info_span("s").instrument(work()), 1),
        (lambda: in_current_span(pending()), 1),
        (lazy, 0),
        (lazy, 1),
    ],
    ids=["instrument, unpolled", "instrument", "in_current_span", "lazy, unpolled", "lazy"],
)
def test_a_future_that_is_dropped_before_its_end_says_so(make: Any, polls: int) -> None:
    """Once, before its span is entered for the drop."""

    async def main() -> None:
        with info_span("around").enter():
            future = make()
        for _ in range(polls):
            future.send(None)
        info("dropping")
        del future

    trace = run(main(), on=CurrentThread())
    (dropped,) = trace.of(FutureDropped)
    assert dropped.future == 1
    assert dropped.index == trace.events[0].index + 1
    assert {e.future for e in trace.of(SpanEntered) if e.index > dropped.index} <= {1}


@pytest.mark.parametrize("panics", [False, True])
def test_a_future_that_has_ended_is_not_dropped_before_its_end(panics: bool) -> None:
    """With a value or by a panic: its end is known from the poll."""

    async def main() -> None:
        await spawn(info_span("s").instrument(work(panics)))

    try:
        trace = run(main(), on=CurrentThread())
    except Exception as error:
        trace = error.trace  # type: ignore[attr-defined]
    assert [kind for kind, *_ in told(trace)] == ["FutureWrapped"]


def test_a_future_without_a_span_is_not_told_of() -> None:
    """It is as if it had not been wrapped."""
    with recording() as trace:
        Span.none().instrument(work())
    assert told(trace) == []


def test_spans_and_events_alone_cost_no_record_of_a_future() -> None:
    """A span made, entered, with an event, exited and closed is five records."""
    with recording() as trace, info_span("work").enter():
        info("hello")
    kinds = [type(record).__name__ for record in trace.records[1:]]
    assert kinds == ["SpanNew", "SpanEntered", "Event", "SpanExited", "SpanClosed"]


def test_a_future_may_be_dropped_after_its_recording() -> None:
    """An error that a reader keeps, as a notebook does, keeps futures alive into a later run."""
    with recording():
        kept = info_span("work").instrument(pending())
    with recording() as trace:
        del kept
        info("later")
    assert [trace.scope(event) for event in trace.events] == [()]
