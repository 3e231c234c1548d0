"""From the entries of a log to the rows of a trace.

A log shows no numbers of spans: what has the same parent, name and fields is taken for one span,
until it closes. Where no entry tells when a span is entered, it counts as entered on a thread
from the first line that shows it there to the next line of that thread that does not.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import Any

from spanlab.field import Level, Text
from spanlab.tape import Row
from spanlab.yours.entry import Entry, Head, Pairs, Scope
from spanlab.yours.times import nanoseconds

Fields = tuple[tuple[str, Any], ...]
Key = tuple[int | None, str, Fields]  # parent, name and fields: what a log shows of a span
KEPT = 8192  # values and heads that are read once
PLAIN = {str, bool, int, float}
NOWHERE: list[int] = []
NO_PATH: tuple[Scope, list[int]] = ((), NOWHERE)
WORDS = {"true": True, "false": False}
UNKNOWN = Level.INFO  # of a span that no "new" tells of


class Rows:
    """The rows of one log, as far as its entries were added."""

    def __init__(self, texts: bool, entered: bool = False) -> None:
        self.rows: list[Row] = []
        self._texts = texts  # values are what `Debug` gave, not JSON
        self._entered = entered  # entries tell when spans are entered
        self._open: dict[Key, int] = {}
        self._known: dict[int, Key] = {}
        self._threads: dict[tuple[int | None, str], int] = {}
        self._stacks: defaultdict[int, list[int]] = defaultdict(list)
        self._paths: dict[int, tuple[Scope, list[int]]] = {}  # by the identity of a scope
        self._levels: dict[str, int] = {}
        self._kinds: set[str] = set()
        self._time = 0
        self._spans = 0
        self._place: tuple[str, int] = ("", 0)

    @property
    def missing(self) -> tuple[str, ...]:
        """Name what no entry shows."""
        events = [row for row in self.rows if row[0] == "event"]
        shown = {
            "threads": any(map(any, self._threads)),
            "places in the source": any(row[4] or row[5] for row in events),
            "times": any(row[1] for row in self.rows),
            "levels": any(self._levels),
            "targets": any(row[7] for row in events),
            "when spans begin and end": bool(self._kinds & {"new", "enter"}),
        }
        return tuple(what for what in shown if self._threads and not shown[what])

    def add(self, entry: Entry) -> bool:
        """Write the rows of an entry; tell whether one of them is an event."""
        kind, head = entry.kind, entry.head
        if kind == "noise":
            return False
        if entry.time and (time := nanoseconds(entry.time)) is not None:
            self._time = time
        thread = self._threads.get((head.thread, head.thread_name)) or self._thread(head)
        self._place = head.file, head.line
        if kind != "event":
            self._kinds.add(kind)
            self._moment(kind, self._path(entry, thread), thread)
            return False
        path = NOWHERE
        if scope := entry.scope:
            known, path = self._paths.get(id(scope), NO_PATH)
            if known is not scope:
                path = self._path(entry, thread)
        if self._stacks[thread] != path and not self._entered:
            self._enter(path, thread)
        fields, leaf = self._fields(entry.fields), path[-1] if path else None
        if entry.message is not None:
            fields = (("message", _text(entry.message)), *fields)
        level = self._levels.get(head.level) or self._level(head)
        row = (
            "event", self._time, thread, None, head.file, head.line, level, head.target, fields,
            leaf, leaf,
        )  # fmt: skip
        self.rows.append((*row, False, " ".join(entry.unsure)) if entry.unsure else row)
        return True

    def _moment(self, kind: str, path: list[int], thread: int) -> None:
        if kind in ("enter", "exit") and path:
            self._row(kind, thread, path[-1])
        elif kind == "close" and path:
            self._close(path[-1], thread)

    def _level(self, head: Head) -> int:
        level = int(Level[head.level] if head.level else UNKNOWN)
        return self._levels.setdefault(head.level, level)

    def _row(self, kind: str, thread: int, *what: Any) -> None:
        self.rows.append((kind, self._time, thread, None, *self._place, *what))

    def _thread(self, head: Head) -> int:
        number = head.thread or max(self._threads.values(), default=0) + 1
        if number not in self._threads.values():
            self._place = "", 0
            self._row("thread", number, head.thread_name)
        self._threads[head.thread, head.thread_name] = number
        return number

    def _fields(self, fields: Pairs) -> Fields:
        if self._texts:
            return tuple([(name, _value(value)) for name, value in fields])
        return tuple(
            [pair if type(pair[1]) in PLAIN else (pair[0], Text(pair[1])) for pair in fields]
        )

    # --- spans -----------------------------------------------------------------------------------

    def _path(self, entry: Entry, thread: int) -> list[int]:
        """Give the numbers of an entry's spans, root to leaf; those not seen before are made."""
        path: list[int] = []
        parent: int | None = None
        for depth, (name, pairs) in enumerate(entry.scope, 1):
            is_new = entry.kind == "new" and depth == len(entry.scope)
            key = parent, name, self._fields(pairs)
            parent = self._open.get(key) if not is_new else None
            if parent is None:
                parent = self._make(key, thread, entry if is_new else None)
            path.append(parent)
        if len(self._paths) > KEPT:
            self._paths.clear()
        self._paths[id(entry.scope)] = entry.scope, path  # readers give lines alike one scope
        return path

    def _make(self, key: Key, thread: int, told: Entry | None) -> int:
        parent, name, fields = key
        self._spans += 1
        if key in self._open:
            self._paths.clear()
        self._open[key], self._known[self._spans] = self._spans, key
        level = self._level(told.head) if told else UNKNOWN
        place, self._place = self._place, self._place if told else ("", 0)
        target = told.head.target if told else ""
        self._row("new", thread, self._spans, parent, name, int(level), target, fields)
        self._place = place
        return self._spans

    def _close(self, span: int, thread: int) -> None:
        self._leave(thread, span)
        self._row("close", thread, span)
        if self._open.get(self._known[span]) == span:
            del self._open[self._known[span]]
            self._paths.clear()

    def _leave(self, thread: int, span: int) -> None:
        while span in self._stacks[thread]:
            self._row("exit", thread, self._stacks[thread].pop())

    def _enter(self, path: list[int], thread: int) -> None:
        """Enter what a line shows, and exit what it no longer shows."""
        stack = self._stacks[thread]
        same, shown = 0, (self._time, thread, None, *self._place)
        for mine, other in zip(stack, path, strict=False):
            if mine != other:
                break
            same += 1
        self.rows += [("exit", *shown, span) for span in reversed(stack[same:])]
        self.rows += [("enter", *shown, span) for span in path[same:]]
        stack[same:] = path[same:]


_text = lru_cache(KEPT)(Text)


@lru_cache(KEPT)
def _value(text: str) -> Any:
    """Read what `Debug` wrote; `3` may be a number or `%3`: a log does not say."""
    if text in WORDS:
        return WORDS[text]
    if text.isascii() and text.lstrip("-").isdigit() and len(text) < 40:
        number = int(text)
        return number if str(number) == text else Text(text)
    return Text(text)
