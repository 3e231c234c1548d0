"""Which spans and events there are.

In Rust: https://github.com/tokio-rs/tracing/tree/tracing-subscriber-0.3.23/tracing-subscriber/src/filter
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from spanlab.errors import UsageError
from spanlab.field import pairs
from spanlab.filters.directives import OFF, Directive, directives, matcher


class EnvFilter:
    """Directives that say which spans and events there are, by target, level, span and field.

    Of the targets the longest decides that matches. `[checkout]=debug` enables all up to DEBUG
    while a span `checkout` is entered on the thread. A span that is filtered out is none: what is
    made inside belongs to the nearest enabled span.

    In Rust: `tracing_subscriber::EnvFilter`. What is wrong raises `UsageError`, as `try_new` fails.

    >>> with recording(filter="warn,[checkout]=info") as trace:
    ...     info("filtered out")
    ...     info_span("checkout").in_scope(lambda: info("seen"))
    >>> trace.events[0].message
    'seen'
    """

    default = "error"  # where no directive is

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise UsageError(f"a filter is text, got {text!r:.60}. Write: filter='info,app=debug'")
        read = [*directives(text)] or [*directives(self.default)]
        dynamic = [d for d in read if d.span is not None or d.field is not None]
        static = {(d.target, d.field): d for d in read if d.span is None and d.value is None}
        self.dynamic = {d[:4]: d for d in dynamic}.values()
        self.static = sorted(static.values(), key=Directive.weight, reverse=True)
        self.matches = {d.value: matcher(d.value) for d in read if d.value is not None}
        self.least_dynamic = min((d.level for d in dynamic), default=OFF)
        self.least = 1 if self.matches else min((d.level for d in read), default=OFF)


class Targets(EnvFilter):
    """Directives of targets alone, `info,my_app::db=off`; where none matches nothing is enabled.

    In Rust: `tracing_subscriber::filter::Targets`; there `[s0]=info` is taken for an odd target.
    """

    default = "off"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if any(d.span is not None or d.value is not None for d in self.dynamic):
            raise UsageError(f"Targets know no spans and no values, got {text!r}")
        self.dynamic, self.least_dynamic = {}.values(), OFF


class Filtering:
    """A filter at work: it is told of every row, and knows what each thread is in."""

    def __init__(
        self, filter: str | EnvFilter | None, scoped: bool = False, is_alone: bool = True
    ) -> None:
        text = "trace" if filter is None else filter
        self.filter = text if isinstance(text, EnvFilter) else EnvFilter(text)
        self.thread = 1 if scoped else None  # the only one that it has anything to do with
        self.least = self.filter.least if is_alone else 0  # the other layers may want more
        self.scopes = defaultdict[int, list[int]](list)  # of each thread, the levels it is in
        self.spans: dict[int, dict[Directive, bool]] = {}  # directives, and whether values match
        self.declared: dict[Any, Collection[str]] = {}

    def enabled(
        self, thread: int, level: int, kind: str, name: str, target: str,
        fields: Collection[str] = (),
    ) -> bool:  # fmt: skip
        """Tell whether a span ("new"), an "event", or one of them may be recorded."""
        if level < self.least or (self.thread and thread != self.thread):
            return False
        if kind == "new":
            self.declared[thread, name, level, target] = fields
            if self._about(name, target, fields):
                return True
        may_be_in_scope = level >= self.filter.least_dynamic
        if may_be_in_scope and any(level >= least for least in self.scopes[thread]):
            return True
        static = self.filter.static
        asked = fields if kind == "event" else [d.field or "" for d in static]
        return next((level >= d.level for d in static if d.meets(target, asked)), False)

    def _about(self, name: str, target: str, fields: Collection[str]) -> dict[Directive, bool]:
        met = (d for d in self.filter.dynamic if d.span in (None, name) and d.meets(target, fields))
        return {directive: directive.value is None for directive in met}

    def saw(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Follow what a row says of a span, and give the row."""
        match row:
            case ["new", _, thread, _, _, _, id, _, name, level, target, fields, *_]:
                declared = self.declared[thread, name, level, target]
                self.spans[id] = self._about(name, target, declared)
                self._record(id, fields)
            case ["record", _, _, _, _, _, id, fields]:
                self._record(id, fields)
            case ["enter", _, thread, _, _, _, id, *_] if self.spans[id]:
                matching = [directive.level for directive, on in self.spans[id].items() if on]
                self.scopes[thread].append(min(matching, default=OFF))
            case ["exit", _, thread, _, _, _, id] if self.spans.get(id) and self.scopes[thread]:
                self.scopes[thread].pop()  # whichever is the last: so does the crate
            case ["close", _, _, _, _, _, id]:
                del self.spans[id]
        return row

    def _record(self, id: int, fields: Any) -> None:
        given = dict(pairs(fields))
        for directive, on in self.spans[id].items():
            if not on and directive.field in given:
                matches = self.filter.matches[directive.value or ""]
                self.spans[id][directive] = matches(given[directive.field])
