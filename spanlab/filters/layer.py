"""What is enabled here and now, and what a layer with a filter of its own sees."""

from __future__ import annotations

from collections import defaultdict
from sys import _getframe
from typing import Any

from spanlab.errors import UsageError
from spanlab.evidence.replay import Stacks
from spanlab.field import Level
from spanlab.filters.env_filter import EnvFilter, Filtering
from spanlab.record import Event, SpanNew, SpanRecorded
from spanlab.threads import current
from spanlab.traces import Trace


def enabled(level: Level | str, *, target: str | None = None) -> bool:
    """Tell whether an event of this level would be recorded here and now.

    In Rust: `tracing::enabled!`.

    >>> with recording(level="info"):
    ...     print(enabled("debug"), enabled("warn"))
    False True
    """
    thread, named = current(), target or _getframe(1).f_globals.get("__name__", "__main__")
    least = Level.parse(level)
    return thread is not None and thread.recorder.wants(thread.id, least, "", "", named)


def with_filter(trace: Trace, filter: str | EnvFilter) -> Trace:
    """Give the trace that a layer with a filter of its own sees: every view takes it.

    Other layers see all spans. This one looks through those that it filters out: what belongs to
    such a span belongs to the nearest one around it that is not. A field that was declared and
    never set is unknown here.

    In Rust: `Layer::with_filter`.

    >>> with recording() as trace:
    ...     info_span("request").in_scope(lambda: info("served", target="app::db"))
    >>> len(with_filter(trace, "info,app::db=off").events)
    0
    """
    if not isinstance(trace, Trace):
        raise UsageError(
            f"with_filter() needs a trace, got {trace!r:.60}. Write: with_filter(trace, 'info')"
        )
    layer, stacks = Filtering(filter, is_alone=False), Stacks()
    rows, places = list[Any](), list[int]()
    seen: dict[int | None, int | None] = {}  # open spans, each with the nearest that is not hidden
    futures: set[int | None] = {None}
    declared = defaultdict[int, list[str]](list)
    for record in trace.records:
        if isinstance(record, SpanNew | SpanRecorded):
            declared[record.span] += [name for name, _ in record.fields]
    for at, (row, record) in enumerate(zip(trace.noted, trace.records, strict=True)):
        span, future = getattr(record, "span", None), getattr(record, "future", None)
        if isinstance(record, SpanNew):
            said = record.level, "new", record.name, record.target, declared[record.span]
            above = seen.get(record.parent)
            seen[span] = span if layer.enabled(record.thread, *said) else above
            row = (*row[:7], above, *row[8:])
        elif isinstance(record, Event):
            names = [name for name, _ in record.fields]
            if not layer.enabled(record.thread, record.level, "event", "", record.target, names):
                continue
            current = parent = _current(stacks, record.thread, seen)
            if record.explicit:
                parent = record.parent if seen.get(record.parent) == record.parent else None
            where = 9 if isinstance(row[8], tuple) else 10
            row = (*row[:where], parent, current, *row[where + 2 :])
        stacks.replay(record)
        if span is not None and seen.get(span) != span:
            continue
        if row[0] in ("made", "wrapped", "given"):
            futures.add(future)
        if row[0] in ("spawn", "wrapped") and row[8] not in futures:
            row = (*row[:8], None, *row[9:])
        elif future not in futures:
            continue
        layer.saw(row)
        rows.append(row)
        places.append(at)
        if row[0] == "close":
            del seen[span]
    return trace.kept(rows, places)


def _current(stacks: Stacks, thread: int, seen: dict[Any, int | None]) -> int | None:
    """Give the topmost span that the layer sees; none if the topmost of all has closed."""
    entries = reversed(stacks.pushed(thread) if stacks.current(thread) is not None else ())
    spans = (entry.by.span for entry in entries if not entry.duplicate)
    return next((span for span in spans if seen.get(span) == span), None)
