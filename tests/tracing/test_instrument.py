"""`@instrument` and `Instrumented`: what the span covers, when it is made, what it records."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from spanlab import (
    CurrentThread,
    Debug,
    Display,
    Empty,
    JoinError,
    JoinSet,
    Level,
    NoSource,
    Span,
    Trace,
    debug_span,
    in_current_span,
    info,
    info_span,
    instrument,
    join,
    pending,
    recording,
    run,
    select,
    spawn,
    yield_now,
)
from spanlab.record import Event, SpanClosed, SpanEntered, SpanExited, SpanFollows, SpanNew


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
                shown = record.message or ",".join(f"{k}={v}" for k, v in record.fields)
                words.append(f"{shown}[{'<'.join(trace.scope(record))}]")
    return " ".join(words)


def ran(main: Any, level: str = "trace") -> str:
    """Run a main function on one thread and tell what happened."""
    return story(run(main(), on=CurrentThread(), level=level))


class Bomb:
    """Logs when it is dropped."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __del__(self) -> None:
        info(f"drop {self.name}")


# ---------------------------------------------------------------- what the span covers


@instrument
async def kind_a() -> None:
    info("body")


@instrument
def kind_b() -> Any:
    info("sync")

    async def task() -> None:
        info("async")

    return task()


@instrument
def kind_d() -> Any:
    info("sync")

    async def task() -> None:
        info("async")

    future = task()
    return future  # noqa: RET504


async def called_and_polled(function: Any) -> None:
    """Call inside the span `caller`, and poll inside the span `poller` (V6)."""
    with info_span("caller").enter():
        future = function()
    await info_span("poller").instrument(future)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (kind_a, "N caller E caller X caller C caller N poller E poller N kind_a<poller E kind_a "
                 "body[kind_a<poller] X kind_a E kind_a X kind_a C kind_a"),
        (kind_b, "N caller E caller sync[caller] X caller C caller N poller E poller "
                 "N kind_b<poller E kind_b async[kind_b<poller] X kind_b E kind_b X kind_b "
                 "C kind_b"),
        (kind_d, "N caller E caller N kind_d<caller E kind_d sync[kind_d<caller] X kind_d C kind_d "
                 "X caller C caller N poller E poller async[poller]"),
    ],
)  # fmt: skip
def test_the_syntax_decides_what_the_span_covers(function: Any, told: str) -> None:
    """An async fn: its future. A tail that is an async block: the block. Else: the call (V6)."""
    ending = " X poller E poller X poller C poller"
    assert ran(lambda: called_and_polled(function)) == told + ending


async def outside() -> None:
    info("async")


def test_calling_an_async_function_from_elsewhere_is_a_plain_call() -> None:
    """Only an `async def` of the same body counts as an async block."""

    @instrument
    def f() -> Any:
        return outside()

    async def main() -> None:
        await f()

    assert ran(main) == "N f E f X f C f async[]"


def test_a_block_in_a_branch_is_a_plain_call() -> None:
    """The last statement itself must be the `return` of the block."""

    @instrument
    def f() -> Any:
        async def task() -> None:
            info("async")

        with suppress(ValueError):
            return task()

    async def main() -> None:
        await f()

    assert ran(main) == "N f E f X f C f async[]"


def test_statements_after_the_block_are_no_matter() -> None:
    """The async block may stand anywhere in the body, as an item of Rust may."""

    @instrument
    def f() -> Any:
        async def task() -> None:
            info("async")

        info("sync")
        return task()

    async def main() -> None:
        await f()

    assert ran(main) == "sync[] N f E f async[f] X f E f X f C f"


def test_an_early_return_is_not_in_the_span() -> None:
    """The attribute rewrote the last statement alone."""

    @instrument
    def f(early: bool) -> Any:
        if early:
            return outside()

        async def task() -> None:
            info("late")

        return task()

    async def main() -> None:
        await f(True)
        await f(False)

    assert ran(main) == "async[] N f E f late[f] X f E f X f C f"


def test_a_sync_function_is_inside_its_span() -> None:
    """The span is made, entered, exited and closed around the call."""

    @instrument
    def f() -> int:
        info("in")
        return 42

    with recording() as trace:
        assert f() == 42
    assert story(trace) == "N f E f in[f] X f C f"


def test_an_async_function_makes_its_span_when_first_polled() -> None:
    """Called in one span and awaited in another, it belongs to the other."""

    @instrument
    async def f() -> None:
        info("in")

    async def main() -> None:
        with info_span("caller").enter():
            future = f()
        with info_span("poller").enter():
            await future

    assert "N f<poller" in ran(main)


def test_an_unpolled_future_makes_no_span() -> None:
    """Dropping it does nothing at all."""

    async def main() -> None:
        future = kind_a()
        del future

    assert ran(main) == ""


def test_a_spawned_instrumented_function_is_a_root() -> None:
    """Its first poll is in the scheduler, with an empty stack."""

    async def main() -> None:
        tasks = JoinSet()
        with info_span("caller").enter():
            handle = spawn(kind_a())
            tasks.spawn(kind_a())
        await handle
        await tasks.join_next()

    told = ran(main)
    assert told.count("N kind_a ") == 2
    assert "kind_a<" not in told


def test_in_current_span_keeps_the_parent_of_a_spawned_function() -> None:
    """It is evaluated in the caller, and entered around each poll of the task."""

    async def main() -> None:
        with info_span("caller").enter():
            handle = spawn(in_current_span(kind_a()))
        await handle

    assert "body[kind_a<caller]" in ran(main)


def test_in_current_span_inside_the_task_is_too_late() -> None:
    """There the stack is empty already."""

    async def task() -> None:
        await in_current_span(kind_a())

    async def main() -> None:
        with info_span("caller").enter():
            handle = spawn(task())
        await handle

    assert "body[kind_a]" in ran(main)


def test_methods_record_self_by_its_debug() -> None:
    """`self` is an argument like any other, named `self`."""

    class Server:
        def __repr__(self) -> str:
            return "Server { port: 80 }"

        @instrument
        async def serve(self, path: str) -> str:
            return path

        @instrument(skip=("self",))
        def close(self) -> None:
            pass

    async def main() -> Any:
        server = Server()
        server.close()
        return await server.serve("/")

    trace = run(main(), on=CurrentThread())
    assert trace.result == "/"
    assert [(new.name, new.fields) for new in trace.spans.values()] == [
        ("close", ()),
        ("serve", (("self", "Server { port: 80 }"), ("path", "/"))),
    ]


def test_static_and_class_methods_can_be_instrumented() -> None:
    """With the attribute below the other decorator, where the `def` still is."""

    class Server:
        @staticmethod
        @instrument
        def ping() -> int:
            return 1

        @classmethod
        @instrument(skip_all=True)
        def make(cls) -> type:
            return cls

    with recording() as trace:
        assert (Server.ping(), Server().make()) == (1, Server)
    assert [new.name for new in trace.spans.values()] == ["ping", "make"]


def test_the_wrapped_function_keeps_its_name_and_doc() -> None:
    """What a reader asks a function about is still there."""

    @instrument
    def f() -> None:
        """Say it."""

    assert (f.__name__, f.__doc__) == ("f", "Say it.")


def test_without_source_a_def_is_refused_and_an_async_def_is_not() -> None:
    """The syntax of an `async def` needs no source to be known."""
    names: dict[str, Any] = {}
    exec("def f(): pass\nasync def g(): pass", names)
    with pytest.raises(NoSource, match=r"'f', and there is none.*with info_span\('f'\).enter\(\)"):
        instrument(names["f"])

    async def main() -> None:
        await instrument(names["g"])()

    assert ran(main) == "N g E g X g E g X g C g"


def test_the_span_stands_on_the_line_of_the_attribute() -> None:
    """As `line` of the metadata is the line of the `#`."""

    @instrument(
        name="x",
    )
    def f() -> None:
        pass

    with recording() as trace:
        f()
    line = f.__wrapped__.__code__.co_firstlineno
    assert trace.spans[0].line == line
    assert trace.spans[0].file == __file__


# ---------------------------------------------------------------- its arguments


def made(decorate: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a decorated function of `n` and `who`, and give its span."""

    def f(n: Any, who: Any = "ann") -> Any:
        return n

    with recording() as trace:
        instrument_f(decorate, f)(*args, **kwargs)
    return trace.spans[len(trace.spans) - 1]


def instrument_f(decorate: Any, function: Any) -> Any:
    return decorate(function)


def test_arguments_become_fields_with_their_names() -> None:
    """By position, by name and by default, in the order of the signature."""
    assert made(instrument, 1).fields == (("n", 1), ("who", "ann"))
    assert made(instrument, who="bob", n=2).fields == (("n", 2), ("who", "bob"))


def test_plain_arguments_are_values_and_all_others_their_debug() -> None:
    """`bool`, numbers and strings are values; `Option<u8>` would print `Some(3)`."""
    assert made(instrument, [1, "x"]).fields[0] == ("n", '[1, "x"]')
    assert made(instrument, True).fields[0] == ("n", True)


def test_an_argument_of_none_is_recorded_by_its_debug() -> None:
    """As an `Option` argument is: it prints `None`, where `info!(n = None)` would leave it out."""
    assert made(instrument, None).fields[0] == ("n", "None")


def test_name_target_and_level() -> None:
    """The name may stand alone, as in `#[instrument("x")]`; the level has any case, or a number."""
    span = made(instrument(name="x", target="t", level="WARN"), 1)
    assert (span.name, span.target, span.level) == ("x", "t", Level.WARN)
    span = made(instrument("y", level=4), 1)
    assert (span.name, span.target, span.level) == ("y", __name__, Level.WARN)
    assert made(instrument, 1).level is Level.INFO


def test_skip_leaves_arguments_out() -> None:
    """Some of them or all."""
    assert made(instrument(skip=("n",)), 1).fields == (("who", "ann"),)
    assert made(instrument(skip=["n", "who"]), 1).fields == ()
    assert made(instrument(skip_all=True), 1).fields == ()


def test_fields_come_after_the_arguments() -> None:
    """They may be values, or functions of the arguments, also of skipped ones."""
    span = made(instrument(skip=("n",), fields={"k": 1, "twice": lambda n: n * 2}), 21)
    assert span.fields == (("who", "ann"), ("k", 1), ("twice", 42))


def test_a_field_with_the_name_of_an_argument_takes_its_place() -> None:
    """The argument itself is not recorded then."""
    assert made(instrument(fields={"n": Display("x")}), 1).fields == (("who", "ann"), ("n", "x"))


def test_an_empty_field_can_be_recorded_later() -> None:
    """`fields(status)` alone declares it."""

    @instrument(fields={"status": Empty})
    def f() -> None:
        Span.current().record("status", 200).record("other", 1)

    with recording() as trace:
        f()
    assert [r.fields for r in trace.records if hasattr(r, "fields")] == [(), (("status", 200),)]


def test_parent_makes_a_root_or_a_child_of_another_span() -> None:
    """None, a span, or a function of the arguments."""

    @instrument(skip_all=True, parent=None)
    def root() -> None:
        pass

    @instrument(skip_all=True, parent=lambda cause: cause)
    def child(cause: Span) -> None:
        pass

    with recording() as trace:
        other = info_span("other")
        with info_span("current").enter():
            root()
            child(other)
            child(Span.none())
    assert [(new.name, new.parent) for new in trace.spans.values()][2:] == [
        ("root", None),
        ("child", 0),
        ("child", None),
    ]


def test_follows_from_links_each_cause_before_the_first_enter() -> None:
    """An iterable, or a function of the arguments that gives one."""

    @instrument(skip_all=True, follows_from=lambda causes: causes)
    async def f(causes: list[Span]) -> None:
        pass

    async def main() -> None:
        await f([info_span("a"), info_span("b")])

    trace = run(main(), on=CurrentThread())
    kinds = [r for r in trace.records if isinstance(r, SpanFollows | SpanEntered)]
    assert [(r.span, r.follows) for r in kinds[:2]] == [(2, 0), (2, 1)]


def test_fields_are_evaluated_when_the_span_is_made() -> None:
    """For an async function that is its first poll, and not the call."""
    seen = []

    @instrument(fields={"n": lambda: seen.append("fields") or 1})
    async def f() -> None:
        seen.append("body")

    async def main() -> None:
        future = f()
        seen.append("called")
        await future

    run(main(), on=CurrentThread())
    assert seen == ["called", "fields", "body"]


# ---------------------------------------------------------------- err and ret


class MyError(Exception):
    def __str__(self) -> str:
        return "my err 3"


@instrument(skip_all=True, err=True, ret=True)
async def fallible(ok: bool) -> str:
    if not ok:
        raise MyError
    return "v"


@instrument(skip_all=True, err=True, ret=True)
def fallible_sync(ok: bool) -> str:
    if not ok:
        raise MyError
    return "v"


async def both_ways(sync: bool) -> None:
    with info_span("outer").enter():
        for ok in (True, False):
            with suppress(MyError):
                fallible_sync(ok) if sync else await fallible(ok)


def test_ret_and_err_are_recorded_inside_the_span() -> None:
    """The value by its Debug, the error by its Display, before the exit (V12)."""
    trace = run(both_ways(sync=False), on=CurrentThread())
    told = story(trace)
    assert 'E fallible return="v"[fallible<outer] X fallible' in told
    assert "E fallible error=my err 3[fallible<outer] X fallible" in told
    assert [event.level.name for event in trace.events] == ["INFO", "ERROR"]


def test_ret_and_err_of_a_sync_function() -> None:
    """The same, in the guard of the call."""
    trace = run(both_ways(sync=True), on=CurrentThread())
    name = "fallible_sync"
    assert [(dict(e.fields), trace.scope(e)) for e in trace.events] == [
        ({"return": '"v"'}, (name, "outer")),
        ({"error": "my err 3"}, (name, "outer")),
    ]


def test_ret_and_err_of_an_async_block() -> None:
    """The block is what succeeds or fails."""

    @instrument(err=True, ret=True)
    def f() -> Any:
        async def task() -> int:
            return 5

        return task()

    async def main() -> None:
        await f()

    assert ran(main) == "N f E f return=5[f] X f E f X f C f"


def test_err_and_ret_can_be_told_how_and_how_loud() -> None:
    """`err(Debug, level = "warn")`, `ret(Display, level = "debug")`."""

    @instrument(err=Debug, err_level="warn", ret=Display, ret_level="debug")
    def f(ok: bool) -> str:
        if not ok:
            raise ValueError("bad")
        return "v"

    with recording() as trace:
        f(True)
        with pytest.raises(ValueError, match="bad"):
            f(False)
    assert [(event.level.name, event.fields) for event in trace.events] == [
        ("DEBUG", (("return", "v"),)),
        ("WARN", (("error", '"bad"'),)),
    ]


def test_ret_takes_the_level_of_the_span() -> None:
    """And `err` is an ERROR whatever the span is."""

    @instrument(level="debug", ret=True)
    def f() -> int:
        return 1

    with recording() as trace:
        f()
    assert trace.events[0].level is Level.DEBUG


def test_an_err_event_outlives_a_disabled_span() -> None:
    """Filtered by its own level, it belongs to the span around."""

    @instrument(level="debug", err=True)
    async def f() -> None:
        raise ValueError("bad")

    async def main() -> None:
        with info_span("outer").enter(), pytest.raises(ValueError, match="bad"):
            await f()

    assert ran(main, level="info") == "N outer E outer error=bad[outer] X outer C outer"


def test_an_error_passing_two_functions_is_logged_twice() -> None:
    """Once for each level of nesting."""

    @instrument(err=True)
    async def inner() -> None:
        raise ValueError("bad")

    @instrument(err=True)
    async def outer() -> None:
        await inner()

    async def main() -> None:
        with pytest.raises(ValueError, match="bad"):
            await outer()

    trace = run(main(), on=CurrentThread())
    assert [trace.scope(event) for event in trace.events] == [("inner", "outer"), ("outer",)]


def test_locals_are_dropped_before_the_value_is_logged() -> None:
    """And an argument of a sync function after its span has closed (V13)."""

    @instrument(skip_all=True, ret=True)
    def f(bomb: Bomb) -> int:
        local = Bomb("local")
        assert local is not bomb
        return 5

    async def main() -> None:
        with info_span("outer").enter():
            f(Bomb("argument"))

    assert ran(main) == (
        "N outer E outer N f<outer E f drop local[f<outer] return=5[f<outer] X f C f "
        "drop argument[outer] X outer C outer"
    )


def test_a_cancelled_function_logs_neither_value_nor_error() -> None:
    """Dropping is no return."""

    @instrument(err=True, ret=True)
    async def f() -> None:
        await pending()

    async def main() -> None:
        await select(f(), yield_now(), biased=True)

    assert ran(main) == "N f E f X f E f X f E f X f C f"


# ---------------------------------------------------------------- Instrumented


def test_an_instrumented_future_enters_once_per_poll_and_once_to_drop() -> None:
    """Two yields: four pairs of enter and exit, then the close."""

    async def twice() -> None:
        await yield_now()
        await yield_now()

    async def main() -> None:
        await info_span("s").instrument(twice())

    assert ran(main) == "N s E s X s E s X s E s X s E s X s C s"


def test_an_unpolled_instrumented_future_is_dropped_inside_its_span() -> None:
    """One pair of enter and exit without any poll."""

    async def main() -> None:
        future = info_span("s").instrument(outside())
        del future
        info("after")

    assert ran(main) == "N s E s X s C s after[]"


def test_what_an_instrumented_future_holds_is_dropped_inside_its_span() -> None:
    """Aborted while it waits, its locals log under the span."""

    async def holds() -> None:
        bomb = Bomb("local")
        await pending()
        del bomb

    async def main() -> None:
        handle = spawn(info_span("s").instrument(holds()))
        await yield_now()
        handle.abort()
        await yield_now()

    assert ran(main) == "N s E s X s E s drop local[s] X s C s"


def test_a_panic_inside_exits_and_drops_inside_the_span() -> None:
    """Unwinding passes the guard of the poll, then the future is dropped."""

    async def panics() -> None:
        bomb = Bomb("local")
        assert bomb
        raise RuntimeError("boom")

    async def main() -> None:
        handle = spawn(info_span("s").instrument(panics()))
        with pytest.raises(JoinError):
            await handle

    assert ran(main) == "N s E s drop local[s] X s E s X s C s"


def test_the_outer_wrapper_enters_first() -> None:
    """`f.instrument(a).instrument(b)` is b, then a."""

    async def main() -> None:
        a, b = info_span("a"), info_span("b")
        await b.instrument(a.instrument(outside()))

    told = ran(main)
    assert told.startswith("N a N b E b E a async[a] X a")


def test_re_instrumenting_with_an_ancestor_does_not_make_it_current() -> None:
    """It is on the stack already: a duplicate."""

    async def main() -> None:
        a = info_span("a")
        b = info_span("b", parent=a)
        await a.instrument(b.instrument(a.instrument(outside())))

    assert "async[b<a]" in ran(main)


def test_a_span_closes_when_the_future_is_gone_and_no_handle_is_left() -> None:
    """A handle kept anywhere keeps it open past its last exit."""

    async def main() -> None:
        kept = info_span("s")
        await kept.instrument(outside())
        info("after")
        del kept

    assert ran(main) == "N s E s async[s] X s E s X s after[] C s"


def test_instrumenting_with_a_disabled_span_leaves_the_task_without_one() -> None:
    """The trap of a filtered `debug_span!`; `or_current` is the way out."""

    async def main() -> None:
        with info_span("outer").enter():
            lost = spawn(debug_span("d").instrument(outside()))
            kept = spawn(debug_span("d").or_current().instrument(outside()))
        await lost
        await kept

    told = ran(main, level="info")
    assert told.startswith("N outer E outer X outer async[] E outer async[outer]")


def test_children_of_a_join_are_polled_in_the_callers_span() -> None:
    """The record that the real crates made of two kids in one join."""

    @instrument(name="kid")
    async def kid(name: str) -> None:
        info(f"{name}1")
        await yield_now()
        info(f"{name}2")

    async def both() -> None:
        await join(kid("a"), kid("b"))

    async def main() -> None:
        await info_span("outer").instrument(both())

    assert ran(main) == (
        "N outer E outer N kid<outer E kid a1[kid<outer] X kid N kid<outer E kid b1[kid<outer] "
        "X kid X outer E outer E kid b2[kid<outer] X kid E kid X kid C kid E kid a2[kid<outer] "
        "X kid E kid X kid C kid X outer E outer X outer C outer"
    )
