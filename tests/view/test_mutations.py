"""A trace that somebody changed: it is refused when it is loaded, or every view can show it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import programs
import pytest
from mutate import mutated
from soak import often, went_well
from stepping import hostile, leaking, many

from spanlab import (
    Trace,
    UsageError,
    compare,
    graph,
    info,
    info_span,
    join,
    lanes,
    log,
    run,
    select,
    sleep,
    spawn,
    step,
    why,
)

GROUPS = 10  # tests, each of which tries every so-many-th mutation


async def branches() -> None:
    """Have futures that are joined, wrapped, given away and dropped."""

    async def part(name: str) -> None:
        await sleep(0.01)
        info(name)

    work = info_span("work", n=1)
    await join(work.instrument(part("a")), part("b"))
    await select(part("c"), sleep(1), biased=True)
    spawn(part("never")).abort()


SAVED = [
    trace.to_json()
    for trace in (
        *(run(main()()) for main in programs.ARTICLE[:3]), run(branches()), leaking(),
        many(2), many(3)[30:60], hostile("\u202e</script>"),
    )
]  # fmt: skip
VIEWS: tuple[Callable[[Trace], Any], ...] = (
    lambda trace: [
        str(log(trace, form, time=True, span_events="full"))
        for form in ("pretty", "full", "compact", "json")
    ],
    log, graph, lanes, step,
    lambda trace: [why(trace, number) for number, _ in trace.numbered[-2:]],
    lambda trace: compare(trace, Trace.from_json(SAVED[0])),
    lambda trace: Trace.from_json(trace.to_json()),
    lambda trace: graph(trace[len(trace) // 2 :]),
    lambda trace: lanes(trace[len(trace) // 3 : -1]),
)  # fmt: skip


def shown(text: str) -> bool:
    """Show a trace in every view, as a notebook does; tell whether it was taken at all."""
    try:
        trace = Trace.from_json(text)
    except UsageError:
        return False
    for view in VIEWS:
        made = view(trace)
        for one in made if isinstance(made, list) else [made]:
            repr(one)
            getattr(one, "_repr_mimebundle_", str)()
    return True


@pytest.mark.parametrize("group", range(GROUPS))
def test_a_changed_trace_is_refused_or_shown(group: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all views, whatever was changed; `make soak` tries 5,000."""
    # An engine takes longer than all else, and the tests of hostile names have one.
    monkeypatch.setattr(sys.modules["spanlab.view.graph"], "draw", lambda dot: "")
    taken, tried, longest = 0, 0, 0.0
    for number in range(group, often(200, 5_000), GROUPS):
        text, start = mutated(SAVED[number % len(SAVED)], number), time.monotonic()
        try:
            taken += shown(text)
        except Exception as error:
            error.add_note(f"mutated(SAVED[{number % len(SAVED)}], {number})")
            raise
        tried, longest = tried + 1, max(longest, time.monotonic() - start)
    assert taken
    went_well("a changed trace: refused, or shown in every view", tried, longest)


@pytest.mark.parametrize("text", SAVED, ids=range(len(SAVED)))
def test_an_unchanged_trace_is_shown(text: str) -> None:
    """So that what is refused is refused for its change."""
    assert shown(text)
