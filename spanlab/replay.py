"""The span stacks, replayed; and what lost its parent: the span where its task began.

This is the one place that decides what is lost. Views mark it, and `why` explains it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from spanlab import stack
from spanlab.record import (
    Event,
    Record,
    SpanClosed,
    SpanEntered,
    SpanExited,
    SpanNew,
    TaskSpawned,
    ThreadStarted,
)
from spanlab.traces import Trace

Left = dict[tuple[int | None, int], int | None]  # by task or thread: the span where it began


def lost_parents(trace: Trace) -> dict[int, int]:
    """Give each span and event that lost a parent, and the span that it lost.

    What has no parent, named none and found nothing current has lost one if something was
    current where its task, or a thread of the program's own, began. Where nothing was, it counts
    what was where the task began that spawned it, and so on. What is in a span that lost its
    parent has lost the same.

    The keys are indices of records, the values numbers of spans.
    """
    stacks, lost, spans, left = Stacks(), dict[int, int](), trace.spans, Left()
    for record in trace.records:
        span = None
        match record:
            case TaskSpawned(spawned=task):
                left[task, 0] = _inherited(record, record.thread, stacks, left)
            case ThreadStarted() if record.line:
                starter = trace.seen(record.index).by or 1
                left[None, record.thread] = _inherited(record, starter, stacks, left)
            case SpanNew(parent=int(parent)) | Event(parent=int(parent)) if parent in spans:
                span = lost.get(spans[parent].index)
            case SpanNew(parent=None, explicit=False) | Event(parent=None, explicit=False):
                if stacks.current(record.thread) is None:
                    span = _inherited(record, record.thread, stacks, left)
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


class Stacks:
    """Every thread's span stack, replayed record by record with the rule of `stack`."""

    def __init__(self) -> None:
        self._entered: defaultdict[int, list[SpanEntered]] = defaultdict(list)
        self._open: dict[int, bool] = {}

    def replay(self, record: Record) -> None:
        """Do to the stacks what one record says."""
        match record:
            case SpanNew(span=span):
                self._open[span] = True
            case SpanEntered(span=span) if span in self._open:
                self._entered[record.thread].append(record)
            case SpanExited(span=span):
                entered = self._entered[record.thread]
                last = next((one for one in reversed(entered) if one.span == span), None)
                if last is not None:
                    stack.pop(entered, last)
            case SpanClosed(span=span):
                self._open[span] = False

    def current(self, thread: int) -> int | None:
        """Give the current span of a thread."""
        top = stack.top([entered.span for entered in self._entered[thread]])
        return top if top is not None and self._open[top] else None

    def elsewhere(self, thread: int, task: int | None) -> list[SpanEntered]:
        """Give what a task has entered on other threads and not exited."""
        others = [entered for on, entered in self._entered.items() if on != thread]
        return [e for entered in others for e in entered if e.task == task and task is not None]

    def pushed(self, thread: int) -> tuple[Pushed, ...]:
        """Give the entries of a thread's stack, the oldest first."""
        seen: set[int] = set()
        found = []
        for by in self._entered[thread]:
            found.append(Pushed(by, by.span in seen))
            seen.add(by.span)
        return tuple(found)
