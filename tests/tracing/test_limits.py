"""What a Rust program cannot hold, and Python's can: each works or says what to write instead."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

from spanlab import (
    Debug,
    Display,
    FutureReused,
    Trace,
    UsageError,
    graph,
    info,
    info_span,
    instrument,
    join,
    lanes,
    log,
    pending,
    recording,
    run,
    sleep,
    spawn,
    step,
)
from spanlab.record import SpanClosed

ON_3_12 = sys.version_info[:2] == (3, 12)

IN_ITSELF: list[Any] = [1]
IN_ITSELF.append(IN_ITSELF)
LOOP: dict[str, Any] = {}
LOOP["again"] = (LOOP,)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("half \ud800 a pair", "half \ufffd a pair"),
        ("\udc00", "\ufffd"),
        (Display("\ud800"), "\ufffd"),
        (["\ud800"], '["\\u{d800}"]'),
        (1 << 20_000, f"{1 << 20_000:#x}"),
        (-(1 << 20_000), f"{-(1 << 20_000):#x}"),
        (Debug([1 << 20_000]), f"[{1 << 20_000:#x}]"),
        (IN_ITSELF, "[1, ...]"),
        (LOOP, '{"again": (...,)}'),
    ],
    ids=range(9),
)
def test_a_field_holds_what_rust_has_no_value_for(value: Any, text: str) -> None:
    """It is recorded as text that every view, page and file can hold."""

    async def main() -> None:
        with info_span("work", value=value).enter():
            info("hello", value=value)

    trace = run(main())
    assert dict(trace.events[0].fields)["value"] == text
    shown = [str(log(trace)), log(trace, "json"), trace.to_json()]
    for view in (log, graph, lanes, step):
        shown += view(trace)._repr_mimebundle_().get("text/html", "")
    assert "".join(map(str, shown)).encode()
    assert Trace.from_json(trace.to_json()).rows == trace.rows


def test_names_and_messages_hold_half_a_surrogate_pair_as_the_replacement_character() -> None:
    """So does what `from_utf8_lossy` makes of it."""
    with recording() as trace, info_span("w\ud800").enter():
        info("m\udfff")
    assert (trace.scope(trace.events[0]), trace.events[0].message) == (("w\ufffd",), "m\ufffd")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_the_copy_of_a_span_is_one_more_reference(copied: Callable[[Any], Any]) -> None:
    """It closes once, when the last of them has gone."""
    with recording() as trace:
        span = info_span("work")
        other = copied(span)
        del span
        with other.enter():
            info("within")
        assert not trace.of(SpanClosed)
        del other
    assert trace.scope(trace.events[0]) == ("work",)
    assert len(trace.of(SpanClosed)) == 1


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_guards_and_futures_cannot_be_copied(copied: Callable[[Any], Any]) -> None:
    """They are moved: a copy would exit or drop a second time."""

    async def main() -> None:
        span = info_span("work")
        with span.enter() as guard, pytest.raises(UsageError, match=r"a guard exits once and"):
            copied(guard)
        futures = span.instrument(pending()), sleep(1), join(pending(), pending())
        for future in (*futures, spawn(sleep(0))):
            with pytest.raises(FutureReused, match=r"a future is moved, not copied"):
                copied(future)

    trace = run(main())
    assert [row[0] for row in trace.rows].count("close") == 1


def test_a_namespace_without_a_name_is_main() -> None:
    """Code that was given to `exec` with empty globals has no `__name__`."""
    names: dict[str, Any] = {"info": info, "info_span": info_span}
    exec("def work():\n    with info_span('work').enter():\n        info('hello')", names)
    del names["__builtins__"]
    with recording() as trace:
        names["work"]()
    assert trace.events[0].target == trace.spans[0].target == "__main__"


@pytest.mark.parametrize("other", [0, "work", object()])
def test_a_span_follows_from_a_span(other: Any) -> None:
    """Its number is not a span."""
    with recording(), pytest.raises(UsageError, match=r"a span follows from a span, got .*Write: "):
        info_span("work").follows_from(other)


@pytest.mark.parametrize("skip", [5, {"n": 1}, lambda n: n])
def test_skip_names_arguments(skip: Any) -> None:
    """A name, or a list or tuple of names."""
    with pytest.raises(UsageError, match=r"skip names arguments, got .*Write: skip=\("):
        instrument(skip=skip)(plain)


def plain(n: int) -> int:
    return n


@instrument
def countdown(n: int) -> int:
    return countdown(n - 1) + 1 if n else 0


@instrument
async def async_countdown(n: int) -> int:
    return await async_countdown(n - 1) + 1 if n else 0


async def call_countdown(n: int) -> int:
    return countdown(n)


def test_recursion_that_is_too_deep_says_how_to_go_deeper() -> None:
    """An instrumented call takes more levels of Python than a plain one."""
    with pytest.raises(RecursionError) as caught:
        run(call_countdown(1_000))
    (note,) = caught.value.__notes__
    assert note.startswith("A call of a function with @instrument takes 3 levels of Python")
    assert ("sys.setrecursionlimit(10_000)" in note) is not ON_3_12


@pytest.mark.skipif(ON_3_12, reason="Python 3.12 counts some calls by a limit that is fixed")
@pytest.mark.parametrize("work", [call_countdown, async_countdown])
def test_recursion_a_thousand_deep_works(work: Callable[[int], Any]) -> None:
    """With the line that the error proposes."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        trace = run(work(1_000))
    finally:
        sys.setrecursionlimit(before)
    assert trace.result == 1_000
    assert len(trace.names(max(trace.spans))) == 1_001
