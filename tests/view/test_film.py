"""`film(trace)`: the graph, thing after thing, as a picture that moves by itself."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from reference.programs import lost_parent
from stepping import leaking, many

from spanlab import CurrentThread, Trace, VirtualThreads, film, graph, recording, run
from spanlab.view.graph import picture

THING = re.compile(
    r'id="f\w{8}-([^"]*)" class="(?:node|edge)[^"]*"( style="animation-delay:(.*?)s")?'
)
TRACES = {
    "two threads": lambda: run(lost_parent()(), on=VirtualThreads(16)),
    "one thread": lambda: run(lost_parent()(), on=CurrentThread()),
    "a leak": leaking, "much": lambda: many(300),
}  # fmt: skip


@pytest.mark.parametrize("name", TRACES)
def test_each_thing_comes_when_the_trace_has_it(name: str) -> None:
    """In the order of the log; an edge comes with what it leads to, and all is there in 5 s."""
    trace: Trace = TRACES[name]()
    comes = {key.replace("&#45;", "-"): float(at) for key, _, at in THING.findall(film(trace).svg)}
    order = [comes[node.key] for node in picture(trace).nodes]
    assert order[0] == 0
    assert all(one < next for one, next in pairwise(order))
    for key, at in comes.items():
        assert at == max(comes[end] for end in key.split("-"))
        assert at + 0.4 < 5


@pytest.mark.parametrize("name", TRACES)
def test_its_end_is_the_graph(name: str) -> None:
    """Without the motion it is the same picture, with the same words beside it."""
    trace: Trace = TRACES[name]()
    moving, still = film(trace), graph(trace)
    svg = re.sub(r"<style>@media \(prefers-reduced-motion:.*?</style>", "", moving.svg)
    svg = re.sub(r' style="animation-delay:.*?"', "", svg)
    prefix = r"\bf[0-9a-f]{8}-"
    assert re.sub(prefix, "", svg) == re.sub(prefix, "", still.svg)
    assert (moving.alt, moving.text) == (still.alt, still.text)


def test_an_empty_trace_and_one_that_nothing_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to move."""
    with recording() as trace:
        pass
    assert "animation-delay" not in film(trace).svg
    monkeypatch.setattr("spanlab.view.graph.draw", lambda dot: "")
    assert film(leaking()) == graph(leaking())
