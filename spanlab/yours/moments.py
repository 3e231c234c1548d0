"""A trace moment by moment: each event, and each change of the span stack of a thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from spanlab.evidence.labels import Labels
from spanlab.evidence.replay import Stacks, lost_parents
from spanlab.record import Event
from spanlab.traces import Trace
from spanlab.view.tree import titles_of
from spanlab.view.words import circled, message, visible

WORDS = 160  # letters of a message


class Moment(NamedTuple):
    """What a thread has on its stack from a time on; `event` is what was logged then, if it was.

    `seconds` count from the first record. `lost` is the span that the event lost, where a trace
    tells it; what a log cannot tell, only `suspects` guesses.
    """

    seconds: float
    thread: str
    stack: list[str]
    event: str = ""
    spans: tuple[str, ...] = ()  # of the event, root to leaf
    lost: str = ""


def moments(trace: Trace) -> Iterator[Moment]:
    """Give the moments of a trace, in its order."""
    titles, label, lost = titles_of(trace), cache(Labels(trace).of), lost_parents(trace)
    stacks, before = Stacks(), dict[int, list[str]]()
    numbers = {event.index: number for number, event in trace.numbered}
    for record in trace.records:
        stacks.replay(record)
        thread, stack = record.thread, [label(one.by.span) for one in stacks.pushed(record.thread)]
        seconds = (record.time - trace.records[0].time) / 1e9
        if isinstance(record, Event):
            event = f"{circled(numbers[record.index])} {visible(message(record), WORDS)}"
            gone = label(lost[record.index]) if record.index in lost else ""
            yield Moment(seconds, titles[thread], stack, event, trace.scope(record)[::-1], gone)
        elif stack != before.get(thread, []):
            yield Moment(seconds, titles[thread], stack)
        before[thread] = stack
