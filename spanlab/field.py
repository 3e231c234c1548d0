"""Levels and field values: what a span or event keeps of what it was given.

A value is turned into numbers, booleans, strings or finished text at once, when the span or event
is made, and never looked at again.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from enum import IntEnum
from reprlib import recursive_repr
from typing import Any

from spanlab.errors import UsageError

Fields = tuple[tuple[str, Any], ...]
LONG = 10_000  # bits; Python writes no longer number in decimals


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
        try:
            return cls[value.upper()] if isinstance(value, str) else cls(value)
        except (KeyError, ValueError):
            names = ", ".join(repr(level.name.lower()) for level in cls)
            raise UsageError(f"a level is one of {names}, got {value!r}") from None


class Text(str):
    """The finished text of a value recorded with `Debug` or `Display`: printed without quotes."""

    __slots__ = ()


class _Empty:
    def __repr__(self) -> str:
        return "Empty"


Empty = _Empty()  # In Rust: `tracing::field::Empty`, a field without a value yet


class Debug:
    """Record a field by its `repr`, written as Rust's `{:?}` would write it.

    In Rust: the sigil `?`, as in `info!(user = ?user)`.

    >>> with recording() as trace:
    ...     info("hello", user=Debug(["ann"]))
    >>> trace.events[0].fields[1]
    ('user', '["ann"]')
    """

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


class Display(Debug):
    """Record a field by its `str`, without quotes.

    In Rust: the sigil `%`, as in `info!(user = %user)`.
    """

    __slots__ = ()


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
        return Text(value.value if isinstance(value, Display) else value)
    return Text(debug(value.value if isinstance(value, Debug) else value))


def quote(text: str) -> str:
    """Write a string as Rust's `{:?}` does: in double quotes, with its escapes."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    shown = char.isprintable() and unicodedata.category(char) not in ("Mn", "Me")
    return char if shown else f"\\u{{{ord(char):x}}}"


def number(value: float) -> str:
    """Write a number or boolean as Rust's `{:?}` does: `true`, `1.0`, `1e21`, `NaN`."""
    if isinstance(value, bool):  # asked first, for it is an int too
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value.bit_length() <= LONG else f"{value:#x}"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value}"
    mantissa, _, exponent = repr(value).partition("e")  # Rust: plain from 1e-4 up to 1e16
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}" if exponent else mantissa


_ADDRESS: Any = object.__repr__  # prints where the object lies: another place at each run


@recursive_repr("...")
def debug(value: Any) -> str:
    """Write a value as Rust's `{:?}` would write its counterpart; `...` for itself within it.

    >>> debug(["ann", None, (1, 2.0)])
    '["ann", None, (1, 2.0)]'
    """
    match value:
        case str():
            return quote(value)
        case bool() | int() | float():
            return number(value)
        case list():
            return f"[{', '.join(map(debug, value))}]"
        case tuple():
            return f"({', '.join(map(debug, value))}{',' * (len(value) == 1)})"
        case dict():
            return f"{{{', '.join(f'{debug(k)}: {debug(v)}' for k, v in value.items())}}}"
        case set() | frozenset():
            return f"{{{', '.join(sorted(map(debug, value)))}}}"
    if type(value).__repr__ is _ADDRESS:
        return type(value).__name__
    return repr(value)
