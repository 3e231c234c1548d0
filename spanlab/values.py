"""Values written as Rust's `{:?}` writes them, and with `{:#?}` on lines of their own."""

from __future__ import annotations

import math
import os
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

from spanlab.errors import UsageError, is_readers

LONG = 10_000  # bits; Python writes no longer number in decimals
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}

_ADDRESS: Any = object.__repr__  # prints where the object lies

Parts = tuple[str, str, Iterable[tuple[Any, Any]]]  # name, brackets, each part with its label


class Some(NamedTuple):
    """A value that might have been None, written `Some(3)`; as a field it is the value itself.

    In Rust: `Option::Some`. Without it a value is written as what it is: 3.
    """

    value: Any


class Char(str):
    """One letter, written `'c'` by `Debug`. In Rust: `char`."""

    __slots__ = ()

    def __new__(cls, letter: str) -> Char:
        """Take one letter, and no longer text."""
        if not isinstance(letter, str) or len(letter) != 1:
            raise UsageError(f"a Char is one letter, got {letter!r:.60}. Write: Char('c')")
        return super().__new__(cls, letter)


def quote(text: str, mark: str = '"') -> str:
    """Write a string as Rust's `{:?}` does: in double quotes, with its escapes."""
    return mark + "".join(f"\\{char}" if char == mark else _escaped(char) for char in text) + mark


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    shown = char.isprintable() and unicodedata.category(char) not in ("Mn", "Me")
    return char if shown else f"\\u{{{ord(char):x}}}"


def number(value: float) -> str:
    """Write a number or boolean as Rust's `{:?}` does: `true`, `1.0`, `1e21`, `NaN`."""
    if isinstance(value, bool):  # asked first, for it is an int too
        return str(bool(value)).lower()
    if isinstance(value, int):
        return f"{int(value)}" if value.bit_length() <= LONG else f"{value:#x}"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value}"
    mantissa, _, exponent = repr(float(value)).partition("e")  # Rust: plain from 1e-4 up to 1e16
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}" if exponent else mantissa


def display(value: Any) -> str:
    """Write a value as Rust's `{}` does: a float without an exponent, all else as it says itself.

    >>> display(True), display(1e20), display(1.0)
    ('true', '100000000000000000000', '1')
    """
    if isinstance(value, float) and math.isfinite(value):
        from decimal import Decimal  # a tenth of what importing spanlab takes

        return f"{Decimal(repr(float(value))):f}".removesuffix(".0")
    return number(value) if isinstance(value, bool | int | float) else str(value)


def debug(value: Any, alternate: bool = False, around: tuple[int, ...] = ()) -> str:
    """Write a value as Rust's `{:?}` would write its counterpart; `...` for itself within it.

    A dataclass or plain object is a struct with its fields, a named tuple a tuple struct, a member
    of an enum its name. What has a `__repr__` of its own is written by it.

    >>> debug(["ann", None, (1, 2.0)])
    '["ann", None, (1, 2.0)]'
    """
    if id(value) in around:
        return "..."
    parts = _parts(value)
    if isinstance(parts, str):
        return parts
    (name, brackets, labelled), around = parts, (*around, id(value))
    write = partial(debug, alternate=alternate, around=around)
    texts = [_label(label, write) + write(part) for label, part in labelled]
    if not texts:
        return name or brackets
    gap = " " if name and brackets == "{}" else ""
    if alternate:
        lines = "".join(f"    {line}\n" for text in texts for line in f"{text},".split("\n"))
        return f"{name}{gap}{brackets[0]}\n{lines}{brackets[1]}"
    comma = "," if not name and brackets == "()" and len(texts) == 1 else ""
    return f"{name}{gap}{brackets[0]}{gap}{', '.join(texts)}{comma}{gap}{brackets[1]}"


class _Key(NamedTuple):
    key: Any


def _label(label: str | _Key | None, write: Callable[[Any], str]) -> str:
    if isinstance(label, _Key):
        label = write(label.key)
    return "" if label is None else f"{label}: "


def _parts(value: Any) -> str | Parts:
    """Give the finished text of a value, or its parts."""
    kind = type(value)
    written = getattr(kind.__repr__, "__code__", None)
    if isinstance(value, Enum) and not is_dataclass(value):
        return value.name
    match value:
        case Char():
            return quote(value, "'")
        case str():
            return quote(value)
        case bool() | int() | float():
            return number(value)
        case os.PathLike():
            return quote(str(value))
        case dict():
            return "", "{}", ((_Key(key), part) for key, part in value.items())
        case list() | deque() | bytes() | bytearray():
            return "", "[]", _unlabelled(value)
        case set() | frozenset():
            return "", "{}", _unlabelled(sorted(value, key=debug))
    if written is not None and is_readers(written.co_filename) and written.co_name == "__repr__":
        return repr(value)
    if isinstance(value, tuple):
        return kind.__name__ if kind is not tuple else "", "()", _unlabelled(value)
    if is_dataclass(kind):
        shown = (f.name for f in fields(kind) if f.repr)
        return kind.__name__, "{}", ((name, getattr(value, name)) for name in shown)
    if isinstance(value, BaseException):
        is_text = kind.__module__ == "builtins" and len(value.args) == 1
        return quote(str(value)) if is_text else (kind.__name__, "()", _unlabelled(value.args))
    if kind.__repr__ is _ADDRESS:
        return kind.__name__, "{}", getattr(value, "__dict__", {}).items()
    text = repr(value)
    return kind.__name__ if " at 0x" in text else text  # an address is another one in each run


def _unlabelled(values: Iterable[Any]) -> Iterable[tuple[None, Any]]:
    return ((None, value) for value in values)
