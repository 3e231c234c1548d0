"""The macros: `info`, `info_span` and their kin, one for each level.

`parent` is a span, or None for no parent; without it the current span of the thread is the parent.
All other keyword arguments are fields, in their order; a message is the field called `message`.
"""

from __future__ import annotations

from sys import _getframe
from typing import Any

from spanlab.field import Level
from spanlab.tracing.span import Span, emit, make_span


def event(
    level: Level | str, message: Any = None, /, *,
    parent: Any = ..., target: Any = None, **fields: Any,
) -> None:  # fmt: skip
    """Record an event of any level; `info` says more. In Rust: `tracing::event!`."""
    emit(Level.parse(level), message, parent, target, fields, _getframe(1))


def trace(message: Any = None, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> None:
    """Record an event of level TRACE; `info` says more. In Rust: `tracing::trace!`."""
    emit(1, message, parent, target, fields, _getframe(1))


def debug(message: Any = None, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> None:
    """Record an event of level DEBUG; `info` says more. In Rust: `tracing::debug!`."""
    emit(2, message, parent, target, fields, _getframe(1))


def info(message: Any = None, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> None:
    """Record an event of level INFO, under the current span of this thread at this instant.

    The parent is decided here and now. A message with values in it is an f-string;
    fields keep their values: `info("served", path="/", status=200)`.

    `parent=span` names another parent, `parent=None` none; `target` is the module's name.
    Where the level is filtered out, or nothing records, nothing happens.

    In Rust: `tracing::info!`.

    >>> with recording() as seen:
    ...     info("hello", n=3)
    >>> seen.events[0].fields
    (('message', 'hello'), ('n', 3))
    """
    emit(3, message, parent, target, fields, _getframe(1))


def warn(message: Any = None, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> None:
    """Record an event of level WARN; `info` says more. In Rust: `tracing::warn!`."""
    emit(4, message, parent, target, fields, _getframe(1))


def error(message: Any = None, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> None:
    """Record an event of level ERROR; `info` says more. In Rust: `tracing::error!`."""
    emit(5, message, parent, target, fields, _getframe(1))


def span(
    level: Level | str, name: str, /, *,
    parent: Any = ..., target: Any = None, **fields: Any,
) -> Span:  # fmt: skip
    """Make a span of any level; `info_span` says more. In Rust: `tracing::span!`."""
    return make_span(Level.parse(level), name, parent, target, fields, _getframe(1))


def trace_span(name: str, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> Span:
    """Make a span of level TRACE; `info_span` says more. In Rust: `tracing::trace_span!`."""
    return make_span(1, name, parent, target, fields, _getframe(1))


def debug_span(name: str, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> Span:
    """Make a span of level DEBUG; `info_span` says more. In Rust: `tracing::debug_span!`."""
    return make_span(2, name, parent, target, fields, _getframe(1))


def info_span(name: str, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> Span:
    """Make a span of level INFO, under the current span of this thread, at this instant.

    It is not entered by that. Keep it, and enter it with `enter` around code that does not
    await, or give it to a future with `instrument`. It closes when its last reference goes.

    `parent=span` names another parent, `parent=None` makes a root; `target` is the module's name.
    Where the level is filtered out, or nothing records, the span is disabled.

    In Rust: `tracing::info_span!`.

    >>> with recording() as seen:
    ...     span = info_span("work", n=3)
    >>> seen.spans[span.id].fields
    (('n', 3),)
    """
    return make_span(3, name, parent, target, fields, _getframe(1))


def warn_span(name: str, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> Span:
    """Make a span of level WARN; `info_span` says more. In Rust: `tracing::warn_span!`."""
    return make_span(4, name, parent, target, fields, _getframe(1))


def error_span(name: str, /, *, parent: Any = ..., target: Any = None, **fields: Any) -> Span:
    """Make a span of level ERROR; `info_span` says more. In Rust: `tracing::error_span!`."""
    return make_span(5, name, parent, target, fields, _getframe(1))
