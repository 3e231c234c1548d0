"""What is exported is read by parsers of the formats: OpenTelemetry's own, and one of Chrome's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from chrometrace import TraceEvent, TraceEventType
from opentelemetry.proto_json.trace.v1.trace import Span, TracesData
from programs import ARTICLE
from sets import packed

from spanlab import (
    Trace,
    VirtualThreads,
    info,
    info_span,
    otlp,
    perfetto,
    read_log,
    recording,
    run,
    sleep,
    spawn,
)  # fmt: skip
from spanlab.__main__ import main

FLOW = {"s", "f"}
LOG = packed("suspects/aquarium_641.full.log")[""]


def many() -> Any:
    """Tasks that wait, wake one another and share a thread."""

    async def main() -> None:
        with info_span("outer").enter():
            tasks = [spawn(part(n)) for n in range(9)]
        for task in tasks:
            await task

    async def part(n: int) -> None:
        with info_span("part", n=n).enter():
            info("begun")
        await sleep(0.01 * (n % 3))
        info("done")

    return main


TRACES = {make.__name__: run(make()(), on=VirtualThreads(4)) for make in (*ARTICLE, many)}
TRACES["a log"] = read_log(LOG)


def rows_of(trace: Trace) -> list[dict[str, Any]]:
    """Give the rows as they are read back from JSON."""
    return json.loads(json.dumps(perfetto(trace), allow_nan=False))["traceEvents"]


def spans_of(trace: Trace) -> list[Span]:
    """Give the spans as OpenTelemetry's own package reads them; nothing may be left unread."""
    text = json.dumps(otlp(trace), allow_nan=False)
    read = TracesData.from_json(text)
    assert json.loads(read.to_json()) == without_empty(json.loads(text))
    return [span for of in read.resource_spans for scope in of.scope_spans for span in scope.spans]


def without_empty(value: Any) -> Any:
    """Leave out empty lists and texts, which the format does not write."""
    if isinstance(value, dict):
        return {k: without_empty(v) for k, v in value.items() if v not in ([], "")}
    return [without_empty(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", TRACES)
def test_a_parser_of_chrome_traces_reads_each_row(name: str) -> None:
    """All but the ids of arrows, which it does not know; each lane nests, and time goes on."""
    stacks, last = dict[int, list[str]](), dict[int, float]()
    for row in rows_of(TRACES[name]):
        arrow = {key: row.pop(key) for key in ("id", "bp") if key in row}
        assert bool(arrow) == (row["ph"] in FLOW)
        read = TraceEvent.from_dict(row | {"ph": TraceEventType(row["ph"].replace("i", "I"))})
        if read.event_type == TraceEventType.METADATA:
            continue
        stack = stacks.setdefault(read.thread_id or 0, [])
        assert read.timestamp_us >= last.get(read.thread_id or 0, 0)
        last[read.thread_id or 0] = read.timestamp_us
        if read.event_type == TraceEventType.BEGIN:
            stack.append(read.name)
        elif read.event_type == TraceEventType.END:
            assert stack.pop() == read.name
        elif row["ph"] in FLOW:
            assert stack, "an arrow begins and ends in a slice"
    assert not any(stacks.values())


@pytest.mark.parametrize("name", TRACES)
def test_each_thread_is_a_lane_with_its_name(name: str) -> None:
    """And no row stands on a thread that is not named."""
    rows = rows_of(TRACES[name])
    named = {row["tid"] for row in rows if row["name"] == "thread_name"}
    assert named == {row["tid"] for row in rows} == set(TRACES[name].ran)


def test_an_arrow_leads_from_the_spawn_to_the_first_poll() -> None:
    """It begins in the span that spawned, and ends in the poll of the task, each once."""
    rows = [row for row in rows_of(TRACES["lost_parent"]) if row["name"] == "spawn"]
    assert [row["ph"] for row in rows] == ["s", "f"]
    assert rows[0]["id"] == rows[1]["id"]
    assert rows[0]["tid"] != rows[1]["tid"]
    ends = Counter(row["id"] for row in rows_of(TRACES["many"]) if row["ph"] == "f")
    begins = Counter(row["id"] for row in rows_of(TRACES["many"]) if row["ph"] == "s")
    assert set(ends) <= set(begins)
    assert {*ends.values(), *begins.values()} == {1}


def test_spans_that_are_left_out_of_order_still_nest() -> None:
    """A lane holds slices that nest: what lies over one that ends is ended and begun anew."""
    with recording() as trace:
        outer, inner = info_span("outer").entered(), info_span("inner").entered()
        outer.exit()
        info("in inner")
        inner.exit()
    slices = [(row["ph"], row["name"]) for row in rows_of(trace) if row["ph"] in "BE"]
    begun = [("B", "outer"), ("B", "inner"), ("E", "inner"), ("E", "outer")]
    assert slices == [*begun, ("B", "inner"), ("E", "inner")]


@pytest.mark.parametrize("name", TRACES)
def test_opentelemetry_reads_each_span(name: str) -> None:
    """Parents are in the same trace, times go on, and no id is given twice."""
    spans = spans_of(TRACES[name])
    known = {span.span_id: span for span in spans}
    assert len(known) == len(spans)
    for span in spans:
        assert len(span.trace_id) == 16
        assert len(span.span_id) == 8
        assert span.start_time_unix_nano <= span.end_time_unix_nano
        if span.parent_span_id in known:
            assert known[span.parent_span_id].trace_id == span.trace_id


def test_a_lost_parent_is_a_split_trace() -> None:
    """One trace with the parent, two without: that is what the backend shows."""
    for name, traces_ in {"lost_parent": 2, "joinset_instrumented": 1}.items():
        spans = spans_of(TRACES[name])
        assert len({span.trace_id for span in spans}) == traces_, name


def test_links_and_values_are_kept() -> None:
    """`follows_from` is a link into the other trace; numbers stay numbers."""
    with recording() as trace:
        first = info_span("first", n=2**40, share=0.5, ok=True, odd=float("nan"))
        second = info_span("second", parent=None)
        second.follows_from(first)
        first.in_scope(lambda: info("hello", n=-1))
        del first, second
    one, other = spans_of(trace)
    values = {a.key: a.value for a in one.attributes if a.value}
    assert values["n"].int_value == 2**40
    assert values["share"].double_value == 0.5
    assert values["ok"].bool_value is True
    assert values["odd"].string_value == "nan"
    assert one.events[0].name == "hello"
    assert [link.span_id for link in other.links] == [one.span_id]
    assert other.links[0].trace_id == one.trace_id != other.trace_id


def test_what_never_closed_is_not_sent() -> None:
    """An exporter of finished spans knows nothing of it."""
    with recording() as trace:
        span = info_span("open")
    assert spans_of(trace) == []
    assert span


def test_the_command_line_exports(tmp_path: Path) -> None:
    """`--perfetto` and `--otlp` write what the functions give."""
    (tmp_path / "app.log").write_bytes(LOG)
    lanes, spans = tmp_path / "lanes.json", tmp_path / "spans.json"
    main(["log", str(tmp_path / "app.log"), "--perfetto", str(lanes), "--otlp", str(spans)])
    trace = read_log(LOG)
    assert json.loads(lanes.read_text()) == json.loads(json.dumps(perfetto(trace)))
    assert json.loads(spans.read_text()) == json.loads(json.dumps(otlp(trace)))
