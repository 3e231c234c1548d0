"""Spans are instances: two spans of one name are two, in words, in explore and in compare."""

from __future__ import annotations

from typing import Any

from spanlab import (
    CurrentThread,
    Replay,
    Trace,
    VirtualThreads,
    compare,
    explore,
    info,
    info_span,
    recording,
    run,
    spawn,
)
from spanlab.evidence.labels import Labels


def box_of_spans() -> Any:
    """Make a program in which two tasks make a span each, and main takes the first."""

    async def put(box: list[Any]) -> None:
        box.append(info_span("made"))

    async def main() -> None:
        box: list[Any] = []
        handles = [spawn(put(box)), spawn(put(box))]
        for handle in handles:
            await handle
        with box[0].enter():
            info("seen")

    return main()


def test_a_name_alone_is_enough_where_it_is_the_only_one() -> None:
    """Fields are shown only where they are needed."""
    with recording() as trace:
        span = info_span("work", n=1)
    assert span.id is not None
    assert Labels(trace).of(span.id) == "work"


def test_fields_tell_apart_and_numbers_where_they_do_not() -> None:
    """The same name and the same fields: they are numbered."""
    with recording() as trace:
        for n in (1, 2, 2):
            info_span("request", n=n)
    labels = Labels(trace)
    assert [labels.of(span) for span in trace.spans] == [
        "request{n=1}", "request{n=2}#1", "request{n=2}#2",
    ]  # fmt: skip


def test_numbers_do_not_depend_on_the_schedule() -> None:
    """The span of the task that was spawned first is the first, whenever it was made."""
    found = explore(box_of_spans, workers=2)
    for outcome in found.outcomes:
        labels = Labels(outcome.trace)
        made = {labels.of(new.span): new.task for new in outcome.trace.spans.values()}
        assert made == {"made#1": 1, "made#2": 2}


def test_explore_tells_spans_of_one_name_apart() -> None:
    """Which of two spans the event gets depends on the schedule: two outcomes."""
    found = explore(box_of_spans, workers=2)
    assert {outcome.scopes for outcome in found.outcomes} == {
        (("seen", ("made#1",)),), (("seen", ("made#2",)),),
    }  # fmt: skip


def test_compare_names_the_span_that_differs() -> None:
    """Two schedules of one program: the event is in the other of two spans of one name."""
    found = explore(box_of_spans, workers=2)
    one, other = (
        run(box_of_spans(), on=VirtualThreads(2, Replay(outcome.replay)))
        for outcome in sorted(found.outcomes, key=lambda outcome: outcome.scopes)
    )
    assert compare(one, other).sentence == "`seen`: `made#1` → `made#2`."


def test_compare_goes_by_names_where_a_run_has_other_spans() -> None:
    """A program and its repair: the numbers say nothing there."""

    def traced(times: int) -> Trace:
        async def main() -> None:
            for _ in range(times):
                info_span("work")
            with info_span("work").enter():
                info("seen")

        return run(main(), on=CurrentThread())

    assert compare(traced(0), traced(1)).sentence.startswith("Nothing differs")
