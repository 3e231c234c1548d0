"""What `explore` has found, as text and as a page: shares, what differs, and why."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from spanlab import Explored, JoinSet, Span, explore, info, info_span, join, spawn, yield_now
from spanlab.record import PollStarted
from spanlab.view.outcomes import MOST, Outcomes


async def guilty() -> None:
    with info_span("guilty").enter():
        info("before")
        await yield_now()


async def innocent(name: str) -> None:
    info(name)


async def leaking(innocents: int = 1) -> None:
    handles = [spawn(guilty()), *(spawn(innocent(f"innocent {n}")) for n in range(innocents))]
    for handle in handles:
        await handle


async def clean() -> None:
    tasks = JoinSet()
    for n in range(40):
        tasks.spawn(info_span("outer").in_scope(lambda n=n: inside(n)))
    while await tasks.join_next():
        pass


def inside(number: int) -> Any:
    return info_span("inner").instrument(innocent(f"event {number}"))


async def put(box: list[Span], **fields: int) -> None:
    box.append(info_span("request", **fields))


async def boxed(with_fields: bool) -> None:
    box: list[Span] = []
    ways = [{"n": 1}, {"n": 2}] if with_fields else [{}, {}]
    await join(*(spawn(put(box, **fields)) for fields in ways))
    info("logged", parent=box[0])
    box.clear()


async def failing() -> None:
    info("<b>said</b>")
    raise ValueError("<script>")


HERE = " of test_outcomes.py"  # the lines that reasons name


def page(found: Explored) -> str:
    html: str = Outcomes(found).html
    return html


def test_an_outcome_has_its_share_what_differs_and_a_replay() -> None:
    """What all have in common is said once."""
    found = explore(leaking)
    title, *lines = repr(found).splitlines()
    assert title.startswith("2 outcomes, and no other in any schedule (")
    assert lines[0].split() == [
        f"{found.outcomes[0].share:.0%}", "innocent", "0:", "no", "span", "Replay('')"
    ]  # fmt: skip
    assert "innocent 0: guilty" in lines[1]
    assert f"Replay({found.outcomes[1].replay!r})" in lines[1]
    assert "before: guilty" in "".join(lines[2:4])
    assert repr(found).count("before") == 1


def test_one_outcome_has_a_reason() -> None:
    """Why one run shows what every schedule shows."""
    (reason,) = Outcomes(explore(clean)).reasons
    assert "nothing looks at who was faster, and every task is waited for" in reason
    assert "leaves a span entered on its thread" in " ".join(repr(explore(leaking)).split())


async def alone_with_a_guard() -> None:
    with info_span("held").enter():
        await yield_now()


async def undone() -> None:
    spawn(innocent("seen"))


def test_what_speaks_against_one_outcome_is_not_its_reason() -> None:
    """A broken condition lets schedules differ: here they were run, and do not."""
    (reason,) = Outcomes(explore(alone_with_a_guard)).reasons
    start = "all that may show more was run, though the main future can wait with a"
    assert reason.startswith(start)
    cut = explore(lambda: leaking(5), limit=2)
    (outcome, *_), conditions = cut.outcomes, [f"{broken}{HERE}" for broken in cut.broken]
    reasons = Outcomes(replace(cut, outcomes=(outcome,))).reasons
    assert reasons == [f"no run shows more, though {conditions[0]}", *conditions[1:]]


def test_too_few_runs_prove_nothing() -> None:
    """One run of a task that nobody waits for: it does not show what all of them show."""
    (reason,) = Outcomes(explore(undone, limit=1)).reasons
    assert reason == "too few schedules were run to tell"


def test_the_path_of_spans_is_written_root_first() -> None:
    """As in every other view, and each of many spans of one name by its own."""
    assert "event 0: outer#1 › inner#1" in repr(explore(clean))


def test_above_ten_outcomes_events_are_shown_with_the_spans_they_may_get() -> None:
    """Outcomes grow as the powers of two, the spans of the events do not."""
    found = explore(lambda: leaking(5), limit=200)
    assert len(found.outcomes) > MOST
    for n in range(5):
        for spans in ("no span", "guilty"):
            share = sum(
                o.share for o in found.outcomes
                if (f"innocent {n}", () if spans == "no span" else ("guilty",)) in o.scopes
            )  # fmt: skip
            assert f"{share:4.0%}  innocent {n}: {spans}" in repr(found)


def test_text_is_at_most_a_screen() -> None:
    """Whatever was found: 30 lines of 100 letters."""
    for found in (explore(clean), explore(lambda: leaking(5), limit=200), explore(failing)):
        lines = repr(found).splitlines()
        assert len(lines) <= 30
        assert max(map(len, lines)) <= 100


def test_two_spans_of_one_name_are_two() -> None:
    """They are told apart by their fields, and by a number where they have none."""
    for with_fields, names in ((True, ["{n=1}", "{n=2}"]), (False, ["#1", "#2"])):
        found = explore(lambda with_fields=with_fields: boxed(with_fields))
        assert found.complete
        assert len(found.outcomes) == 2
        assert all(f"logged: request{name}" in repr(found) for name in names)
        assert {outcome.scopes for outcome in found.outcomes} == {
            (("logged", (f"request{name}",)),) for name in names
        }


def test_the_page_has_a_bar_for_each_outcome_and_a_tree_of_their_schedules() -> None:
    """The tree is one branch up to the choice in which the outcomes differ."""
    html = page(explore(leaking))
    assert html.count('class="bar"') == 2
    legend, _, tree = html.partition("<pre>")
    tree = tree.partition("</pre>")[0]
    threads = re.findall(r'<b class="chip (h\d)">ThreadId\(\d+\)</b>', legend)
    assert threads == list(dict.fromkeys(threads))
    assert set(re.findall(r'<b class="chip (h\d)">', tree)) == set(threads)
    assert [line[:1] for line in tree.splitlines()] == ["<", "├", "└"]
    assert tree.count(">A<") == tree.count(">B<") == 1


def test_each_outcome_that_is_shown_sends_its_trace() -> None:
    """A click opens it in the stepper, also when the kernel is gone."""
    found = explore(leaking)
    state = json.loads(Outcomes(found).everything().state)
    assert state["traces"].keys() == {"0", "1"}
    many = explore(lambda: leaking(5), limit=200)
    assert 1 <= len(json.loads(Outcomes(many).everything().state)["traces"]) <= MOST
    bundle = found._repr_mimebundle_()
    assert bundle.keys() == {"text/plain", "text/html"}
    assert bundle["text/plain"] == repr(found)


def test_the_orders_of_polls_lead_to_what_they_show() -> None:
    """Each outcome's own polls are among them; a program with one outcome has none to move to."""
    found = explore(leaking)
    state = json.loads(Outcomes(found).everything().state)
    orders = {tuple(map(tuple, polls)): number for number, polls in state["orders"]}
    assert orders == found.orders
    assert len(orders) > 4
    for number, outcome in enumerate(found.outcomes):
        polls = outcome.trace.of(PollStarted)
        assert orders[tuple((poll.task or 0, poll.thread) for poll in polls)] == number
        shown = dict(state["told"][number])
        assert (shown["innocent 0"] == "guilty") == (outcome is not found.outcomes[0])
    alone = json.loads(Outcomes(explore(quiet)).everything().state)
    assert (alone["orders"], alone["told"]) == ([], [])


async def quiet() -> None:
    info("hello")


def test_a_program_without_an_end_has_a_title_of_its_own() -> None:
    """It says more than how much was not seen."""

    async def main() -> None:
        while True:
            await yield_now()

    assert "cut short after 1 run, the last of which has no end" in repr(explore(main))


def test_nothing_in_a_program_can_break_out_of_the_page() -> None:
    """Messages and errors are text."""
    html = page(explore(failing)).partition("</style>")[2]
    assert "<script" not in html
    assert "<b>said" not in html
    assert "ValueError: &lt;script&gt;" in html
