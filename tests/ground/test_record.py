"""The `Trace`: its queries, its slices, and JSON both ways."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from stepping import leaking, many

from spanlab import (
    CurrentThread,
    Debug,
    Level,
    Trace,
    UsageError,
    VirtualThreads,
    debug,
    info,
    info_span,
    recording,
    run,
    sleep,
    spawn,
    yield_now,
)
from spanlab.evidence.replay import Stacks, lost_parents
from spanlab.record import KINDS, SLOTS, Event, SpanNew, TaskSpawned, ThreadStarted


async def task() -> None:
    info("in task", n=1)
    await yield_now()
    raise ValueError("on purpose")


async def program() -> str:
    """Leave a record of as many kinds as one run can."""
    with info_span("outer", a=1, b="two", c=Debug("three")).enter():
        effect = info_span("effect").record("n", 1)
        effect.follows_from(info_span("cause"))
        info("héllo 🦀", f=1.5, t=True, big=2**70)
    first, second = spawn(info_span("t").instrument(task())), spawn(task())
    second.abort()
    await sleep(0.01)
    debug("end", parent=None)
    return "value" if first.is_finished() else ""


def trace_of(on: Any = None) -> Trace:
    return run(program(), on=on or CurrentThread())


# ---------------------------------------------------------------- queries


def test_records_are_numbered_in_one_total_order() -> None:
    """The index of a record is its place, and time never goes back."""
    trace = trace_of()
    assert [record.index for record in trace.records] == list(range(len(trace)))
    times = [record.time for record in trace.records]
    assert times == sorted(times)
    assert trace.records[0].time == 0


def test_a_record_cannot_be_changed() -> None:
    """Views may share them."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        trace_of().records[0].line = 1  # type: ignore[misc]


def test_queries_give_events_spans_tasks_and_threads() -> None:
    """By number where they have one."""
    trace = trace_of()
    assert [event.message for event in trace.events] == ["héllo 🦀", "in task", "end"]
    assert [new.name for new in trace.spans.values()] == ["outer", "effect", "cause", "t"]
    assert {number: t.name for number, t in trace.tasks.items()} == {1: "task", 2: "task"}
    assert {number: t.name for number, t in trace.threads.items()} == {1: "main"}


def test_of_gives_the_records_of_one_kind() -> None:
    """In their order."""
    trace = trace_of()
    assert trace.of(Event) == trace.events
    assert [record.spawned for record in trace.of(TaskSpawned)] == [1, 2]


def test_scope_and_ancestors_go_from_leaf_to_root() -> None:
    """The scope names them."""
    with recording() as trace, info_span("a").enter(), info_span("b").enter():
        info("ev")
    assert trace.scope(trace.events[0]) == ("b", "a")
    assert [new.span for new in trace.ancestors(1)] == [1, 0]
    assert trace.ancestors(None) == []


def test_an_event_without_a_message_has_an_empty_one() -> None:
    """Its fields are all it has."""
    with recording() as trace:
        info(n=1)
    assert (trace.events[0].message, trace.events[0].fields) == ("", (("n", 1),))


def test_the_result_is_what_the_main_future_gave() -> None:
    """And None for a recording without one."""
    assert trace_of().result == "value"
    with recording() as trace:
        pass
    assert trace.result is None


def test_levels_of_records_are_levels() -> None:
    """Not the plain numbers that the rows hold."""
    trace = trace_of()
    levels = [trace.spans[0].level, trace.events[0].level, trace.events[2].level]
    assert levels == [Level.INFO, Level.INFO, Level.DEBUG]
    assert all(isinstance(level, Level) for level in levels)


def test_a_recording_can_be_read_while_it_lasts() -> None:
    """Records made later are added."""
    with recording() as trace:
        info("one")
        assert len(trace.events) == 1
        info("two")
    assert [event.message for event in trace.events] == ["one", "two"]


def test_the_sources_hold_the_lines_that_records_point_into() -> None:
    """The text of this file, for every record made in it."""
    trace = trace_of()
    (text,) = [text for file, text in trace.sources.items() if file == __file__]
    line = text.splitlines()[trace.events[0].line - 1]
    assert line.strip().startswith('info("héllo')


def test_the_repr_counts() -> None:
    """A trace prints short."""
    with recording() as trace:
        info("ev")
    assert repr(trace) == "<Trace of 2 records, 1 events>"


def test_a_virtual_run_starts_at_a_fixed_date() -> None:
    """2024-01-01, so that two logs of one program are equal."""
    assert trace_of().started == 1_704_067_200 * 10**9


def steps_of(function: Callable[[], Any]) -> int:
    """Count the steps of the interpreter that a call takes in Python code."""
    count = 0

    def tracer(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        count += event == "opcode"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("query", ["scope", "ancestors", "names"])
def test_a_query_for_every_event_takes_steps_in_proportion_to_the_events(query: str) -> None:
    """A long trace costs no more for each event than a short one."""

    def steps_for(events: int) -> int:
        with recording() as trace:
            for _ in range(events):
                with info_span("a").enter(), info_span("b").enter():
                    info("ev")
        asked = trace.events if query == "scope" else [event.parent for event in trace.events]
        return steps_of(lambda: [getattr(trace, query)(what) for what in asked])

    assert steps_for(1_000) < 11 * steps_for(100)


def test_what_a_row_holds_is_said_by_the_record() -> None:
    """The names of its slots, for each word, as they stand in the rows."""
    trace = trace_of()
    for row, record in zip(trace.rows, trace.records, strict=True):
        slots = dict(zip(SLOTS[row[0]], row[6:], strict=False))
        assert slots == {name: getattr(record, name) for name in slots}
    own = ("level", "target", "fields", "parent", "current", "explicit")
    assert SLOTS["event"] == (*own, "unsure")
    assert SLOTS.keys() == KINDS.keys()


# ---------------------------------------------------------------- slices


def test_an_index_gives_a_record() -> None:
    """From the front or from the back."""
    trace = trace_of()
    assert isinstance(trace[0], ThreadStarted)
    assert trace[-1] == trace.records[-1]
    with pytest.raises(IndexError):
        trace[len(trace)]


def test_a_slice_is_the_trace_up_to_a_step() -> None:
    """With the same records, and with all queries working on it."""
    trace = trace_of()
    for steps in range(len(trace) + 1):
        part = trace[:steps]
        assert (len(part), part.records) == (steps, trace.records[:steps])
        assert part.events == [event for event in trace.events if event.index < steps]
        assert part.started == trace.started
    assert trace[:].records == trace.records
    assert trace[:-1].records == trace.records[:-1]
    assert trace[:0].events == []


@pytest.mark.parametrize("wrong", [slice(None, None, 2), slice(9, 3, -1)])
def test_a_part_with_gaps_is_refused(wrong: slice) -> None:
    """What happened between two records decides about the second."""
    with pytest.raises(UsageError, match=r"all of a stretch, got slice.* or: trace\[10:20\]"):
        trace_of()[wrong]


@pytest.mark.parametrize("whole", [leaking(), many(3), trace_of()], ids=["leak", "many", "kinds"])
def test_a_stretch_knows_what_came_before_it(whole: Trace) -> None:
    """Stacks, scopes, lost parents and numbers are those of the whole, wherever it is cut."""
    lost = lost_parents(whole)
    for first in range(len(whole)):
        part = whole[first : first + 9]
        shift, stretch = part.cut.records, whole.records[first : first + 9]
        stacks, again = Stacks(), Stacks()
        for record in whole.records[:first]:
            stacks.replay(record)
        for record in part.records[: -len(stretch)]:
            again.replay(record)
        for record, same in zip(stretch, part.records[-len(stretch) :], strict=True):
            stacks.replay(record)
            again.replay(same)
            assert dataclasses.replace(same, index=same.index + shift) == record
            spans = [by.span for by, _ in stacks.pushed(record.thread)]
            assert [by.span for by, _ in again.pushed(record.thread)] == spans
            assert again.current(record.thread) == stacks.current(record.thread)
            if isinstance(record, Event):
                assert part.scope(same) == whole.scope(record)
        assert part.numbered == [
            (n, dataclasses.replace(event, index=event.index - shift))
            for n, event in whole.numbered
            if first <= event.index < first + 9
        ]
        found = {at + shift: span for at, span in lost_parents(part).items()}
        within = [at for at in lost if first <= at < first + 9]
        assert [found[at] for at in within] == [lost[at] for at in within]


def test_a_part_of_a_part_counts_from_the_whole() -> None:
    """And it is stored with what it leaves out."""
    whole = many(3)
    part = whole[40:80]
    inner = part[len(part) - 10 : len(part) - 5]
    assert inner.numbered[0][0] == whole[70:75].numbered[0][0]
    again = Trace.from_json(inner.to_json())
    assert (again.records, again.cut) == (inner.records, inner.cut)


def test_a_stretch_of_a_long_trace_is_short() -> None:
    """Of all that is over, nothing is taken along."""
    with recording() as trace:
        for number in range(2000):
            with info_span("work").enter():
                info("step", number=number)
    assert len(trace[5000:5010]) < 15


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize("runtime", [CurrentThread(), VirtualThreads(2)], ids=str)
def test_json_brings_every_record_back(runtime: Any) -> None:
    """Equal rows, records, dates and sources."""
    trace = trace_of(runtime)
    again = Trace.from_json(trace.to_json())
    assert again.rows == trace.rows
    assert again.records == trace.records
    assert (again.started, again.sources) == (trace.started, trace.sources)
    assert again.to_json() == trace.to_json()


def test_json_keeps_text_apart_from_strings() -> None:
    """`b="two"` is a string and prints in quotes, `Debug("three")` is finished text."""
    again = Trace.from_json(trace_of().to_json())
    kinds = {name: type(value).__name__ for name, value in again.spans[0].fields}
    assert kinds == {"a": "int", "b": "str", "c": "Text"}


@pytest.mark.parametrize(
    "value", [float("inf"), -0.0, 2**70, True, "", "two", '"\n\\', "🦀", "text"]
)
def test_json_brings_every_value_back(value: Any) -> None:
    """With its type."""
    with recording() as trace:
        info(v=value, d=Debug(value))
    (event,) = Trace.from_json(trace.to_json()).events
    assert event.fields == trace.events[0].fields
    assert [type(v) for _, v in event.fields] == [type(v) for _, v in trace.events[0].fields]


def test_json_keeps_real_time() -> None:
    """A recording on a real clock has the same times when it is read again."""
    with recording() as trace:
        info("ev")
    again = Trace.from_json(trace.to_json())
    assert [record.time for record in again.records] == [record.time for record in trace.records]


def test_json_of_a_slice_is_the_slice() -> None:
    """A part can be stored like a whole."""
    part = trace_of()[:7]
    assert Trace.from_json(part.to_json()).records == part.records


def test_json_is_one_object_of_plain_rows() -> None:
    """So that a browser can read it."""
    data = json.loads(trace_of().to_json())
    assert {"started", "zero", "rows", "sources"} <= data.keys()
    assert {row[0] for row in data["rows"]} <= KINDS.keys()


def test_a_trace_can_be_written_by_hand() -> None:
    """A log file of another program becomes rows, and all queries work on it."""
    trace = Trace([
        ("thread", 0, 1, None, "", 0, "main"),
        ("new", 5, 1, None, "main.rs", 3, 0, None, "work", 3, "app", ()),
        ("event", 9, 1, None, "main.rs", 4, 5, "app", (("message", "bad"),), 0, 0),
    ])  # fmt: skip
    (event,) = trace.events
    assert (event.message, event.level, trace.scope(event)) == ("bad", Level.ERROR, ("work",))
    assert isinstance(trace[1], SpanNew)
