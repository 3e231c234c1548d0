"""Spans are instances: two spans of one name are two, and are told apart wherever one is named.

A name that one span has alone is enough. Where others have it too, the fields tell them apart,
`request{n=1}`, and a number where they do not: `request#2`. The number does not depend on the
schedule: it goes by the task that made the span, and tasks go by who spawned them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanlab.record import SpanNew
    from spanlab.traces import Trace


class Labels:
    """The names of the spans of one trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._named: defaultdict[str, list[SpanNew]] = defaultdict(list)
        for new in trace.spans.values():
            self._named[new.name].append(new)
        self._tasks: dict[int | None, tuple[int, ...]] = {None: (), 0: ()}
        self._starters = {number: thread.task for number, thread in trace.threads.items()}
        spawned: Counter[int | None] = Counter()
        for task in trace.tasks.values():
            spawned[task.task] += 1
            self._tasks[task.spawned] = (*self._tasks[task.task], spawned[task.task])

    def of(self, span: int) -> str:
        """Name one span.

        >>> with recording() as trace:
        ...     one, other = info_span("work", n=1), info_span("work", n=2)
        >>> Labels(trace).of(other.id)
        'work{n=2}'
        """
        new = self._trace.spans[span]
        others = self._named[new.name]
        if len(others) == 1:
            return new.name
        fields = " ".join(f"{name}={value}" for name, value in new.fields)
        label = f"{new.name}{{{fields}}}" if fields else new.name
        alike = [other for other in others if other.fields == new.fields]
        if len(alike) == 1:
            return label
        alike.sort(key=lambda other: (self._tasks[self._maker(other)], other.span))
        return f"{label}#{alike.index(new) + 1}"

    def _maker(self, new: SpanNew) -> int | None:
        return new.task if new.task is not None else self._starters.get(new.thread)

    def path(self, span: int | None) -> tuple[str, ...]:
        """Name a span and its parents, leaf to root."""
        return tuple(self.of(new.span) for new in self._trace.ancestors(span))
