"""From the entries of a log to the rows of a trace.

A log shows no numbers of spans: what has the same parent, name and fields is taken for one span,
until it closes. Where no entry tells when a span is entered, it counts as entered on a thread
from the first line that shows it there to the next line of that thread that does not.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import takewhile
from operator import eq
from typing import Any

from spanlab.field import Level, Text
from spanlab.tape import Row
from spanlab.yours.entry import Entry, Pairs, Scope
from spanlab.yours.times import nanoseconds

Fields = tuple[tuple[str, Any], ...]
Key = tuple[int | None, str, Fields]  # parent, name and fields: what a log shows of a span
KEPT = 8192  # values and scopes that are read once
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
        self._time = 0
        self._spans = 0
        self._place: tuple[str, int] = ("", 0)

    def add(self, entry: Entry) -> bool:
        """Write the rows of an entry; tell whether one of them is an event."""
        if entry.kind == "noise":
            return False
        time = nanoseconds(entry.time) if entry.time else None
        self._time = self._time if time is None else time
        thread, self._place = self._thread(entry), (entry.file, entry.line)
        path = self._path(entry, thread)
        if entry.kind == "event":
            self._enter(path, thread)
            fields = self._fields(entry.fields)
            said = () if entry.message is None else (("message", Text(entry.message)),)
            level = Level[entry.level] if entry.level else UNKNOWN
            leaf = path[-1] if path else None
            more = (False, " ".join(entry.unsure)) if entry.unsure else ()
            self._row("event", thread, int(level), entry.target, said + fields, leaf, leaf, *more)
            return True
        if entry.kind in ("enter", "exit") and path:
            self._row(entry.kind, thread, path[-1])
        elif entry.kind == "close" and path:
            self._close(path[-1], thread)
        return False

    def _row(self, kind: str, thread: int, *what: Any) -> None:
        self.rows.append((kind, self._time, thread, None, *self._place, *what))

    def _thread(self, entry: Entry) -> int:
        key = entry.thread, "" if entry.thread else entry.thread_name
        if key not in self._threads:
            number = entry.thread or max(self._threads.values(), default=0) + 1
            if number not in self._threads.values():
                place, self._place = self._place, ("", 0)
                self._row("thread", number, entry.thread_name)
                self._place = place
            self._threads[key] = number
        return self._threads[key]

    def _fields(self, fields: Pairs) -> Fields:
        read = _value if self._texts else _json_value
        return tuple([(name, read(value)) for name, value in fields])

    # --- spans -----------------------------------------------------------------------------------

    def _path(self, entry: Entry, thread: int) -> list[int]:
        """Give the numbers of an entry's spans, root to leaf; those not seen before are made."""
        path: list[int] = []
        if not entry.scope:
            return path
        scope, known = self._paths.get(id(entry.scope), (None, path))
        if scope is entry.scope and entry.kind == "event":
            return known
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
        self._paths.clear()
        self._open[key], self._known[self._spans] = self._spans, key
        level = Level[told.level] if told and told.level else UNKNOWN
        place, self._place = self._place, self._place if told else ("", 0)
        target = told.target if told else ""
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
        if self._entered or stack == path:
            return
        same = sum(1 for _ in takewhile(bool, map(eq, stack, path)))
        while len(stack) > same:
            self._row("exit", thread, stack.pop())
        for span in path[same:]:
            stack.append(span)
            self._row("enter", thread, span)


@lru_cache(KEPT)
def _value(text: str) -> Any:
    """Read what `Debug` wrote; `3` may be a number or `%3`: a log does not say."""
    if text in WORDS:
        return WORDS[text]
    if text.isascii() and text.lstrip("-").isdigit() and len(text) < 40:
        number = int(text)
        return number if str(number) == text else Text(text)
    return Text(text)


def _json_value(value: Any) -> Any:
    """Take a value as JSON gives it; what is no text, number or boolean becomes text."""
    return value if isinstance(value, str | bool | int | float) else Text(value)
