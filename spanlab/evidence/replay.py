"""The span stacks, replayed; and what lost its parent: the span where its task began.

This is the one place that decides what is lost. Views mark it, and `why` explains it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import reduce
from typing import Any, NamedTuple

from spanlab import record as kind
from spanlab.record import Event, Record, SpanEntered, SpanNew
from spanlab.traces import Trace

Left = dict[tuple[int | None, int], int | None]  # by task or thread: the span where it began


def lost_parents(trace: Trace) -> dict[int, int]:
    """Give the index of each span and event that lost a parent, and the span that it lost.

    What has no parent, named none and found nothing current has lost one if something was
    current where its task, or a thread of the program's own, began. Where nothing was, it counts
    what was where the task began that spawned it, and so on. What is in a span that lost its
    parent has lost the same.
    """
    stacks, lost, spans, left = Stacks(), dict[int, int](), trace.spans, Left()
    for record in trace.records:
        span, thread = None, record.thread
        match record:
            case kind.TaskSpawned(spawned=task):
                left[task, 0] = _inherited(record, thread, stacks, left)
            case kind.ThreadStarted() if record.line:
                starter = trace.seen(record.index).by or 1
                left[None, thread] = _inherited(record, starter, stacks, left)
            case SpanNew() | Event() if record.parent is not None and record.parent in spans:
                span = lost.get(spans[record.parent].index)
            case SpanNew(parent=None, explicit=False) | Event(parent=None, explicit=False):
                if stacks.current(thread) is None:
                    span = _inherited(record, thread, stacks, left)
        if span is not None:
            lost[record.index] = span
        stacks.replay(record)
    return lost


def _inherited(record: Record, thread: int, stacks: Stacks, left: Left) -> int | None:
    """Give what is current on a thread, or was where the task or the thread itself began."""
    current = stacks.current(thread)
    began = record.task, 0 if record.task is not None else thread
    return left.get(began) if current is None else current


class Pushed(NamedTuple):
    """One entry of a stack: who pushed it, and whether the span was on the stack before."""

    by: SpanEntered
    duplicate: bool


Stack = tuple[Pushed, Any] | None  # the top, and the stack below it, which stays as it is


class Stacks:
    """Every thread's span stack, replayed record by record with the rule of `stack`."""

    def __init__(self) -> None:
        self.tops: defaultdict[int, Stack] = defaultdict(lambda: None)
        self._times: Counter[tuple[int, int]] = Counter()  # that a thread has entered a span
        self._open: dict[int, bool] = {}

    def replay(self, record: Record) -> None:
        """Do to the stacks what one record says."""
        thread = record.thread
        match record:
            case SpanNew(span=span) | kind.SpanClosed(span=span):
                self._open[span] = isinstance(record, SpanNew)
            case SpanEntered(span=span) if span in self._open:
                again = self._times[thread, span] > 0
                self.tops[thread] = Pushed(record, again), self.tops[thread]
                self._times[thread, span] += 1
            case kind.SpanExited(span=span) if self._times[thread, span]:
                self._times[thread, span] -= 1
                self.tops[thread] = _without(self.tops[thread], span)

    def current(self, thread: int) -> int | None:
        """Give the current span of a thread."""
        top = next((by.span for by, again in entries(self.tops[thread]) if not again), -1)
        return top if self._open.get(top) else None

    def pushed(self, thread: int) -> tuple[Pushed, ...]:
        """Give the entries of a thread's stack, the oldest first."""
        return (*entries(self.tops[thread]),)[::-1]


def entries(stack: Stack) -> Iterator[Pushed]:
    """Give the entries of a stack, the top first."""
    while stack is not None:
        entry, stack = stack
        yield entry


def _without(stack: Stack, span: int) -> Stack:
    """Remove the last entry of a span, wherever that is."""
    above = list[Pushed]()
    while stack is not None and stack[0].by.span != span:
        above.append(stack[0])
        stack = stack[1]
    return reduce(lambda below, entry: (entry, below), reversed(above), stack and stack[1])
