"""Filters: what `EnvFilter` and `Targets` leave out, for a run or for one layer of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import filtered
import pytest

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Debug,
    Display,
    Empty,
    EnvFilter,
    OsThreads,
    Span,
    Targets,
    Trace,
    UsageError,
    VirtualThreads,
    compare,
    debug,
    debug_span,
    enabled,
    error,
    graph,
    info,
    info_span,
    instrument,
    lanes,
    log,
    recording,
    run,
    spawn,
    step,
    why,
    with_filter,
    yield_now,
)

HERE = filtered.HERE
STORED, RECORDED = (
    [json.loads(line) for line in (HERE / f"filters.{what}.jsonl").read_text().splitlines()]
    for what in ("programs", "records")
)
PROGRAMS = [program for program in STORED if "id" in program]


def takes(filter: Callable[[str], Any], text: str) -> bool:
    try:
        filter(text)
    except UsageError:
        return False
    return True


def seen(text: Any, body: Callable[[], None]) -> list[tuple[str, ...]]:
    """Run a body under a filter; give each event's message, and its spans."""
    with recording(filter=text) as trace:
        body()
    return [(event.message, *trace.scope(event)) for event in trace.events]


# ---------------------------------------------------------------- as the crates do


def test_random_directives_let_through_what_the_crates_let_through() -> None:
    """Record for record: for the run, for one layer of it, and as `Targets`."""
    assert [program["how"] for program in PROGRAMS].count("layer") > 100
    recorded = {record["id"]: record["records"] for record in RECORDED if "id" in record}
    wrong = [p["id"] for p in PROGRAMS if filtered.run(p) != filtered.split(recorded[p["id"]])]
    assert not wrong


def test_the_generator_makes_the_stored_programs() -> None:
    """Whoever takes other numbers gets programs of the same kind."""
    assert [filtered.program(program["id"]) for program in PROGRAMS] == PROGRAMS


def test_directives_are_taken_and_refused_as_in_rust() -> None:
    """What `EnvFilter::try_new` refuses raises."""
    asked = {record["parse"]: record["env"] for record in RECORDED if "parse" in record}
    assert asked.keys() == set(filtered.DIRECTIVES)
    assert {text: takes(EnvFilter, text) for text in asked} == asked


def test_targets_refuse_what_names_a_span() -> None:
    """The crate takes some of it for the odd name of a target, and refuses the rest."""
    for record in RECORDED:
        if "parse" in record and not record["targets"]:
            assert not takes(Targets, record["parse"])
    assert [takes(Targets, t) for t in ("app=info", "app[{user}]=info", "[s0]=info")] == [
        True,
        True,
        False,
    ]


# ---------------------------------------------------------------- what is wrong is named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("info,app=loud", "'app=loud'"),
        ("info, app=debug", "' app=debug'"),  # the crate would take `=debug` for its level
        ("warn ,app=debug", "'warn '"),
        ("[s0{user=3,ok=true}]=info", "'[s0{user=3'"),
        ("[s0=info", "'[s0=info'"),
        ("[s0{user=(}]=info", r"'\('"),
    ],
)
def test_a_wrong_directive_is_named(text: str, named: str) -> None:
    """Also that which the crate takes for something that nobody means: spaces."""
    with pytest.raises(UsageError, match=named.replace("[", r"\[").replace("{", r"\{")):
        recording(filter=text).__enter__()


@pytest.mark.parametrize("wrong", [3, b"info", ["info"], EnvFilter])
def test_a_filter_is_text_or_a_filter(wrong: Any) -> None:
    """Anything else is refused before anything runs."""

    async def main() -> None:
        raise AssertionError

    with pytest.raises(UsageError, match="filter='info,app=debug'"):
        run(main(), filter=wrong)


# ---------------------------------------------------------------- in a program


def test_what_is_in_a_span_that_is_filtered_out_belongs_to_the_one_around() -> None:
    """A disabled span is none: its guard does nothing, its children have its parent."""

    def body() -> None:
        with info_span("request").enter(), info_span("lib", target="lib").enter() as guard:
            assert guard is not None
            info("here")
            info_span("child").in_scope(lambda: info("inside"))

    assert seen("info,lib=off", body) == [("here", "request"), ("inside", "child", "request")]


def test_a_disabled_span_that_is_named_as_the_parent_makes_a_root() -> None:
    """The current span does not step in; `or_current` asks it to."""

    def body() -> None:
        with info_span("request").enter():
            hidden = debug_span("hidden")
            info("root", parent=hidden)
            info("kept", parent=hidden.or_current())
            assert hidden.is_disabled()

    assert seen("info", body) == [("root",), ("kept", "request")]


def test_a_field_can_be_set_later() -> None:
    """Its directive counts from the next time that the span is entered."""

    def body() -> None:
        span = info_span("s", user=Empty)
        with span.enter():
            span.record("user", 3)
            debug("too early")
        span.in_scope(lambda: debug("in time"))

    assert seen("info,[s{user=3}]=debug", body) == [("in time", "s")]


@pytest.mark.parametrize("value", ["ann", Display("ann"), Debug("ann")])
def test_text_is_matched_as_it_is_recorded(value: Any) -> None:
    """A string without its quotes; with `Debug` the quotes are part of it."""
    body = lambda: info_span("s", user=value).in_scope(lambda: info("in"))  # noqa: E731
    wanted = [("in", "s")]
    assert seen('off,[{user="ann"}]=info', body) == (
        wanted if isinstance(value, Debug) and not isinstance(value, Display) else []
    )
    assert seen('off,[{user="?a.*}]=info', body) == wanted


def test_the_events_of_the_attribute_have_levels_of_their_own() -> None:
    """A disabled span still tells of the error, in the span around it."""

    @instrument(level="debug", err=True, ret=True)
    def fails() -> None:
        raise ValueError("no")

    def body() -> None:
        with info_span("around").enter(), pytest.raises(ValueError, match="no"):
            fails()

    with recording(filter="info") as trace:
        body()
    assert [(e.fields, trace.scope(e)) for e in trace.events] == [((("error", "no"),), ("around",))]


def test_enabled_answers_for_here_and_now() -> None:
    """By the level, by the target, and by the span that is entered."""
    assert not enabled("error")
    with recording(filter="warn,app=info,[s]=trace"):
        assert [enabled("info"), enabled("info", target="app::db"), enabled("warn")] == [
            False,
            True,
            True,
        ]
        with info_span("s").enter():
            assert enabled("trace")
    with recording(level="off", filter="trace"):
        assert not enabled("error")


def test_level_and_filter_must_both_agree() -> None:
    """As two filters of one subscriber do."""
    with recording(level="info", filter="trace,lib=warn") as trace:
        debug("not this")
        info("nor this", target="lib")
        info("this")
    assert [event.message for event in trace.events] == ["this"]


@pytest.mark.parametrize(
    "on", [CurrentThread(), VirtualThreads(2), OsThreads(2), AsyncioLoop()], ids=repr
)
def test_a_directive_of_a_span_follows_each_poll(on: Any) -> None:
    """What is spawned inside is polled outside; what the span is given to is polled inside."""

    async def talk(name: str) -> None:
        debug(name)
        await yield_now()
        debug(f"{name} again")

    async def main() -> None:
        with info_span("s").enter():
            bare = spawn(talk("bare"))
            carried = spawn(Span.current().instrument(talk("carried")))
        await bare
        await carried

    trace = run(main(), on=on, filter="info,[s]=debug")
    assert [event.message for event in trace.events] == ["carried", "carried again"]


def test_nothing_is_asked_where_no_filter_is() -> None:
    """A record goes straight into the list."""
    with recording() as trace:
        from spanlab.threads import current

        thread = current()
        assert thread is not None
        assert thread.recorder.append == trace.tape.extend
        assert not hasattr(thread.recorder, "filter")


# ---------------------------------------------------------------- for a layer


def program() -> Trace:
    async def main() -> None:
        with info_span("request", user=3).enter(), debug_span("detail", target="lib").enter():
            info("hello")
            await spawn(Span.current().instrument(late()))
        error("lib fails", target="lib")

    async def late() -> None:
        await yield_now()
        info("late")

    return run(main(), on=CurrentThread())


def test_a_layer_looks_through_what_it_filters_out() -> None:
    """The trace itself stays as it was."""
    trace = program()
    layer = with_filter(trace, "info,lib=off")
    assert [layer.scope(event) for event in layer.events] == [("request",), ("request",)]
    assert trace.scope(trace.events[0]) == ("detail", "request")
    assert "detail" not in str(log(layer, "full", span_events="full"))


@pytest.mark.parametrize("text", ["info,lib=off", "off", "[request]=trace", Targets("lib=debug")])
def test_every_view_takes_what_a_layer_sees(text: Any) -> None:
    """And so do JSON, a part, and another filter."""
    trace = program()
    layer = with_filter(trace, text)
    for view in (log, graph, lanes, step):
        assert view(layer)._repr_mimebundle_() if view is not step else view(layer)
    assert compare(trace, layer)._repr_mimebundle_()
    for event in layer.events:
        assert why(layer, event.message).sentence
    again = Trace.from_json(layer.to_json())
    assert again.rows == layer.rows
    assert with_filter(again, text).rows == layer.rows
    assert len(with_filter(layer[2:], text)) <= len(layer)
