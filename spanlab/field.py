"""Levels and field values: what a span or event keeps of what it was given.

A value is turned into numbers, booleans, strings or finished text at once, when the span or event
is made, and never looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NoReturn

from spanlab.errors import UsageError
from spanlab.values import LONG, Some, debug, display, number

Fields = tuple[tuple[str, Any], ...]


class Level(IntEnum):
    """How important an event or span is; ERROR is the most important.

    In Rust: `tracing::Level`; the numbers are those of `#[instrument(level = N)]`.
    """

    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5

    @classmethod
    def parse(cls, value: Level | str | int) -> Level:
        """Read a level from its name in any case, or from 1 (TRACE) to 5 (ERROR)."""
        known: Any = value
        if isinstance(value, str):
            known = cls.__members__.get(value.upper(), value)
        return cls(known)

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        names = ", ".join(repr(level.name.lower()) for level in cls)
        raise UsageError(f"a level is one of {names}, got {value!r:.60}")


class Text(str):
    """The finished text of a value recorded with `Debug` or `Display`: printed without quotes."""

    __slots__ = ()


class _Empty:
    def __repr__(self) -> str:
        return "Empty"


Empty = _Empty()  # In Rust: `tracing::field::Empty`, a field without a value yet


class Debug:
    """Record a field as Rust's `{:?}` would write it; in text `f"{Debug(x)}"`, `f"{Debug(x):#}"`.

    In Rust: the sigil `?`, as in `info!(user = ?user)`; in text `{x:?}` and `{x:#?}`.

    >>> with recording() as trace:
    ...     info("hello", user=Debug(["ann"]))
    >>> trace.events[0].fields[1]
    ('user', '["ann"]')
    """

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __format__(self, how: str) -> str:
        return debug(self.value, how == "#")


class Display(Debug):
    """Record a field by its `str`, without quotes.

    In Rust: the sigil `%`, as in `info!(user = %user)`.
    """

    __slots__ = ()

    def __format__(self, how: str) -> str:
        return format(display(self.value), how)


def capture(fields: Mapping[str, Any]) -> tuple[Any, ...]:
    """Turn given values into what is noted, `(name, value, name, value, …)`.

    `None` and `Empty` leave the field out. One flat tuple takes half of the memory of pairs.

    In Rust: `Value::record` for numbers, booleans and strings, `Debug` for all else.
    """
    kept: list[Any] = []
    for name, value in fields.items():
        kind = type(value)
        if kind is int or kind is str or kind is bool or kind is float:
            kept += name, value
        elif kind is Some:
            kept += capture({name: value.value})
        elif value is not None and value is not Empty:
            kept += name, _text(value)
    return tuple(kept)


def pairs(noted: tuple[Any, ...]) -> Fields:
    """Give the fields that were noted as pairs of name and value; those read from JSON are."""
    if noted and isinstance(noted[0], tuple):
        return noted
    return tuple((name, written(noted[at + 1])) for at, name in enumerate(noted) if at % 2 == 0)


def written(value: Any) -> Any:
    """Give a value as it can be written down: a huge number as text, half a surrogate pair as �."""
    if type(value) is int and value.bit_length() > LONG:
        return Text(number(value))
    if isinstance(value, str) and not value.isascii():
        return type(value)(value.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return value


def _text(value: Any) -> Text:
    if isinstance(value, (Display, BaseException)):  # an error is told by its Display, as in Rust
        return Text(display(value.value if isinstance(value, Display) else value))
    return Text(debug(value.value if isinstance(value, Debug) else value))
