"""What lessons say of their own cells comes out when those run: `claims.txt` names these tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from exercises import compiled, given
from passages import plain
from test_claims import events
from test_notebooks import LESSONS, codes, every_text, told

from spanlab import CurrentThread, Trace, VirtualThreads, explore, info_span, run
from spanlab.record import PollStarted, SpanClosed, SpanEntered, SpanFollows

SHOWS = re.compile(r"\b(?:question|six|predict|check|hint)\b(?!,)|\.\.\.")


def cells(lesson: str) -> dict[str, Any]:
    """Give what the cells of a notebook import and define."""
    space: dict[str, Any] = {"__name__": "lesson"}
    for code in given(lesson):
        exec(code, space)
    return space


@cache
def whole(lesson: str) -> dict[str, Any]:
    """Give the names of a lesson when its cells have run, without what asks or shows."""
    names: dict[str, Any] = {"__name__": "lesson"}
    (path,) = [path for path in LESSONS if path.stem[:2] == lesson]
    for cell in codes(path):
        kept = [node for node in ast.parse(cell.source).body if not SHOWS.search(ast.unparse(node))]
        if kept:
            exec(compiled(cell.source, f"{lesson}_{cell.id}.py", kept), names)
    return names


def scopes(trace: Trace) -> dict[str, str]:
    """Give the spans of each line, from the root to the leaf."""
    return {event.message: " › ".join(reversed(trace.scope(event))) for event in trace.events}


def entered(trace: Trace, name: str) -> int:
    return sum(trace.spans[entry.span].name == name for entry in trace.of(SpanEntered))


def outcomes(make: Callable[[], Any]) -> list[dict[str, tuple[str, ...]]]:
    found = explore(make)
    assert found.complete
    return [dict(outcome.scopes) for outcome in found.outcomes]


def test_a_guard_around_the_wait_is_on_the_stack_of_its_thread() -> None:
    """03: on one thread what is polled meanwhile is in it, and with workers it is not."""
    space = cells("03")
    work, info_span, instrument = space["guarded_work"], space["info_span"], space["instrument"]

    @instrument(name="work")
    async def waiting() -> None:
        tasks = space["JoinSet"]()
        with info_span("spawning").entered():
            tasks.spawn(space["sub_task"]())
            while await tasks.join_next():
                pass

    assert scopes(run(waiting(), on=CurrentThread()))["performing task"] == "work › spawning"
    assert scopes(run(waiting(), on=VirtualThreads(16)))["performing task"] == ""
    assert scopes(run(work(), on=CurrentThread()))["performing task"] == ""


def test_a_handle_is_polled_and_its_task_once() -> None:
    """05: main is polled twice, the task once, and `work` is entered once more to be dropped."""
    trace = run(cells("05")["main"](), on=VirtualThreads(16))
    assert [poll.task for poll in trace.of(PollStarted)] == [0, 1, 0]
    assert entered(trace, "work") == 3


def test_a_span_is_entered_for_each_poll_and_for_the_drop() -> None:
    """07: two polls and the drop are three entries; one poll and the drop are two."""
    space = cells("07")
    assert entered(run(space["polling_work"]()), "spawned sub_task") == 3
    assert entered(run(space["work"]()), "spawned sub_task") == 2


def test_a_level_decides_over_two_of_the_six_ways() -> None:
    """07: at `debug` the last two lines are in `carried`, and the others as before."""
    six_ways = cells("07")["six_ways"]
    info, debug = (scopes(run(six_ways(), level=level)) for level in ("info", "debug"))
    changed = {line for line in info if info[line] != debug[line]}
    assert changed == {"debug_span", "or_current"}
    assert {debug[line] for line in changed} == {"work › carried"}
    assert info["or_current"] == "work"


def test_explore_finds_what_the_lessons_say() -> None:
    """06, 08 and 09: how many outcomes there are, and how many runs it takes to know."""
    first, many, guarded = cells("06"), cells("08"), cells("09")
    found = explore(first["main"])
    assert (len(found.outcomes), found.runs) == (1, 1)
    for count in (2, 10):
        found = explore(partial(many["many_work"], count))
        assert (len(found.outcomes), found.runs) == (1, 1)
    shares = explore(many["guarded_work"]).outcomes
    right = [o.share for o in shares if {"first"} <= {*dict(o.scopes)["task 1"]}
             and {"second"} <= {*dict(o.scopes)["task 2"]}]  # fmt: skip
    assert len(shares) == 4
    assert right == [pytest.approx(0.75, abs=0.05)]
    assert sorted(o["innocent"] for o in outcomes(guarded["main"])) == [(), ("guilty",)]
    carried = lambda: info_span("guilty").instrument(guarded["spanless"]())  # noqa: E731
    for form in (guarded["in_block"], guarded["attributed"], carried):
        assert len(outcomes(partial(guarded["main"], form))) == 1


def test_a_block_with_the_await_in_it_is_no_help() -> None:
    """09: the frob's `in_block` has two outcomes, as the guard has."""
    (cell,) = [cell.source for cell in codes(LESSONS[9]) if cell.id == "form-block-code"]
    space = cells("09")
    exec(cell.replace("    await yield_now()", "        await yield_now()"), space)
    found = outcomes(partial(space["main"], space["in_block"]))
    assert sorted(each["innocent"] for each in found) == [(), ("guilty",)]
    assert {each["after"] for each in found} == {("guilty",)}


def test_more_workers_leave_the_innocent_alone_by_luck() -> None:
    """09: in the schedule of the model another worker takes it, with 2 and with 16."""
    space = cells("09")
    for on, spans in (CurrentThread(), "guilty"), (VirtualThreads(2), ""), (VirtualThreads(16), ""):
        assert scopes(run(space["main"](), on=on))["innocent"] == spans
    for on, spans in (CurrentThread(), "guilty"), (VirtualThreads(2), ""):
        assert scopes(run(space["guard_in_main"](), on=on))["innocent"] == spans
    assert outcomes(space["guard_in_main"]) == [{"innocent": ()}]  # with workers, in any schedule


def test_an_actor_in_the_span_of_a_request_keeps_it_open() -> None:
    """12: the span of order 7 closes after that of order 8, when the mailer is dropped."""
    trace = run(cells("12")["starting_main"](), on=CurrentThread())
    assert scopes(trace)["mail 8 sent"] == "request › mailer"
    closed = [dict(trace.spans[end.span].fields) for end in trace.of(SpanClosed)]
    assert [fields["id"] for fields in closed if "id" in fields] == [8, 7]


def test_what_serves_two_orders_is_linked_to_both() -> None:
    """12: a round has no parent and two links; a span made in a request is its child."""
    space = cells("12")
    trace = run(space["link_main"](), on=CurrentThread())
    assert scopes(trace)["mail 7 and 8 sent"] == "round"
    assert [trace.spans[link.follows].name for link in trace.of(SpanFollows)] == ["request"] * 2

    class Made:
        current = staticmethod(lambda: info_span("mail"))

    space["Span"] = Made  # what the frob writes in the place of `Span.current()`
    pair = space["sending_mailer"], space["sending_request"]
    assert scopes(run(space["start"](pair), on=CurrentThread()))["mail 7 sent"] == "request › mail"


def test_the_run_that_was_recorded_is_one_of_the_outcomes() -> None:
    """spanlab has both, and no third."""
    found = [dict(outcome.scopes) for outcome in explore(whole("09")["main"]).outcomes]
    real = {said: tuple(spans.split(" › ")) if spans != "no span" else ()
            for said, spans, _ in events("guilty_workers") if said}  # fmt: skip
    assert real in found


def test_the_first_outcome_is_that_of_the_schedule_nobody_names() -> None:
    """With two workers and with none named: no choice is other than the first."""
    main = whole("09")["main"]
    first, second = explore(main).outcomes
    assert first.replay == ""
    assert second.replay
    trace = run(main(), on=VirtualThreads(2))
    assert first.trace.rows == trace.rows


def test_why_offers_the_four_that_a_lesson_names() -> None:
    """07: of a mail that was spawned bare, by what the text tells the reader to write."""
    (call,) = re.findall(r"`(why\(run\(.+?)`[.]", told(LESSONS[7])["choice-answer"])
    said = eval(call, whole("07"))
    assert said.choices
    assert [way.kind for way in said.choices.ways] == ["child", "linked", "root", "nothing"]
    assert said.choices.fits == "child"


CALL = re.compile(r"`((?:why|explore|run|log|graph|lanes|step)\([^`…]+\))`")
OWN = [
    (path, call)
    for path in LESSONS
    for name, text in every_text(path).items()
    for call in CALL.findall(text)
    if "cell of your own" in plain(text)
]


@pytest.mark.parametrize(("path", "call"), OWN, ids=lambda each: getattr(each, "stem", each))
def test_what_a_reader_is_told_to_write_runs(path: Path, call: str) -> None:
    """In a cell of their own, after the cells of the lesson."""
    assert repr(eval(call, whole(path.stem[:2])))
