"""The pitfalls of tracing on tokio: each does here what it does with the real crates.

`reference/pitfalls.py` lists all of them: the symptom, the trap, the programs. A test here is named
after the trap, and says what was wrong, why, and that the fix gives what was wanted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import groupby
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from test_notebooks import PITFALLS as PAGE
from test_notebooks import fenced, read, shown, texts
from test_reference import HERE, lines, masked, pitfalls, programs, recorded, variants

from spanlab import CurrentThread, Trace, recording, run
from spanlab.causes.why import why
from spanlab.record import SpanEntered, SpanExited, SpanFollows
from spanlab.view.fmt import log

SETUP = 3  # the first cells of the page belong to every case
PITFALLS = {pitfall.number: pitfall for pitfall in pitfalls.PITFALLS}

ARTICLE = {program.__name__: program for program in programs.ARTICLE}
VARIANTS = variants.ON_ONE_THREAD | variants.ON_MANY_THREADS
PROGRAMS: dict[str, Any] = {
    **{name: program() for name, program in ARTICLE.items()},
    "shapes": programs.shapes(),
    **VARIANTS,
    **{f"pitfall_{program.__name__}": program for program in pitfalls.PROGRAMS},
}
LINES = {"thread_ids": False, "file": False, "line": False}  # one line for each event
FORMATS: dict[str, list[dict[str, Any]]] = {
    "lives": [{"format": "full", "span_events": "full", **LINES}],
    "json": [{"format": "json", "span_events": "close", **LINES}],
    "four": [{"format": "full", **LINES}, {"format": "compact", **LINES},
             {"format": "pretty", "thread_ids": False}, {"format": "json", **LINES}],
    "pretty": [{"format": "pretty"}],
}  # fmt: skip


def source(name: str) -> str:
    return (HERE / "src" / "bin" / f"{name}.rs").read_text(encoding="utf-8")


def printed(name: str, trace: Trace) -> str:
    """Print a trace as the Rust program of that name prints its own."""
    rust = source(name)
    marks = {"init_lives": "lives", "registry()": "four", ".json()": "json", "": "pretty"}
    format = next(format for mark, format in marks.items() if mark in rust)
    return "".join(str(log(trace, **settings)) for settings in FORMATS[format])


def ran(name: str) -> Trace:
    """Run a program in spanlab, and check that the real crates printed the same."""
    program, many = PROGRAMS[name], "worker_threads" in source(name)
    settings = {"level": "info"} | pitfalls.SETTINGS.get(name.removeprefix("pitfall_"), {})
    if "#[tokio::main" in source(name):
        trace = run(program(), on=None if many else CurrentThread(), **settings)
    else:
        with recording(**settings) as trace:
            program()
    alike = lines if many else masked
    assert alike(printed(name, trace)) == alike(recorded(name)), name
    return trace


def scopes(name: str) -> dict[str, tuple[str, ...]]:
    """Give the spans of each event of a program, leaf to root, by its message."""
    trace = ran(name)
    return {event.message: trace.scope(event) for event in trace.events}


def told(name: str, message: str, cause: str, fixed: dict[str, tuple[str, ...]]) -> None:
    """Check that `why` names the cause, and a change that gives what the fixed program gives."""
    answer = why(ran(name), message)
    assert answer.cause == cause, answer.sentence
    assert answer.fix is not None
    assert answer.tree == fixed[message]


def moments(name: str) -> list[str]:
    """Give what a program prints of events and spans, one line each."""
    return [line.strip().removeprefix("INFO ") for line in printed(name, ran(name)).splitlines()]


def before(name: str, first: str, then: str) -> bool:
    """Tell whether a program prints one line before the other."""
    found = moments(name)
    return found.index(first) < found.index(then)


def test_every_pitfall_is_expressed() -> None:
    """There are 34, numbered without gaps; each has programs and a test here."""
    assert list(PITFALLS) == list(range(1, 35))
    assert all(pitfall.programs for pitfall in PITFALLS.values())
    tests = [name for name in globals() if re.match(r"test_\d\d_", name)]
    assert [int(name[5:7]) for name in tests] == list(PITFALLS)


def test_every_program_belongs_to_a_pitfall() -> None:
    """No program is written and forgotten, and each agrees with the real crates."""
    used = {name for pitfall in PITFALLS.values() for name in pitfall.programs + pitfall.fixes}
    assert {path.stem for path in (HERE / "src" / "bin").glob("pitfall_*.rs")} <= used
    assert {f"pitfall_{program.__name__}" for program in pitfalls.PROGRAMS} <= used
    for name in sorted(used):
        ran(name)


@pytest.mark.parametrize("pitfall", PITFALLS.values(), ids=lambda pitfall: f"{pitfall.number:02}")
def test_links_are_those_of_threads_on_github(pitfall: Any) -> None:
    """A link names a repository and the number of an issue there."""
    for address in pitfall.addresses:
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/issues/\d+", address)


# ---------------------------------------------------------------- one by one


def test_01_a_spawned_task_starts_with_no_span() -> None:
    """The span that is current at the spawn does not come along; it must be attached."""
    lost, fixed = scopes("pitfall_spawned"), scopes("pitfall_spawned_fixed")
    assert (lost["performing task"], fixed["performing task"]) == ((), ("work",))
    told("pitfall_spawned", "performing task", "spawned bare", fixed)
    assert scopes("spawned")["performing task"] == ()
    carried = scopes("spawned_instrumented")["performing task"]
    assert carried == ("spawned sub_task", "work")


def test_02_a_join_set_carries_no_span_either() -> None:
    """A `JoinSet` spawns as `spawn` does."""
    lost, fixed = scopes("pitfall_join_set"), scopes("pitfall_join_set_fixed")
    assert (lost["performing task"], fixed["performing task"]) == ((), ("work",))
    told("pitfall_join_set", "performing task", "spawned bare", fixed)
    assert scopes("lost_parent")["performing task"] == ("sub_task",)
    carried = scopes("joinset_instrumented")["performing task"]
    assert carried == ("spawned sub_task", "work")


def test_03_a_guard_across_an_await_leaks_into_whatever_is_polled_next() -> None:
    """The span stays on the thread; dropped on another one, the guard never takes it away."""
    assert scopes("guilty_guard")["innocent"] == ("guilty",)
    for name in ("guard_instrumented", "guard_in_block"):
        fixed = scopes(name)
        assert fixed == {"before": ("guilty",), "innocent": (), "after": ("guilty",)}
        told("guilty_guard", "innocent", "another task's guard on the stack", fixed)
    stale = scopes("pitfall_stale_entry")
    assert stale["the entry stays"] == ("request", "outer")
    assert stale["the entry hides outer"] == ()


def test_04_a_closed_span_is_current_and_names_nothing() -> None:
    """Its entry hides what is below; to ask while it closes panics, on the real crates alone."""
    name = "pitfall_closed_entry"
    assert scopes(name) == {"before the close": ("request", "outer"), "after the close": ()}
    assert scopes(f"{name}_fixed")["after the close"] == ("outer",)
    first, asking, again = recorded("closed_clone").splitlines()
    assert first.endswith("tried to clone a span (Id(1)) that already closed")
    assert (asking, again) == ("asking: false", "asking once more: None")
    assert first in "".join(fenced(PAGE, "text"))


def test_05_the_attribute_on_a_plain_fn_covers_the_call_or_the_last_block() -> None:
    """Which of them is a matter of syntax; an `async fn` is covered as a whole."""
    call, block = scopes("block_bound_first"), scopes("lost_parent")
    assert (call["making sub task"], call["performing task"]) == (("sub_task", "work"), ())
    assert (block["making sub task"], block["performing task"]) == (("work",), ("sub_task",))
    whole = scopes("async_fn_in_current_span")
    assert whole["making sub task"] == whole["performing task"] == ("sub_task", "work")
    told(
        "block_bound_first",
        "performing task",
        "the attribute covers the call, not the future",
        whole,
    )
    told("lost_parent", "making sub task", "the attribute covers the future, not the call", whole)
    told("lost_parent", "performing task", "the attribute covers the future, not the call", whole)


def test_06_the_span_of_an_async_fn_is_made_at_the_first_poll() -> None:
    """Where it was called does not count; a span that is made there, or taken along, does."""
    assert scopes("async_fn")["performing task"] == ("sub_task",)
    fixed = scopes("async_fn_in_current_span")
    assert fixed["performing task"] == ("sub_task", "work")
    told("async_fn", "performing task", "span made at the first poll", fixed)
    assert scopes("future_first")["performing task"] == ("spawned sub_task", "work")


def test_07_the_current_span_is_asked_for_inside_the_task() -> None:
    """Nothing is current there; it must be asked for before the spawn."""
    lost, fixed = scopes("pitfall_captured_inside"), scopes("pitfall_spawned_fixed")
    assert (lost["performing task"], fixed["performing task"]) == ((), ("work",))
    told("pitfall_captured_inside", "performing task", "captured in the wrong place", fixed)


def test_08_the_handle_is_instrumented_and_not_the_task() -> None:
    """The span is entered while the handle is polled, and no event happens in there."""
    lost, fixed = scopes("pitfall_handle"), scopes("pitfall_handle_fixed")
    assert (lost["performing task"], fixed["performing task"]) == ((), ("task", "work"))
    told("pitfall_handle", "performing task", "the handle is instrumented, not the future", fixed)


@pytest.mark.parametrize("name", ["blocking", "own_thread"])
def test_09_another_thread_starts_with_an_empty_stack(name: str) -> None:
    """A span is taken along by hand, and entered there."""
    lost, fixed = scopes(name), scopes(f"{name}_carried")
    assert (lost["performing task"], fixed["performing task"]) == ((), ("work",))
    told(name, "performing task", "a thread begins with an empty stack", fixed)


def test_10_a_thread_that_waits_runs_the_job_of_others_in_its_span() -> None:
    """The stack is the thread's, whoever the job belongs to; a job can bring a span."""
    assert scopes("pitfall_stolen_job") == {"a job of others": ("mine",)}
    assert scopes("pitfall_stolen_job_fixed") == {"a job of others": ("theirs",)}


def test_11_a_disabled_span_takes_the_context_with_it() -> None:
    """What the level rejects is not entered; `or_current` puts the current span in its place."""
    lost, fixed = scopes("pitfall_disabled_span"), scopes("pitfall_disabled_span_fixed")
    assert (lost["performing task"], fixed["performing task"]) == ((), ("work",))
    told("pitfall_disabled_span", "performing task", "the span is disabled", fixed)


def test_12_a_disabled_parent_makes_a_root() -> None:
    """The current span does not step in for a parent that was named and rejected."""
    lost, fixed = scopes("pitfall_disabled_parent"), scopes("pitfall_disabled_parent_fixed")
    assert (lost["in step"], fixed["in step"]) == (("step",), ("step", "request"))
    told("pitfall_disabled_parent", "in step", "the span is disabled", fixed)


def test_13_to_follow_from_a_span_is_not_to_be_its_child() -> None:
    """It is recorded, and neither printed nor a reason to stay open."""
    name = "pitfall_follows_from"
    assert len(ran(name).of(SpanFollows)) == 1
    assert scopes(name) == {"cleaning up": ("cleanup",)}
    assert before(name, "request: close", "cleanup: cleaning up")
    assert scopes(f"{name}_fixed") == {"cleaning up": ("cleanup", "request")}
    assert before(f"{name}_fixed", "request:cleanup: cleaning up", "request: close")


def test_14_a_background_task_keeps_the_span_of_the_request_open() -> None:
    """A future that carries a span holds it; with a root of its own it holds that."""
    name = "pitfall_closes_late"
    assert scopes(name)["connection closed"] == ("request",)
    assert before(name, "response sent", "request: close")
    assert before(f"{name}_fixed", "request: close", "response sent")
    assert scopes(f"{name}_fixed")["connection closed"] == ("connection",)


def test_15_a_span_stays_open_for_its_children() -> None:
    """The function is over, and its span closes after the last child."""
    name = "pitfall_child_outlives"
    assert before(name, "request has returned", "request: close")
    assert moments(name)[-2:] == ["request:child: close", "request: close"]
    assert before(f"{name}_fixed", "request: close", "request has returned")


def test_16_what_is_dropped_outside_the_instrumented_future_has_no_span() -> None:
    """Since tracing 0.1.38 the span is entered for the drop; it must be around all of it."""
    name = "pitfall_log_in_drop"
    assert scopes(name) == {"cleaning up": ()}
    assert scopes(f"{name}_fixed") == {"cleaning up": ("request",)}


def test_17_the_loser_of_a_select_ends_without_a_word() -> None:
    """Neither its last event nor that of `ret` comes; what is dropped with it can still log."""
    name = "pitfall_cancelled"
    assert [event.message for event in ran(name).events] == ["begun", "gave up"]
    assert before(name, "slow: close", "gave up")
    assert scopes(f"{name}_fixed") == {"begun": ("slow",), "ended": ("slow",), "gave up": ()}


def test_18_a_method_that_overrides_another_has_not_its_attribute() -> None:
    """The span is that of the function which runs."""
    default = "as by default", ("call",)
    assert list(scopes("pitfall_default_method").items()) == [default, ("in my way", ())]
    assert scopes("pitfall_default_method_fixed")["in my way"] == ("call",)


def test_19_to_enter_the_span_that_is_none_does_not_detach() -> None:
    """It has no effect at all; a root hides what is around it."""
    assert scopes("pitfall_none_in_scope") == {"still in request": ("request",)}
    assert scopes("pitfall_none_in_scope_fixed") == {"not in request": ("detached",)}


def test_20_an_event_without_a_parent_is_shown_in_the_current_span() -> None:
    """All formats but Full show it there; the event itself has none."""
    trace = ran("pitfall_root_shown")
    assert trace.scope(trace.events[0]) == ()
    assert why(trace, "detached").cause == "an explicit parent"
    full, *others = printed("pitfall_root_shown", trace).splitlines()
    assert "request" not in full
    assert sum("request" in line for line in others) == 3


def test_21_the_list_of_spans_in_json_is_that_of_the_thread() -> None:
    """It lacks the parent that was named, and is empty where nothing is entered."""
    name = "pitfall_json_spans"
    assert scopes(name) == scopes(f"{name}_fixed") == {"in step": ("step", "request")}
    assert why(ran(name), "in step").cause == "an explicit parent"
    assert spans(name) == [["request"], [], []]
    assert spans(f"{name}_fixed") == [["request", "step"], ["request"], []]


def spans(name: str) -> list[list[str]]:
    """Give the list `spans` of each line of JSON that a program prints."""
    found = map(json.loads, printed(name, ran(name)).splitlines())
    return [[span["name"] for span in event["spans"]] for event in found]


def test_22_a_subscriber_of_one_thread_does_not_hear_the_workers() -> None:
    """Spans and events of the others go nowhere; with one thread, or a global one, all is heard."""
    name = "pitfall_scoped_subscriber"
    assert list(scopes(name)) == ["in the test", "the task has ended"]
    assert "in the task" in scopes(f"{name}_fixed")
    heard = run(PROGRAMS[name](), on=CurrentThread(), scoped=True)
    assert "in the task" in [event.message for event in heard.events]


def test_23_a_span_that_has_closed_cannot_become_a_parent() -> None:
    """Its number is all that is left; where the span is kept, it can."""
    (said,) = scopes("pitfall_moved_parent")
    assert "consuming a parent span" in said
    assert scopes("pitfall_moved_parent_fixed") == {"in child": ("child", "request")}


def test_24_a_span_that_is_entered_twice_does_not_become_current() -> None:
    """The event belongs to what was entered in between; it can name another parent."""
    assert scopes("pitfall_reentered") == {"meant for outer": ("inner", "outer")}
    assert scopes("pitfall_reentered_fixed") == {"meant for outer": ("outer",)}
    answer = why(ran("pitfall_reentered"), "meant for outer")
    assert "put `inner` on top of the stack" in answer.sentence
    assert any("`outer`" in s.text and "duplicate" in s.text for s in answer.steps)


def test_25_the_runtime_makes_a_span_for_each_task() -> None:
    """It is a root, whatever the spawner is in; a level for what is not yours leaves it out."""
    assert scopes("pitfall_unstable") == {"in task": ("runtime.spawn",)}
    assert scopes("pitfall_unstable_fixed") == {"in task": ()}


def test_26_a_span_is_not_busy_while_its_child_works_in_another_task() -> None:
    """It is the parent, and is not entered there; awaited in place, the work is inside."""
    name = "pitfall_not_busy"
    assert scopes(name) == scopes(f"{name}_fixed") == {"hard work": ("child", "request")}
    assert entered(name) == ["child"]
    assert entered(f"{name}_fixed") == ["request", "child"]


def entered(name: str) -> list[str]:
    """Name the spans that were entered at the first event of a program."""
    trace, names = ran(name), []
    for record in trace.records[: trace.events[0].index]:
        if isinstance(record, SpanEntered):
            names.append(trace.spans[record.span].name)
        elif isinstance(record, SpanExited):
            names.remove(trace.spans[record.span].name)
    return names


def test_27_a_channel_brings_no_span_to_the_actor() -> None:
    """The message must bring it."""
    lost, fixed = scopes("pitfall_actor"), scopes("pitfall_actor_fixed")
    assert (lost["handling 1"], fixed["handling 1"]) == ((), ("request",))


def test_28_a_channel_brings_no_span_to_a_thread() -> None:
    """The message must bring it."""
    lost, fixed = scopes("pitfall_worker"), scopes("pitfall_worker_fixed")
    assert (lost["executing 1"], fixed["executing 1"]) == ((), ("request",))


def test_29_a_cached_object_works_in_its_first_span() -> None:
    """Both queries are in the first request; without a span of its own each is in its own."""
    assert [n for _, n in requests("pitfall_cached")] == [1, 1]
    assert [n for _, n in requests("pitfall_cached_fixed")] == [1, 2]


def requests(name: str) -> list[tuple[str, int]]:
    """Give each event's message, and the number of the request that it is in."""
    trace = ran(name)
    found = [(event.message, trace.ancestors(event.parent)[-1]) for event in trace.events]
    return [(message, dict(span.fields)["n"]) for message, span in found]


def test_30_a_stream_is_polled_after_the_span_of_its_maker() -> None:
    """It can take the span along, for each item."""
    lost, fixed = scopes("pitfall_stream_body"), scopes("pitfall_stream_body_fixed")
    assert (lost["chunk 1"], fixed["chunk 1"]) == ((), ("handler",))
    cause = why(ran("pitfall_stream_body"), "chunk 0").cause
    assert cause == "made inside a span, polled outside"


def test_31_a_guard_in_a_stream_is_held_over_its_yields() -> None:
    """The reader is inside it; between two yields it can be entered and exited."""
    lost, fixed = scopes("pitfall_guard_over_yield"), scopes("pitfall_guard_over_yield_fixed")
    assert (lost["consumed 0"], fixed["consumed 0"]) == (("numbers",), ())
    assert fixed["produced 1"] == ("numbers",)
    cause = why(ran("pitfall_guard_over_yield"), "consumed 0").cause
    assert cause == "another task's guard on the stack"


def test_32_a_pool_keeps_the_span_of_a_request_open() -> None:
    """A connection is to have a span of its own."""
    name = "pitfall_pool_holds"
    assert before(name, "answered", "request: close")
    assert before(f"{name}_fixed", "request: close", "answered")
    assert scopes(f"{name}_fixed")["query 1"] == ("connection",)


def test_33_a_filter_of_a_target_cuts_out_its_spans() -> None:
    """What was in them belongs to what is around; a target of their own lets them through."""
    lost, fixed = scopes("pitfall_filter_cuts"), scopes("pitfall_filter_cuts_fixed")
    assert (lost["in my handler"], fixed["in my handler"]) == ((), ("request",))
    assert "listening" not in lost | fixed
    assert why(ran("pitfall_filter_cuts"), "in my handler").cause == "the span is disabled"


def test_34_an_entered_span_is_entered_while_its_callback_waits() -> None:
    """What happens meanwhile is inside; a callback can enter the span when it runs."""
    lost, fixed = scopes("pitfall_callback"), scopes("pitfall_callback_fixed")
    assert (lost["unrelated"], fixed["unrelated"]) == (("trigger",), ())
    assert fixed["in the callback"] == ("trigger",)


# ---------------------------------------------------------------- the page


def test_the_page_lists_every_symptom() -> None:
    """Each symptom leads to its case."""
    lists = "\n".join(cell.source for cell in texts(PAGE) if cell.id.startswith("symptoms-"))
    listed = dict(re.findall(r"^- \[(.+)\]\((#.+)\)$", lists, re.M))
    headings = [
        line for cell in texts(PAGE) for line in re.findall(r"^## (.+)$", cell.source, re.M)
    ]
    assert listed.keys() == {pitfall.symptom for pitfall in PITFALLS.values()}
    for number, pitfall in PITFALLS.items():
        heading = f"{number} {pitfall.symptom}"
        assert heading in headings
        assert listed[pitfall.symptom] == "#" + heading.replace(" ", "-")


def test_the_page_says_of_each_pitfall_why_and_where() -> None:
    """The trap and the links are those of the table."""
    page = "\n".join(cell.source for cell in texts(PAGE))
    for pitfall in PITFALLS.values():
        assert pitfall.trap in page, pitfall.number
        for link, address in zip(pitfall.links, pitfall.addresses, strict=True):
            assert f"[{link}]({address})" in page


def test_a_case_of_the_page_prints_what_the_real_crates_print() -> None:
    """Each case runs without the others: what it prints is in the log of its program.

    The cases run from the last to the first, then all cells once more from the top.
    """
    notebook = nbformat.read(PAGE, as_version=4)
    cells = [(at, cell) for at, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    cases = [[*case] for _, case in groupby(cells, lambda found: found[1].id.partition("-")[0])]
    client = NotebookClient(notebook, timeout=30, record_timing=False, store_widget_state=False,
                            kernel_name="python3")  # fmt: skip
    with client.setup_kernel():
        for at, cell in [cell for case in [*cases[:SETUP], *cases[:SETUP:-1]] for cell in case]:
            client.execute_cell(cell, at)
            compare(cell)
        for at, cell in cells:
            client.execute_cell(cell, at)
            compare(cell)


def compare(cell: Any) -> None:
    """Check that the events that a cell printed are some of those that its program printed."""
    assert bool(shown(cell)) == ("program" in cell.metadata), cell.id
    if shown(cell):
        text, log = shown(cell), recorded(cell.metadata["program"])
        assert not Counter(events(text, text)) - Counter(events(log, text)), cell.id


def events(text: str, like: str) -> list[str]:
    """Cut a log into events, without the place and the thread, as the log `like` has them."""
    text = re.sub(r"^    at .*\n", "", text, flags=re.M).replace("ThreadId(01) ", "")
    return [event for event in re.split("\n\n" if like[:2] == "  " else "\n", text) if event]


def test_a_case_runs_its_programs() -> None:
    """The cells of a case stand for programs of its pitfall, first the trap, then the fix."""
    number, wanted = 0, set()
    for cell in read(PAGE).cells:
        if found := re.match(r"## (\d+) ", cell.source):
            number = int(found[1])
            wanted |= {number}
        if program := cell.metadata.get("program"):
            wanted -= {number}
            assert program in PITFALLS[number].programs + PITFALLS[number].fixes
    assert not wanted
