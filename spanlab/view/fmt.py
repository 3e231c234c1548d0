"""`log(trace)`: what `tracing_subscriber::fmt` prints, byte for byte, from a trace's records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from html import escape
from typing import Any

from spanlab.errors import UsageError
from spanlab.evidence.replay import Stacks
from spanlab.evidence.sites import file_name
from spanlab.field import Fields, Text
from spanlab.record import Event, SpanClosed, SpanEntered, SpanExited, SpanNew, SpanRecorded
from spanlab.traces import Trace
from spanlab.view.file import Page, Saved
from spanlab.view.formats import FORMATS, Scope, Settings, Shown
from spanlab.view.page import chip, number, page
from spanlab.view.words import count, need, rest

Moment = SpanNew | SpanEntered | SpanExited | SpanClosed  # what happens to a span
MOMENTS = {SpanNew: "new", SpanEntered: "enter", SpanExited: "exit", SpanClosed: "close"}
STEPS = {SpanEntered: 1, SpanExited: -1}  # how often a span is entered
CYCLE = 146_097  # days in 400 years, after which the calendar repeats
PAGE, ROW, LONGEST = 300_000, 400, 10_000  # bytes of a page, around an entry; letters of it
GROUPS = {"none": (), "active": ("enter", "exit"), "full": tuple(MOMENTS.values())}


def log(
    trace: Trace, format: str | None = None, *, time: bool = False, target: bool = False,
    thread_ids: bool = True, thread_names: bool = False, file: bool | None = None,
    line: bool | None = None, span_events: str = "none", flatten_event: bool = False,
    current_span: bool = True, span_list: bool = True,
) -> Log:  # fmt: skip
    """Print the events of a trace as the real crate prints them.

    `format` is "pretty", "full", "compact" or "json"; a log that was read is printed as it was,
    byte for byte, if none is given. `file` and `line` are on in "pretty"
    and off in the others. `span_events` adds what happens to spans: "full", "active", or
    some of "new|enter|exit|close". The last three settings are for "json".

    All but "full" show an event whose parent is None under the current span.

    In Rust: `tracing_subscriber::fmt()`, where targets are on and thread ids off at first.

    >>> with recording() as trace:
    ...     info("hello", answer=42)
    >>> print(log(trace, "compact"), end="")
     INFO ThreadId(01) hello answer=42
    """
    need("log(run(main()))", trace)
    if format is None:
        format = "" if trace.origin else "pretty"
    elif format not in FORMATS:
        raise UsageError(f"a format is one of {', '.join(FORMATS)}, got {format!r:.60}")
    settings = Settings(
        time, target, thread_ids, thread_names,
        format == "pretty" if file is None else file, format == "pretty" if line is None else line,
        flatten_event, current_span, span_list,
    )  # fmt: skip
    return Log(trace, format, settings, frozenset(_moments(span_events)))


def _moments(span_events: str) -> set[str]:
    if not isinstance(span_events, str):
        raise UsageError(f"span_events are text, got {span_events!r:.60}. Write: 'new|close'")
    names = [word for name in span_events.split("|") for word in GROUPS.get(name, (name,))]
    if wrong := sorted(set(names) - set(MOMENTS.values())):
        known = ", ".join([*GROUPS, *MOMENTS.values()])
        raise UsageError(f"span_events are {known}, got {wrong[0]!r}. Write: 'new|close'")
    return set(names)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is printed for one event; `number` is the event's, and is 0 for what a span does."""

    record: int
    number: int
    thread: int
    before: str
    on_thread: str
    after: str

    def __str__(self) -> str:
        return self.before + self.on_thread + self.after


@dataclass(frozen=True, repr=False)
class Log(Saved):
    """A log: `str` gives all that the crate prints, `entries` what belongs to each event.

    A notebook shows its beginning, the threads coloured, the events numbered as in other views.
    """

    trace: Trace
    format: str
    settings: Settings
    moments: frozenset[str]

    @cached_property
    def entries(self) -> list[Entry]:
        """All that is printed, in order."""
        return list(self._printed())

    def _printed(self) -> Iterator[Entry]:
        if not self.format:
            for number, event in self.trace.numbered:
                before = self.trace.origin.text(number - 1)
                yield Entry(event.index, number, event.thread, before, "", "")
            return
        for record, number, at in _Replay(self.trace, self.settings, self.moments).shown():
            yield Entry(record, number, at.thread, *FORMATS[self.format](at, self.settings))

    @cached_property
    def _fitting(self) -> tuple[list[Entry], str]:
        """As much as a page holds, and what is said of the rest."""
        shown: list[Entry] = []
        room = PAGE
        for entry in self._printed():
            room -= len(_visible(str(entry)).encode()) + ROW
            if room < 0:
                return shown, rest("log", self.trace, entry.record)
            shown.append(entry)
        return shown, rest("log", self.trace, len(self.trace))

    def __str__(self) -> str:
        if not self.format:
            return str(self.trace.origin.text(self.trace.cut.events, len(self.trace.events)))
        return "".join(map(str, self.entries))

    def __repr__(self) -> str:
        entries, left_out = self._fitting
        return "".join(_cut(str(entry)) for entry in entries) + left_out

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def everything(self) -> Page:
        """Give all that a page of it needs."""
        return Page(f"Log of {count(len(self.trace.events), 'event')}", self._html())

    def _html(self) -> str:
        (entries, left_out), places = self._fitting, self.trace.ran
        rows = (_row(entry, places[entry.thread]) for entry in entries)
        return page("log", "".join(rows) + (left_out and f"<p>{left_out}</p>"))


def _cut(text: str) -> str:
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]}… {more} more letters\n"


def _row(entry: Entry, place: int) -> str:
    mark = number(entry.number) if entry.number else "<i></i>"
    on_thread = chip(_visible(entry.on_thread), place) if entry.on_thread else ""
    after = _visible(entry.after.rstrip())
    return f'<div class="entry">{mark}<pre>{_visible(entry.before)}{on_thread}{after}</pre></div>'


def _visible(text: str) -> str:
    """Escape for a page; what would steer a terminal or turn text around becomes readable."""
    shown = (c if c.isprintable() or c in "\n\t" else f"\\u{{{ord(c):x}}}" for c in _cut(text))
    return escape("".join(shown))


@dataclass
class _Timing:
    """How long a span was entered and how long not, in nanoseconds."""

    last: int
    busy: int = 0
    idle: int = 0
    entered: int = 0

    def step(self, now: int, change: int) -> None:
        if self.entered == 0:
            self.idle, self.last = self.idle + now - self.last, now
        elif self.entered + change == 0:
            self.busy, self.last = self.busy + now - self.last, now
        self.entered += change


class _Replay:
    """The state of all spans, brought forward record by record."""

    def __init__(self, trace: Trace, settings: Settings, moments: frozenset[str]) -> None:
        self.trace, self.settings, self.moments = trace, settings, moments
        self.names = {id: thread.name for id, thread in trace.threads.items()}
        self.name_width = 0
        self.fields: dict[int, Fields] = {}
        self.timings: dict[int, _Timing] = {}
        self.stacks = Stacks()

    def shown(self) -> Iterator[tuple[int, int, Shown]]:
        """Give what is to be printed: of which record, and the number of the event or 0."""
        numbers = {event.index: n for n, event in self.trace.numbered}
        for record in self.trace.records:
            if isinstance(record, Event):
                event = self.show(record, record, record.parent, record.current)
                yield record.index, numbers[record.index], event
            elif isinstance(record, SpanRecorded):
                self.fields[record.span] += record.fields
            elif isinstance(record, Moment):
                if isinstance(record, SpanNew):
                    self.fields[record.span] = record.fields
                    self.timings[record.span] = _Timing(record.time)
                self.timings[record.span].step(record.time, STEPS.get(type(record), 0))
                if not isinstance(record, SpanClosed):  # that is told while the span is still open
                    self.stacks.replay(record)
                if MOMENTS[type(record)] in self.moments:
                    yield record.index, 0, self.about(record)
                if isinstance(record, SpanClosed):
                    self.stacks.replay(record)

    def about(self, record: Moment) -> Shown:
        """Show what happened to a span as an event in that span, of its level, at its place."""
        moment = MOMENTS[type(record)]
        fields: Fields = (("message", moment),)
        if moment == "close" and self.settings.time:
            timing = self.timings[record.span]
            fields += ("time.busy", _duration(timing.busy)), ("time.idle", _duration(timing.idle))
        span = replace(self.trace.spans[record.span], fields=fields)
        return self.show(record, span, record.span, self.stacks.current(record.thread))

    def show(
        self, at: Event | Moment, what: Event | SpanNew, parent: int | None, current: int | None
    ) -> Shown:
        name, settings = self.names.get(at.thread, ""), self.settings
        self.name_width = max(self.name_width, len(name.encode(errors="surrogatepass")))
        return Shown(
            _date(self.trace.started + at.time) if settings.time else "",
            what.level, what.target, what.fields,
            file_name(what.file) if settings.file else "", what.line if settings.line else 0,
            at.thread, name, self.name_width, self.scope(parent), self.scope(current),
        )  # fmt: skip

    def scope(self, span: int | None) -> Scope:
        return [(new, self.fields[new.span]) for new in self.trace.ancestors(span)]


def _date(nanoseconds: int) -> str:
    """Write a time since 1970 as the crate does, which knows years beyond those of `datetime`."""
    days, rest = divmod(nanoseconds // 1000, 86_400_000_000)
    cycles, days = divmod(days, CYCLE)
    date = datetime(1970, 1, 1) + timedelta(days, microseconds=rest)
    year = date.year + 400 * cycles
    return f"{'+' if year > 9999 else ''}{year:04}{date:-%m-%dT%H:%M:%S.%fZ}"


def _duration(nanoseconds: int) -> Text:
    value = float(nanoseconds)
    for unit in ("ns", "µs", "ms", "s"):
        for limit, digits in ((10, 2), (100, 1), (1000, 0)):
            if value < limit:
                return Text(f"{value:.{digits}f}{unit}")
        value /= 1000
    return Text(f"{value * 1000:.0f}s")
