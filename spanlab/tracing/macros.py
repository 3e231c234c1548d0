"""The macros: `info`, `info_span` and their kin, one for each level.

`parent` is a span, or None for no parent; without it the current span of the thread is the parent.
All other keyword arguments are fields, in their order; a message is the field called `message`.
"""

from __future__ import annotations

from sys import _getframe
from typing import Any

from spanlab.field import Level
from spanlab.tracing.span import Span, emit, make_span

_EVENT = """Record an event of level {level}, under the current span of this thread at this instant.

    The parent is decided here and now. A message with values in it is an f-string;
    fields keep their values: `{name}("served", path="/", status=200)`.

    `parent=span` names another parent, `parent=None` none; `target` is the module's name.
    Where the level is filtered out, or nothing records, nothing happens.

    In Rust: `tracing::{name}!`.

    >>> with recording() as seen:
    ...     {name}("hello", n=3)
    >>> seen.events[0].fields
    (('message', 'hello'), ('n', 3))
    """

_SPAN = """Make a span of level {level}, under the current span of this thread, at this instant.

    It is not entered by that. Keep it, and enter it with `enter` around code that does not
    await, or give it to a future with `instrument`. It closes when its last reference goes.

    `parent=span` names another parent, `parent=None` makes a root; `target` is the module's name.
    Where the level is filtered out, or nothing records, the span is disabled.

    In Rust: `tracing::{name}!`.

    >>> with recording() as seen:
    ...     span = {name}("work", n=3)
    >>> seen.spans[span.id].fields
    (('n', 3),)
    """


def event(
    level: Level | str, message: str | None = None, /, *,
    parent: Any = ..., target: str | None = None, **fields: Any,
) -> None:  # fmt: skip
    """Record an event of any level; `info` and its kin say more."""
    emit(Level.parse(level), message, parent, target, fields, _getframe(1))


def span(
    level: Level | str, name: str, /, *,
    parent: Any = ..., target: str | None = None, **fields: Any,
) -> Span:  # fmt: skip
    """Make a span of any level; `info_span` and its kin say more."""
    frame = _getframe(1)
    place = frame.f_code, frame.f_lasti
    target = target or frame.f_globals["__name__"]
    return make_span(Level.parse(level), name, parent, target, fields, place)


def _event_macro(level: int) -> Any:
    def macro(
        message: str | None = None, /, *,
        parent: Any = ..., target: str | None = None, **given: Any,
    ) -> None:  # fmt: skip
        emit(level, message, parent, target, given, _getframe(1))

    return _named(macro, Level(level).name.lower(), _EVENT, level)


def _span_macro(level: int) -> Any:
    def macro(name: str, /, *, parent: Any = ..., target: str | None = None, **fields: Any) -> Span:
        frame = _getframe(1)
        place = frame.f_code, frame.f_lasti
        return make_span(level, name, parent, target or frame.f_globals["__name__"], fields, place)

    return _named(macro, f"{Level(level).name.lower()}_span", _SPAN, level)


def _named(macro: Any, name: str, doc: str, level: int) -> Any:
    macro.__name__ = macro.__qualname__ = name
    macro.__doc__ = doc.format(name=name, level=Level(level).name)
    return macro


trace, debug, info, warn, error = map(_event_macro, map(int, Level))
trace_span, debug_span, info_span, warn_span, error_span = map(_span_macro, map(int, Level))
