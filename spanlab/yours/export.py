"""Traces for other tools: Chrome trace JSON, which Perfetto opens, and OTLP JSON.

Both give what `json.dumps` writes. Times of a virtual clock stand still while a program works, so
in the first each record is at least a nanosecond after the one before it.
"""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import Any

from spanlab.evidence.labels import Labels
from spanlab.field import Fields
from spanlab.record import (
    Event,
    PollEnded,
    PollStarted,
    SpanClosed,
    SpanEntered,
    SpanExited,
    SpanFollows,
    SpanNew,
    SpanRecorded,
    TaskSpawned,
    TaskWoken,
)  # fmt: skip
from spanlab.traces import Trace
from spanlab.view.words import message, need

Slice = tuple[str, int]  # on the lane of a thread: a span or a poll, and its number


def perfetto(trace: Trace) -> dict[str, Any]:
    """Give a trace as Chrome trace JSON: open it on ui.perfetto.dev.

    Each thread is a lane, with its polls and the spans that are entered in them; events are marks.
    Arrows lead from a spawn to the first poll of the task, and from a wake to the next one.

    >>> with recording() as trace:
    ...     with info_span("work").enter():
    ...         info("hello")
    >>> [row["ph"] for row in perfetto(trace)["traceEvents"]]
    ['M', 'B', 'i', 'E']
    """
    need("perfetto(run(main()))", trace)
    return {"traceEvents": Lanes(trace).rows, "displayTimeUnit": "ns"}


class Lanes:
    """The lanes of threads: slices that nest, marks, and arrows between slices."""

    def __init__(self, trace: Trace) -> None:
        self.labels, self.rows = Labels(trace), list[dict[str, Any]]()
        self.stacks: defaultdict[int, list[Slice]] = defaultdict(list)
        self.coming: defaultdict[int, list[str]] = defaultdict(list)  # arrows to a task's next poll
        self.now = -1
        for thread, place in trace.ran.items():
            known = trace.threads.get(thread)
            name = (known.name if known else "") or f"ThreadId({thread})"
            self.rows.append(self._row("M", "thread_name", thread, args={"name": name}))
            if place:
                order = {"sort_index": place}
                self.rows.append(self._row("M", "thread_sort_index", thread, args=order))
        for record in trace.records:
            self.now = max(record.time, self.now + 1)
            self._add(record)
        for thread, stack in self.stacks.items():
            for slice_ in reversed(stack):
                self._put("E", slice_, thread)

    def _row(self, phase: str, name: str, thread: int, **more: Any) -> dict[str, Any]:
        when = 0 if phase == "M" else self.now / 1000
        return {"name": name, "ph": phase, "ts": when, "pid": 1, "tid": thread} | more

    def _add(self, record: Any) -> None:
        thread, stack = record.thread, self.stacks[record.thread]
        match record:
            case PollStarted():
                self._put("B", ("poll", record.task or 0), thread)
                stack.append(("poll", record.task or 0))
                for arrow in self.coming.pop(record.task or 0, ()):
                    self._arrow("f", arrow, thread, bp="e")
            case PollEnded():
                self._close(("poll", record.task or 0), thread)
            case SpanEntered():
                self._put("B", ("span", record.span), thread)
                stack.append(("span", record.span))
            case SpanExited():
                self._close(("span", record.span), thread)
            case Event():
                row = self._row("i", message(record) or "event", thread, s="t", cat="event")
                self.rows.append(row | {"args": _plain(record.fields)})
            case TaskSpawned(spawned=task) | TaskWoken(woken=task) if stack:
                arrow = f"{'spawn' if isinstance(record, TaskSpawned) else 'wake'} {record.index}"
                self._arrow("s", arrow, thread)
                self.coming[task].append(arrow)

    def _arrow(self, phase: str, arrow: str, thread: int, **more: str) -> None:
        kind, _, number = arrow.partition(" ")
        row = self._row(phase, kind, thread, cat="flow", id=int(number))
        self.rows.append(row | more)

    def _put(self, phase: str, slice_: Slice, thread: int) -> None:
        kind, number = slice_
        name = self.labels.of(number) if kind == "span" else f"poll task {number}"
        name = "poll main" if slice_ == ("poll", 0) else name
        self.rows.append(self._row(phase, name, thread, cat=kind))

    def _close(self, slice_: Slice, thread: int) -> None:
        """End a slice; those that lie over it are ended too, and go on after it."""
        stack = self.stacks[thread]
        if slice_ not in stack:
            return
        at = len(stack) - 1 - stack[::-1].index(slice_)
        over = stack[at + 1 :]
        for one in reversed(stack[at:]):
            self._put("E", one, thread)
        for one in over:
            self._put("B", one, thread)
        stack[at:] = over


def otlp(trace: Trace) -> dict[str, Any]:
    """Give a trace as OTLP JSON, as an exporter of finished spans sends it.

    A span that lost its parent is the root of a trace of its own: there the trace is split. Spans
    that never closed are not sent, and neither are events in no span. A log tells of no closing,
    so of a log each span is sent, from its first line to its last.

    >>> with recording() as trace:
    ...     with info_span("work").enter():
    ...         info("hello")
    >>> otlp(trace)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"]
    'work'
    """
    need("otlp(run(main()))", trace)
    sent: dict[int, dict[str, Any]] = {}
    ended: dict[int, int] = {}
    for record in trace.records:
        now = trace.started + record.time
        match record:
            case SpanNew():
                sent[record.span] = _span(trace, record, now)
            case SpanRecorded() if record.span in sent:
                sent[record.span]["attributes"] += _attributes(record.fields)
            case SpanFollows() if record.span in sent and record.follows in trace.spans:
                link = {key: _ids(trace, record.follows)[key] for key in ("traceId", "spanId")}
                sent[record.span].setdefault("links", []).append(link)
            case Event(parent=parent) if parent in sent:
                sent[parent]["events"].append(_event(record, now))
            case SpanClosed():
                ended[record.span] = now
        if trace.origin is not None and isinstance(record, SpanExited):
            ended.pop(record.span, None)
            ended[record.span] = now
    spans = [sent[span] | {"endTimeUnixNano": str(now)} for span, now in ended.items()]
    scope = {"scope": {"name": "spanlab"}, "spans": spans}
    resource = {"attributes": _attributes((("service.name", "spanlab"),))}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _ids(trace: Trace, span: int) -> dict[str, str]:
    """Give a span its ids: those of one trace have one root."""
    root = trace.ancestors(span)[-1]
    trace_id = sha256(f"{trace.started} {root.span} {root.name}".encode()).hexdigest()[:32]
    return {"traceId": trace_id, "spanId": f"{span + 1:016x}"}


def _span(trace: Trace, record: SpanNew, now: int) -> dict[str, Any]:
    ids = _ids(trace, record.span)
    if record.parent in trace.spans:
        ids["parentSpanId"] = f"{record.parent + 1:016x}"
    place = (("code.filepath", record.file), ("code.lineno", record.line)) if record.line else ()
    where = (("thread.id", record.thread), *place)
    attributes = _attributes((*where, *record.fields))
    named = {"name": record.name, "kind": 1, "startTimeUnixNano": str(now)}
    return ids | named | {"attributes": attributes, "events": list[Any]()}


def _event(record: Event, now: int) -> dict[str, Any]:
    fields: Fields = (("level", record.level.name), ("target", record.target), *record.fields)
    fields = tuple((name, value) for name, value in fields if name != "message")
    return {
        "timeUnixNano": str(now),
        "name": message(record) or record.target,
        "attributes": _attributes(fields),
    }


def _attributes(fields: Fields) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in _plain(fields).items()]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int() if -(2**63) <= value < 2**63:
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
    return {"stringValue": str(value)}


def _plain(fields: Fields) -> dict[str, Any]:
    """Give fields as JSON has them; what is no finite number stays text."""
    plain: dict[str, Any] = {}
    for name, value in fields:
        is_number = isinstance(value, int | float) and abs(value) < float("inf")
        plain[name] = value if is_number else str(value)
    return plain
