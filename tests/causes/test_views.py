"""What `why` calls lost is red in every view, and nothing else is.

The programs are the random ones of `tests/conformance`, and all that readers meet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from promises import answers
from soak import often
from stepping import steps_of
from told import every
from written import Writer, execute, files, programs

from spanlab import (
    CurrentThread,
    Trace,
    VirtualThreads,
    compare,
    info,
    info_span,
    run,
    spawn,
    spawn_blocking,
    spawn_thread,
)
from spanlab.view.graph import picture
from spanlab.view.lanes import strip
from spanlab.view.places import Places
from spanlab.view.stepper import packed
from spanlab.view.tree import nodes, titles_of


def random_programs() -> Iterator[Trace]:
    """Run each twentieth of the 600 programs on one thread, and on two workers."""
    for program in [*programs("current_thread", "guards")][::20]:
        for on in CurrentThread(), VirtualThreads(2):
            yield execute(files(Writer(program).text), on)


def what_readers_meet() -> Iterator[Trace]:
    """Run some programs of the article, the lessons, the pitfalls and the playground."""
    yield from (trace for _, trace in islice(every(), None, None, often(4, 1)))


def red_in_graph(trace: Trace) -> set[int]:
    """Give the numbers of the events that are marked, or hang below what is."""
    every, marked = {node.key: node for node in nodes(trace)}, set[str]()
    for key, node in every.items():
        if node.lost or node.parent in marked:
            marked.add(key)
    return {number for key in marked for number in every[key].numbers}


def red_in_lanes(trace: Trace) -> set[int]:
    _, parts = strip(Places(trace, titles_of(trace)))
    return {int(n) for *_, svg in parts
            for n in re.findall(r'class="mark lost".*?>(\d+)</text>', svg)}  # fmt: skip


def red_in_stepper(trace: Trace) -> set[int]:
    data = json.loads(packed(trace, picture(trace)))
    lost = {steps_of(data).index(int(step)) for step in data["lost"]}
    return {n for n, event in enumerate(trace.events, 1) if event.index in lost}


def red_in_compare(trace: Trace) -> set[int]:
    return {pair.bug.number for pair in compare(trace, trace).pairs if pair.bug and pair.bug.lost}


@pytest.mark.parametrize("traces", [random_programs, what_readers_meet])
def test_what_is_lost_is_red_in_every_view_and_nothing_else_is(
    traces: Callable[[], Iterator[Trace]],
) -> None:
    """The views mark by the records alone, and agree with every answer of `why`."""
    lost = fine = 0
    for trace in traces():
        said = {answer.number for answer in answers(trace) if answer.lost}
        assert red_in_graph(trace) == said
        assert red_in_lanes(trace) == said
        assert red_in_stepper(trace) == said
        assert red_in_compare(trace) == said
        lost, fine = lost + len(said), fine + len(trace.events) - len(said)
    assert lost >= often(10, 50)
    assert fine > 30


def test_both_lines_that_leave_the_runtime_are_red() -> None:
    """Lesson 10: one on a thread of the blocking pool, one on a thread of the program's own."""

    async def main() -> None:
        with info_span("work").enter():
            handle = spawn_blocking(lambda: info("in the pool"))
            spawn_thread(lambda: info("on its own")).join()
            info("at home")
        await handle

    trace = run(main())
    red = {trace.events[number - 1].message for number in red_in_graph(trace)}
    assert red == {"in the pool", "on its own"}
    assert red == {answer.event.message for answer in answers(trace) if answer.lost}


def test_a_part_of_a_trace_marks_what_the_whole_marks() -> None:
    """Each stretch to the end, and the trace that was saved: a named parent is known in all."""

    async def job() -> None:
        info("free", parent=None)
        info("lost")

    async def main() -> None:
        with info_span("work").enter():
            handle = spawn(job())
        await handle

    trace = run(main(), on=CurrentThread())
    lost = trace.events[1].index
    for whole in trace, Trace.from_json(trace.to_json()):
        assert red_in_graph(whole) == {2}
        for first in range(len(whole)):
            assert red_in_graph(whole[first:]) == ({2} if first <= lost else set())
