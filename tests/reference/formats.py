"""`src/bin/formats.rs` and `src/bin/thread_names.rs` once more, in spanlab, line by line."""

from __future__ import annotations

import math

from spanlab import (
    Debug,
    Display,
    Empty,
    debug,
    debug_span,
    error,
    error_span,
    info,
    info_span,
    threads,
    trace,
    warn,
)


def emit():
    """Record the events that `formats.rs` prints in most of its sections."""
    messages()
    values()
    hostile()
    spans()
    parents()
    later()


def messages():
    """Levels, targets, and where the message stands."""
    trace("a trace")
    debug("a debug")
    info("an info")
    warn("a warning")
    error("an error")
    info("another target", target="elsewhere::deep")
    info("the message comes first", answer=42)
    info(answer=42, message="the message stays behind")
    info(only=1, fields=True)
    info("a name", **{"dotted.name": 1, "a quoted name": 2})
    info("hidden fields", **{"log.line": 7, "log.file": "f.rs"})
    info("two\nlines\tand a tab")
    info("")


def values():
    """Every type of value."""
    info("integers", zero=0, negative=-3, min=-(2**63), max=2**64 - 1)
    info("more than 64 bits", wide=1 << 100)
    info("floats", whole=1.0, tenth=0.1, minus=-0.0, third=1.0 / 3.0)
    info("large floats", a=1e15, b=1e16, c=1e21, d=1.5e300, e=123456789012345680.0)
    info("small floats", a=1e-3, b=1e-4, c=1e-5, d=1e-6, e=1.25e-7)
    info("no numbers", nan=math.nan, inf=math.inf, minus=-math.inf)
    info("bools", yes=True, no=False)
    info("strings", plain="text", quotes="a \"b\" 'c' \\", newline="a\nb\tc\rd")
    info("unicode", e="é", cjk="日本", emoji="🦀👩‍👩‍👧", combining="e\u0301")
    info("with Display", d=Display("plain"), n=Display("a\nb"), i=Display(7), f=Display(1.5))
    info(
        "with Debug",
        s=Debug('te"xt'), i=Debug(7), f=Debug(1.0), list=Debug([1, 2]), tuple=Debug(("a", 1.5)),
    )  # fmt: skip
    info("what is not there", none=None, empty=Empty, there=1)


def hostile():
    """Characters that do harm in a terminal or on a page."""
    info("escape \x1b[31m bell \x07 back \x08 feed \x0c delete \x7f c1 \x9b31m bidi \u202e")
    info(text="escape \x1b[31m bell \x07 delete \x7f c1 \x9b bidi \u202e bom \ufeff")
    info("with Display", shown=Display("escape \x1b[31m bell \x07 bidi \u202e"))
    info("<script>alert('&amp;')</script>")
    span = info_span("<b>\x1b[31m\u202e</b>", message="escape \x1b[31m", k=Display("\x1b[0m"))
    span.in_scope(lambda: info("in a hostile span"))


def spans():
    """Spans in spans, with fields."""
    with info_span("outer", b="two", a=1, name="mine").enter():
        info("in outer")
        with debug_span("inner", target="elsewhere").enter():
            info("in inner", k=1)
            leaf = error_span(
                "leaf one", x=Display("raw text"), y=Debug("text"), z=1.0, wide=1 << 90
            )
            with leaf.enter():
                warn(only=1)
                hidden = {"log.a": 1, "log.b": "two", "log.c": Debug("three")}
                info_span("hiding", **hidden).in_scope(lambda: info("hi"))


def parents():
    """Parents by hand."""
    other = info_span("other", o=1)
    child = info_span("child", parent=other, c=2)
    info("a parent, and nothing is current", parent=child)
    info("no parent, and nothing is current", parent=None)
    with info_span("current", k=3).enter():
        info("a parent, and another is current", parent=child)
        info("no parent, and one is current", parent=None)
        info_span("root", parent=None, r=4).in_scope(lambda: info("in a root"))


def later():
    """Fields that get their value later."""
    span = info_span("later", a=1, b=Empty, z=Empty)
    with span.enter():
        info("before")
        span.record("b", "x")
        info("after b")
        span.record("a", 2)
        info("after a again")
        span.record("unknown", 3)
        info("after an unknown field")
        empty = info_span("empty", only=Empty)
        with empty.enter():
            info("nothing yet")
            empty.record("only", 1)
            info("now one")


def live():
    """Spans from their making to their end."""
    outer = info_span("outer", a=1)
    root = debug_span("root", parent=None)
    guard = outer.entered()
    inner = info_span("inner", b=Empty)
    with inner.enter():
        inner.record("b", 2)
        info("in inner")
        with outer.enter():
            info("outer is entered twice")
            with root.enter():
                info("in root")
    del inner
    del root
    never = info_span("never entered")
    del outer
    del guard
    del never


def thread_names():
    """Three threads, one of them without a name."""
    info("on the main thread", target="thread_names")
    recorder = threads.current().recorder
    with threads.on(recorder.thread("a long thread name")):
        info("on a named thread", target="thread_names")
    with threads.on(recorder.thread("")):
        info("on an unnamed thread", target="thread_names")
    info("on the main thread again", target="thread_names")
