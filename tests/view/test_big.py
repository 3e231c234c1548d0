"""Traces larger than a page: what every view makes of them, and that it says what it left out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from big import BIG, LARGEST, events, made, page
from soak import SOAK, often

from spanlab import Trace, graph, lanes, log, step


@pytest.mark.parametrize("make", BIG, ids=lambda make: make.__name__)
def test_no_view_makes_more_than_a_page_holds(make: Callable[[int], Trace]) -> None:
    """At most 1 MB, from traces that are large in each way; the seconds are printed only."""
    for records in (3_000, often(20_000, 250_000)):
        for view, size, seconds in made(make, records):
            if SOAK:
                print(f"{make.__name__}, {records:,} records, {view}: {size:,} B, {seconds:.2f} s")
            assert size <= LARGEST, view


@pytest.mark.parametrize("view", [log, graph, lanes, step])
def test_what_is_left_out_can_be_asked_for(view: Callable[[Trace], object]) -> None:
    """The words are a call; from part to part one comes to the end, and no record is passed."""
    trace, first, parts = events(3_000), 0, 0
    while True:
        part = trace[first:]
        shown = repr(view(part))
        parts += 1
        left_out = re.findall(rf"left out\. Write: {view.__name__}\(trace\[(\d+):\]\)", shown)
        if not left_out:
            break
        assert first < int(left_out[0]) < len(trace)
        first = int(left_out[0])
    assert parts > 1 or view is step
    assert part.numbered[-1][0] == 2_999


def test_a_log_is_cut_on_a_page_and_whole_as_text() -> None:
    """`str` is what the crate prints, for a file; a prompt and a page get a beginning."""
    shown = log(events(5_000))
    assert str(shown).count("INFO") == len(shown.entries) == 4_999
    assert repr(shown).count("INFO") < 1_000
    assert repr(shown) == shown._repr_mimebundle_()["text/plain"]


def test_a_huge_entry_of_a_log_is_cut() -> None:
    """With the number of letters that are not shown."""
    trace = Trace([*events(2).rows, ("event", 1, 1, None, "", 0, 3, "t", (("n", "x" * 10**6),),
                                     None, None)])  # fmt: skip
    assert page(log(trace)) < 25_000
    assert "more letters" in repr(log(trace))
    assert "x" * 10**6 in str(log(trace))
