"""The span stacks, replayed; and which tasks lost their parent: the span they were spawned in.

The one guess that views make: a reader may have expected a task to stay in the span that was
current where it was spawned.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from spanlab import stack
from spanlab.record import Event, Record, SpanClosed, SpanEntered, SpanExited, SpanNew, TaskSpawned
from spanlab.traces import Trace


def lost_parents(trace: Trace) -> dict[int, int]:
    """Give the first record without a parent in each task, and the span it was spawned in.

    Both are numbers: the index of the record, and the span that was current where the
    task was spawned. What the span stacks held is replayed from the records.
    """
    stacks, alive = Stacks(), trace.spans
    wanted: dict[int | None, int] = {}
    lost: dict[int, int] = {}
    for record in trace.records:
        stacks.replay(record)
        current = stacks.current(record.thread)
        match record:
            case TaskSpawned(spawned=task) if current in alive:
                wanted[task] = current
            case SpanNew(parent=None) | Event(parent=None, current=None):
                if current is None and record.task in wanted:
                    lost[record.index] = wanted.pop(record.task)
    return lost


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
