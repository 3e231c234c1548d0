"""Spans, their guards, and the stack of a thread: what tracing's registry did."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import spanlab
from spanlab import (
    Empty,
    Span,
    Trace,
    UsageError,
    debug_span,
    error,
    event,
    info,
    info_span,
    recording,
    span,
    spawn_thread,
    trace,
    warn,
)
from spanlab.record import (
    Event,
    SpanClosed,
    SpanEntered,
    SpanExited,
    SpanFollows,
    SpanNew,
    SpanRecorded,
)


def story(trace: Trace) -> str:
    """Tell a trace in one line: `N a<b` new, `E` enter, `X` exit, `C` close, `ev[scope]`."""
    names, words = {number: new.name for number, new in trace.spans.items()}, []
    for record in trace.records:
        match record:
            case SpanNew():
                words.append("N " + "<".join(new.name for new in trace.ancestors(record.span)))
            case SpanEntered():
                words.append(f"E {names[record.span]}")
            case SpanExited():
                words.append(f"X {names[record.span]}")
            case SpanClosed():
                words.append(f"C {names[record.span]}")
            case Event():
                words.append(f"{record.message}[{'<'.join(trace.scope(record))}]")
    return " ".join(words)


def current() -> str:
    return Span.current().name


# ---------------------------------------------------------------- who is current


def test_a_span_entered_again_does_not_become_current_again() -> None:
    """On a stack of a, b and a once more, b stays current (V1)."""
    with recording() as trace:
        a, b = info_span("a"), info_span("b", parent=None)
        guards = [a.enter(), b.enter(), a.enter()]
        info("ev")
        seen = []
        while guards:
            guards.pop()
            seen.append(current())
    assert trace.scope(trace.events[0]) == ("b",)
    assert seen == ["b", "a", ""]


def test_exiting_out_of_order_takes_out_the_entry_below() -> None:
    """With a, b entered and a exited, b stays current (V2)."""
    with recording() as trace:
        a, b = info_span("a", parent=None).enter(), info_span("b", parent=None).enter()
        a.exit()
        info("ev")
        b.exit()
        assert Span.current().is_none()
    assert trace.scope(trace.events[0]) == ("b",)


def test_the_scope_follows_the_parents_and_not_the_stack() -> None:
    """Under a, b, and c with parent b, the exit of b changes no scope (V3)."""
    with recording() as trace:
        a, b = info_span("a"), info_span("b", parent=None)
        c = info_span("c", parent=b)
        in_a, in_b, in_c = a.enter(), b.enter(), c.enter()
        in_b.exit()
        info("ev")
        in_c.exit()
        assert current() == "a"
        in_a.exit()
    assert trace.scope(trace.events[0]) == ("c", "b")


def test_exiting_a_span_entered_twice_takes_the_upper_entry() -> None:
    """On a, b, a the exit of a leaves a, b, and b current."""
    with recording():
        a, b = info_span("a"), info_span("b")
        lower, in_b, upper = a.enter(), b.enter(), a.enter()
        lower.exit()  # both guards exit the same span: the last entry goes
        assert current() == "b"
        in_b.exit()
        assert current() == "a"
        upper.exit()
        assert Span.current().is_none()


def test_an_entered_root_hides_the_span_below_it() -> None:
    """The parent of a contextual span is the current span alone, whatever lies below it."""
    with recording() as trace, info_span("a").enter(), info_span("b", parent=None).enter():
        info("ev")
    assert story(trace) == "N a E a N b E b ev[b] X b C b X a C a"


def test_entering_a_child_does_not_enter_its_parent() -> None:
    """The parent shows up in the scope by its link, and is not on the stack."""
    with recording() as trace:
        a = info_span("a")
        b = info_span("b", parent=a)
        with b.enter():
            info("ev")
        del b
    assert story(trace) == "N a N b<a E b ev[b<a] X b C b"


def test_a_parent_is_fixed_when_the_span_is_made() -> None:
    """Entered under another span later, a span keeps its parent."""
    with recording() as trace:
        a = info_span("a")
        with info_span("other").enter():
            a.in_scope(lambda: info("ev"))
    assert trace.scope(trace.events[0]) == ("a",)


def test_exiting_on_another_thread_leaves_a_stale_entry() -> None:
    """The stack belongs to the thread: a guard dropped elsewhere exits nothing here."""
    with recording() as trace:
        guard = info_span("a").enter()
        kept = [Span.current()]
        spawn_thread(guard.exit).join()
        info("ev")
        assert current() == "a"
        kept.clear()
    assert trace.scope(trace.events[0]) == ("a",)


def test_where_a_stale_entry_has_closed_nothing_is_current() -> None:
    """On x and a closed span no span is current, though x is entered; spans above it work."""
    with recording() as trace:
        guards = [info_span("x").enter(), info_span("d").enter()]
        dead = [guards.pop()]
        spawn_thread(lambda: dead.clear()).join()  # exits there, and closes d
        info("one")
        with info_span("above").enter():
            info("two")
        info("three")
        guards.pop()
    assert [trace.scope(event) for event in trace.events] == [(), ("above",), ()]


def test_a_new_thread_has_an_empty_stack() -> None:
    """`std::thread::spawn` takes no span along."""
    with recording() as trace, info_span("a").enter():
        spawn_thread(lambda: info("ev")).join()
    (event,) = trace.events
    assert (event.thread, trace.scope(event)) == (2, ())


def test_a_span_can_be_entered_on_another_thread() -> None:
    """`in_scope` inside the thread puts the span on that thread's stack."""
    with recording() as trace:
        a = info_span("a")
        spawn_thread(lambda: a.in_scope(lambda: info("ev"))).join()
    (event,) = trace.events
    assert (event.thread, trace.scope(event)) == (2, ("a",))


# ---------------------------------------------------------------- when a span closes


def test_a_child_keeps_its_parent_open() -> None:
    """Dropping the parent closes nothing; dropping the child closes both (V4)."""
    with recording() as trace:
        parent = info_span("p")
        child = info_span("k", parent=parent)
        del parent
        info("between")
        del child
    assert story(trace) == "N p N k<p between[] C k C p"


def test_closing_goes_up_to_the_root() -> None:
    """Child, parent, grandparent close in this order."""
    with recording() as trace:
        leaf = info_span("a")
        for name in "bc":
            leaf = info_span(name, parent=leaf)
        del leaf
    assert story(trace) == "N a N b<a N c<b<a C c C b C a"


def test_span_current_keeps_the_span_open() -> None:
    """A handle from `Span.current()` is a reference like any other (V5)."""
    with recording() as trace:
        guard = info_span("p").entered()
        handle = Span.current()
        del guard
        info("between")
        del handle
    assert story(trace) == "N p E p X p between[] C p"


def test_being_entered_keeps_no_span_open() -> None:
    """A leaked guard stays on the stack, and its span closes with the last handle."""
    with recording() as trace:
        leaked = [info_span("a").enter()]
        spawn_thread(lambda: leaked.clear()).join()
        info("ev")
        assert Span.current().is_none()
    assert story(trace) == "N a E a X a C a ev[]"


def test_the_owned_guard_gives_its_span_back() -> None:
    """`exit` ends the guard and hands over the handle, which is still open."""
    with recording() as trace:
        guard = info_span("a").entered()
        span = guard.exit()
        del guard
        info("between")
        del span
    assert story(trace) == "N a E a X a between[] C a"


def test_a_temporary_span_lives_as_long_as_its_block() -> None:
    """`with info_span(…).enter()` keeps the span for the block, as the owned guard would."""
    with recording() as trace:
        with info_span("a").enter():
            info("ev")
        info("after")
    assert story(trace) == "N a E a ev[a] X a C a after[]"


@pytest.mark.parametrize("guard", ["enter", "entered", "in_scope"])
def test_an_exception_exits_and_closes(guard: str) -> None:
    """A panic unwinds through the guard; the traceback keeps nothing open."""

    def panic() -> None:
        raise ValueError("on purpose")

    def inside() -> None:
        if guard == "in_scope":
            info_span("a").in_scope(panic)
        with getattr(info_span("a"), guard)():
            panic()

    with recording() as trace:
        with pytest.raises(ValueError, match="on purpose"):
            inside()
        info("after")
    assert story(trace) == "N a E a X a C a after[]"


# ---------------------------------------------------------------- disabled spans and filters


def test_a_disabled_parent_makes_a_root() -> None:
    """An explicit parent that the filter took away is no parent, and not the current one (V9)."""
    with recording(level="info") as trace, info_span("outer").entered():
        disabled = debug_span("d")
        info_span("child", parent=disabled)
        info("ev", parent=disabled)
        assert disabled.or_current().name == "outer"
    assert story(trace) == "N outer E outer N child C child ev[] X outer C outer"


def test_a_filtered_span_does_not_exist() -> None:
    """It is on no stack: what is made inside it belongs to the enabled span around it."""
    with recording(level="info") as trace:
        with info_span("a").enter(), debug_span("d").enter(), info_span("b").enter():
            info("ev")
        assert debug_span("d").is_disabled()
    assert trace.scope(trace.events[0]) == ("b", "a")
    assert len(trace.spans) == 2


def test_a_span_without_existence_does_not_hide_the_current_one() -> None:
    """Entering `Span.none()` changes nothing; `parent=None` is what detaches."""
    with recording() as trace, info_span("a").enter():
        Span.none().in_scope(lambda: info("one"))
        info("two", parent=None)
    assert [trace.scope(event) for event in trace.events] == [("a",), ()]


def test_everything_done_to_a_disabled_span_has_no_effect() -> None:
    """Enter, record and follows_from are allowed and leave no record."""
    with recording() as trace:
        nothing, other = Span.none(), info_span("other")
        with nothing.enter():
            nothing.record("n", 1).follows_from(other)
        other.follows_from(nothing).follows_from(None)
    assert story(trace) == "N other"
    assert nothing.is_none()
    assert nothing.is_disabled()


def test_outside_a_recording_spans_are_disabled_and_events_go_nowhere() -> None:
    """Without a subscriber nothing is recorded, and nothing fails."""
    with info_span("a").enter():
        info("ev")
        assert info_span("b").is_none()
    assert Span.current().is_none()


@pytest.mark.parametrize(
    ("level", "kept"),
    [("trace", 5), ("debug", 4), ("info", 3), ("WARN", 2), ("error", 1), ("off", 0), (2, 4)],
)
def test_a_level_keeps_what_is_at_least_as_important(level: Any, kept: int) -> None:
    """TRACE < DEBUG < INFO < WARN < ERROR, and "off" keeps nothing."""
    names = ["trace", "debug", "info", "warn", "error"]
    with recording(level=level) as trace:
        for name in names:
            event(name, name)
            span(name, name)
    assert [event.message for event in trace.events] == names[len(names) - kept :]
    assert [new.name for new in trace.spans.values()] == names[len(names) - kept :]


def test_macros_record_their_levels() -> None:
    """Each macro has its level in its name."""
    with recording() as recorded:
        for macro in (trace, info, warn, error):
            macro("ev")
    assert [event.level.name for event in recorded.events] == ["TRACE", "INFO", "WARN", "ERROR"]


@pytest.mark.parametrize("kind", ["", "_span"], ids=["event", "span"])
@pytest.mark.parametrize("level", ["trace", "debug", "info", "warn", "error"])
def test_a_macro_is_a_function_that_an_editor_finds(level: str, kind: str) -> None:
    """Its source is under its name, and its text names the level and the macro of Rust."""
    macro = getattr(spanlab, level + kind)
    assert inspect.getsource(macro).startswith(f"def {level}{kind}(")
    assert f"level {level.upper()}" in macro.__doc__
    assert f"In Rust: `tracing::{level}{kind}!`." in macro.__doc__


def test_a_parent_of_none_makes_a_root_event() -> None:
    """Its parent is none, though the record keeps which span was current."""
    with recording() as trace, info_span("a").enter():
        info("ev", parent=None)
    (event,) = trace.events
    assert (event.parent, event.current) == (None, 0)


def test_an_event_can_name_its_parent() -> None:
    """`parent=span` wins over the current span."""
    with recording() as trace:
        a = info_span("a")
        with info_span("b").enter():
            info("ev", parent=a)
    assert trace.scope(trace.events[0]) == ("a",)


# ---------------------------------------------------------------- fields, links, handles


def test_record_sets_only_declared_fields() -> None:
    """A field that was not declared with the span is ignored without a word."""
    with recording() as trace:
        a = info_span("a", n=Empty, k=1)
        assert a.record("n", 2).record("unknown", 3).record("k", 4) is a
    assert [r.fields for r in trace.of(SpanRecorded)] == [(("n", 2),), (("k", 4),)]
    assert trace.spans[0].fields == (("k", 1),)


def test_follows_from_is_no_parent_and_keeps_nothing_open() -> None:
    """The link is recorded; scope and lifetime do not change."""
    with recording() as trace:
        cause, effect = info_span("cause"), info_span("effect")
        assert effect.follows_from(cause) is effect
        del cause
        effect.in_scope(lambda: info("ev"))
    assert story(trace).startswith("N cause N effect C cause E effect ev[effect]")
    assert [(r.span, r.follows) for r in trace.of(SpanFollows)] == [(1, 0)]


def test_or_current_gives_an_enabled_span_itself() -> None:
    """Only a disabled span is replaced, and outside any span by none."""
    with recording():
        a = info_span("a")
        assert a.or_current() is a
        assert Span.none().or_current().is_none()


def test_span_current_is_the_same_span_each_time() -> None:
    """Two handles of one span are equal; none is equal to no enabled span."""
    with recording(), info_span("a").enter():
        assert Span.current() is Span.current()
        assert Span.current() != Span.none()
    assert repr(Span.none()) == "Span(none)"


def test_records_carry_the_line_that_made_them() -> None:
    """New, enter and events point at the macro's line; the exit at the line of the enter."""
    with recording() as trace:
        a = info_span("a")
        with a.enter():
            info("ev")
    new, entered, event, exited = trace.records[1:5]
    assert [r.line - new.line for r in (entered, event, exited)] == [1, 2, 1]
    assert {r.file for r in (new, entered, event, exited)} == {__file__}


def test_the_target_is_the_module_unless_it_is_given() -> None:
    """`target="db"` replaces the module's name, for spans and events."""
    with recording() as trace:
        info_span("a")
        info_span("b", target="db")
        info("ev")
        info("ev", target="db")
    assert [new.target for new in trace.spans.values()] == [__name__, "db"]
    assert [event.target for event in trace.events] == [__name__, "db"]


def test_guards_of_an_ended_recording_do_nothing() -> None:
    """A guard that outlives its recording adds no record, there or to the next one."""
    with recording() as first:
        guards = [info_span("a").enter(), info_span("b").entered()]
        span = Span.current()
    steps = len(first)
    with recording() as second:
        info("ev")
        guards.pop().exit()
        guards.clear()
        span.record("n", 1)
        del span
    assert len(first) == steps
    assert story(second) == "ev[]"


def test_a_span_is_entered_by_its_guard() -> None:
    """What comes from OpenTelemetry, where a span is one of `with`."""
    wanted = r"Write: with span\.enter\(\)"
    with recording(), pytest.raises(UsageError, match=wanted), info_span("work"):
        pass
