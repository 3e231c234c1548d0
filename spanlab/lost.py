"""The span stacks, replayed; and which tasks lost their parent: the span they were spawned in.

The one guess that views make: a reader may have expected a task to stay in the span that was
current where it was spawned.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from weakref import ref

from spanlab import stack
from spanlab.record import (
    Event,
    Record,
    SpanClosed,
    SpanEntered,
    SpanExited,
    SpanNew,
    TaskSpawned,
    Trace,
)


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


@dataclass(frozen=True, slots=True)
class Pushed:
    """One entry of a stack: who pushed it, and whether the span was on the stack before."""

    by: SpanEntered
    duplicate: bool


class Stacks:
    """Every thread's span stack, replayed record by record with the rule of `stack`."""

    def __init__(self) -> None:
        self._stacks: defaultdict[int, list[stack.Entry]] = defaultdict(list)
        self._pushed: defaultdict[int, list[Pushed]] = defaultdict(list)
        self._alive: dict[int, _Alive] = {}
        self._refs: dict[int, ref[_Alive]] = {}

    def replay(self, record: Record) -> None:
        """Do to the stacks what one record says."""
        match record:
            case SpanNew(span=span):
                self._alive[span] = _Alive(span)
                self._refs[span] = ref(self._alive[span])
            case SpanEntered(span=span) if span in self._refs:
                entries = self._stacks[record.thread]
                stack.push(entries, self._refs[span])
                self._pushed[record.thread].append(Pushed(record, entries[-1][1]))
            case SpanExited(span=span) if span in self._refs:
                self._pop(record)
            case SpanClosed(span=span):
                self._alive.pop(span, None)  # its references die, as those of a real span do

    def _pop(self, exited: SpanExited) -> None:
        entries, pushed = self._stacks[exited.thread], self._pushed[exited.thread]
        stack.pop(entries, self._refs[exited.span])
        if len(entries) < len(pushed):
            last = [at for at, entry in enumerate(pushed) if entry.by.span == exited.span][-1]
            del pushed[last]

    def current(self, thread: int) -> int | None:
        """Give the current span of a thread."""
        top = stack.top(self._stacks[thread])
        return None if top is None else top.span

    def pushed(self, thread: int) -> tuple[Pushed, ...]:
        """Give the entries of a thread's stack, the oldest first."""
        return tuple(self._pushed[thread])


class _Alive:
    __slots__ = ("__weakref__", "span")

    def __init__(self, span: int) -> None:
        self.span = span
