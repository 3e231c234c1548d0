"""What becomes of the span stacks, record by record, as changes: the browser knows no rule."""

from __future__ import annotations

from collections.abc import Iterator
from operator import eq
from typing import NamedTuple

from spanlab.evidence.replay import Stacks
from spanlab.record import SpanClosed, SpanEntered, SpanExited
from spanlab.traces import Trace


class Change(NamedTuple):
    """What a record does to one stack: how many entries it takes off the top, what it puts on.

    An entry is the index of the record that pushed it, or `~index` if the span was on the stack
    before. `current` is the span that is current then.
    """

    record: int
    thread: int
    off: int
    on: list[int]
    current: int | None


def changes(trace: Trace) -> Iterator[Change]:
    """Give all changes, in order; a span that closes may change more than one stack."""
    stacks, stood = Stacks(), dict[int, tuple[list[int], int | None]]()
    for record in trace.records:
        stacks.replay(record)
        if not isinstance(record, SpanEntered | SpanExited | SpanClosed):
            continue
        for thread in list(stood) if isinstance(record, SpanClosed) else [record.thread]:
            before, was = stood.get(thread, ([], None))
            entries = [~by.index if second else by.index for by, second in stacks.pushed(thread)]
            current = stacks.current(thread)
            if (entries, current) != (before, was):
                stood[thread] = entries, current
                same = [*map(eq, before, entries), False].index(False)
                yield Change(record.index, thread, len(before) - same, entries[same:], current)


def exits(trace: Trace) -> dict[int, int]:
    """Tell by which record each entry left its stack; both are given by their indices."""
    found, stood = dict[int, int](), dict[int, list[int]]()
    for index, thread, off, on, _ in changes(trace):
        stack = stood.setdefault(thread, [])
        left = stack[len(stack) - off :]
        stack[len(stack) - off :] = on
        back = {max(entry, ~entry) for entry in on}  # below one that left in the middle
        found |= {at: index for entry in left if (at := max(entry, ~entry)) not in back}
    return found
