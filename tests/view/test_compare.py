"""`compare`: what differs between two runs, in a sentence, in text and on a page."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import programs
import pytest

from spanlab import (
    CurrentThread,
    Seeded,
    Trace,
    UsageError,
    VirtualThreads,
    compare,
    info,
    info_span,
    instrument,
    recording,
    run,
    spawn,
    yield_now,
)

NASTY = "<script>alert(1)</script>'\"` ]]> \u202e\n " + "x" * 10_000


def said(*messages: str, span: str | None = None) -> Trace:
    """Record messages, all in one span or in none."""
    with recording() as trace:
        if span is None:
            _ = [info(message) for message in messages]
        else:
            info_span(span).in_scope(lambda: [info(message) for message in messages])
    return trace


def pairs(bug: Trace, fixed: Trace) -> list[tuple[int | None, int | None]]:
    return [
        (pair.bug and pair.bug.number, pair.fixed and pair.fixed.number)
        for pair in compare(bug, fixed).pairs
    ]


def page(bug: Trace, fixed: Trace) -> str:
    """The page without its stylesheet."""
    shown = compare(bug, fixed)._repr_mimebundle_()["text/html"]
    return shown.partition("</style>")[2]


def test_the_sentence_says_what_differs() -> None:
    """The fix of the article: one event has other parents."""
    both = compare(run(programs.spawned()()), run(programs.spawned_instrumented()()))
    assert both.sentence == "`performing task`: no span → `work › spawned sub_task`."
    assert repr(both) == f"<Comparison: {both.sentence}>"


@pytest.mark.parametrize("main", programs.ARTICLE, ids=lambda main: main.__name__)
def test_a_run_does_not_differ_from_itself(main: Callable[[], Any]) -> None:
    """The same program twice, with the same schedule."""
    both = compare(run(main()()), run(main()()))
    assert both.sentence.startswith("Nothing differs")
    assert not any(pair.differs for pair in both.pairs)


def test_the_thread_counts_only_if_nothing_else_differs() -> None:
    """On one thread the same parents are lost; the thread is marked, and said last."""
    many, one = run(programs.spawned()()), run(programs.spawned()(), on=CurrentThread())
    both = compare(many, one)
    assert both.sentence == (
        "Every event has the same parents; 1 event ran on another thread: "
        "`performing task`: ThreadId(17) → ThreadId(1)."
    )
    assert [pair.elsewhere for pair in both.pairs] == [False, False, False, True]
    assert page(many, one).count("chip h1 other") == page(many, one).count("chip h0 other") == 1


def test_events_are_paired_by_message_and_order() -> None:
    """The first of a message belongs to the first; what is only in one run has no partner."""
    assert pairs(said("a", "b", "a"), said("a", "a", "b")) == [(1, 1), (2, 3), (3, 2)]
    assert pairs(said("a", "b"), said("new", "a", "c")) == [(None, 1), (1, 2), (2, None), (None, 3)]
    assert pairs(said(), said()) == []


def test_what_is_only_in_one_run_is_said() -> None:
    """Each with the run that has it."""
    both = compare(said("a", "b"), said("a", "c"))
    assert both.sentence == "`b` is only in first; `c` is only in second."
    assert "not in second" in page(said("a", "b"), said("a"))


def test_many_differences_are_counted() -> None:
    """Equal ones are one, of different ones three are named."""
    assert compare(said("a", "a"), said("a", "a", span="s")).sentence == (
        "`a`: no span → `s` (×2)."
    )
    names = [f"m{n}" for n in range(6)]
    sentence = compare(said(*names), said(*names, span="s")).sentence
    assert sentence.endswith("`m2`: no span → `s`; 3 more differ.")


def test_the_text_is_a_diff_with_both_graphs() -> None:
    """Lines that differ stand twice, with the signs of a diff."""
    text = str(compare(said("a", "b"), said("a", "b", span="work")))
    assert "- ① a  (no span, ThreadId(1))\n+ ① a  (work, ThreadId(1))\n" in text
    assert "bug: 0 spans and 2 events" in text
    assert "fixed: 1 span and 2 events" in text


def test_a_difference_has_a_sign_and_not_only_a_colour() -> None:
    """Minus and plus; both graphs are pictures with their sentence."""
    html = page(run(programs.spawned()()), run(programs.spawned_instrumented()()))
    assert html.count('<span class="sign">−</span>') == 1
    assert html.count('<span class="sign">+</span>') == 1
    assert html.count("<figure ") == 2


def lucky(seed: int) -> Trace:
    """Run a program whose guard is still on the stack of a worker, or is not."""

    async def guilty() -> None:
        with info_span("guilty").enter():
            await yield_now()

    async def innocent() -> None:
        info("innocent")

    async def main() -> None:
        info("in main")
        one, other = spawn(guilty()), spawn(innocent())
        await one
        await other

    return run(main(), on=VirtualThreads(2, Seeded(seed)))


def test_a_luckier_schedule_of_one_program_is_not_called_fixed() -> None:
    """The sides are first and second, none is red or green, and it says from what to what."""
    traces = {trace.scope(trace.events[-1]): trace for trace in map(lucky, range(30))}
    both = compare(traces["guilty",], traces[()])
    assert both.sentence == "`innocent`: `guilty` → no span."
    assert both.names == ("first", "second")
    assert "sl-neutral" in page(traces["guilty",], traces[()])
    assert "fixed" not in str(both)
    named = compare(traces["guilty",], traces[()], names=("seed 1", "seed 2"))
    assert named.names == ("seed 1", "seed 2")


def test_a_program_with_one_function_replaced_is_another_program() -> None:
    """Main begins at the same place; what both say comes from other places."""

    async def bare() -> None:
        info("working")

    @instrument
    async def spanned() -> None:
        info("working")

    async def main(work: Callable[[], Any]) -> None:
        info("in main")
        await work()

    assert compare(run(main(bare)), run(main(spanned))).names == ("bug", "fixed")
    assert compare(run(main(bare)), run(main(bare))).names == ("first", "second")


def test_what_lost_its_parent_is_said_in_its_line() -> None:
    """In the text and on the page, and on the side where it is so."""
    bug, fixed = run(programs.spawned()()), run(programs.spawned_instrumented()())
    assert "- ④ performing task  (no span, parent lost, ThreadId(" in str(compare(bug, fixed))
    assert page(bug, fixed).count('<span class="lost">parent lost</span>') == 1


def test_two_runs_of_which_neither_is_a_fix_have_names_of_their_own() -> None:
    """The names stand on the page, in the text and in the sentence, and no side is red or green."""
    both = compare(said("a", "b"), said("a", "c"), names=("old", "new"))
    assert both.sentence == "`b` is only in old; `c` is only in new."
    assert both.names == ("old", "new")
    assert "old: 0 spans and 2 events" in str(both)
    html = both._repr_mimebundle_()["text/html"].partition("</style>")[2]
    assert "sl-neutral" in html
    assert '<p class="title">old</p><p class="title">new</p>' in html
    assert "not in new" in html
    assert '<span class="sign">≠</span>' in html
    bug, fixed = run(programs.spawned()()), run(programs.spawned_instrumented()())
    assert "sl-neutral" not in page(bug, fixed)


@pytest.mark.parametrize("names", [5, {"a", "b"}, "ab", ("a",), ("a", 1), ("a", "b", "c")])
def test_names_are_two_texts(names: Any) -> None:
    """The error shows the call."""
    with pytest.raises(UsageError, match=r'Write: compare\(one, other, names=\("one", "other"\)\)'):
        compare(said(), said(), names=names)


def test_hostile_names_stay_text() -> None:
    """Nothing executes, nothing turns around, nothing is long."""
    bug, fixed = said(NASTY), said(NASTY, span=NASTY)
    text, html = str(compare(bug, fixed)), page(bug, fixed)
    html += str(compare(bug, fixed, names=(NASTY, NASTY))._repr_mimebundle_()["text/html"])
    assert "<script" not in html
    assert "\u202e" not in html + text + repr(compare(bug, fixed))
    assert len(text) < 3_000


def test_a_long_log_is_cut() -> None:
    """A page and the text show the first lines, and say how many are left out, and how to go on."""
    bug, fixed = (
        said(*(f"m{n}" for n in range(600))),
        said(*(f"m{n}" for n in range(600)), span="s"),
    )
    rest = "100 more lines are left out. Write: compare(bug[501:], fixed[503:])"
    assert html.unescape(page(bug, fixed)).count(rest) == str(compare(bug, fixed)).count(rest) == 1
    assert "m499" in page(bug, fixed)
    assert "m500" not in page(bug, fixed) + str(compare(bug, fixed)).partition("bug: ")[0]
    onward = compare(bug[501:], fixed[503:])
    assert (onward.pairs[0].bug and onward.pairs[0].bug.number) == 501
    assert len(onward.pairs) == 100


def test_of_a_very_long_run_the_beginning_is_compared() -> None:
    """The sentence says so: what is only in one of them may come later in the other."""
    bug, fixed = said(*(f"m{n}" for n in range(6000))), said("m0")
    sentence = compare(bug, fixed).sentence
    assert sentence.startswith("In the first 5001 and 2 records: `m1` is only in first; ")
    assert "4500 more lines are left out." in page(bug, fixed)


@pytest.mark.parametrize("wrong", [None, "bug", programs.spawned])
def test_what_is_no_trace_is_refused(wrong: Any) -> None:
    """The error shows the call."""
    with pytest.raises(UsageError, match=r"compare\(run\(bug\(\)\), run\(fixed\(\)\)\)"):
        compare(said(), wrong)
