"""Levels and field values: what is kept of a value, and how Rust would write it."""

from __future__ import annotations

from typing import Any

import pytest

from spanlab import Debug, Display, Empty, Level, UsageError, info, recording
from spanlab.field import Text
from spanlab.values import debug, number, quote


def fields(**given: Any) -> tuple[tuple[str, Any], ...]:
    """Give what an event keeps of its fields."""
    with recording() as trace:
        info(**given)
    return trace.events[0].fields


@pytest.mark.parametrize("name", ["trace", "DEBUG", "Info", "warn", "ERROR"])
def test_a_level_is_read_in_any_case(name: str) -> None:
    """`#[instrument(level = "INFO")]` and `"info"` are the same."""
    assert Level.parse(name).name == name.upper()


def test_numbers_of_levels_are_those_of_the_attribute() -> None:
    """`#[instrument(level = 4)]` is WARN: 1 is TRACE and 5 is ERROR."""
    assert [Level.parse(n).name for n in (1, 2, 3, 4, 5)] == list(Level.__members__)
    assert Level.parse(4) is Level.WARN


def test_error_is_the_most_important_level() -> None:
    """The order is that of importance."""
    assert Level.TRACE < Level.DEBUG < Level.INFO < Level.WARN < Level.ERROR


@pytest.mark.parametrize("wrong", ["loud", "", 0, 6, None, 2.5, "off"])
def test_a_wrong_level_lists_the_right_ones(wrong: Any) -> None:
    """The error names all five."""
    with pytest.raises(UsageError, match="'trace', 'debug', 'info', 'warn', 'error'"):
        Level.parse(wrong)


def test_fields_keep_their_order() -> None:
    """The message comes first, the rest as written."""
    with recording() as trace:
        info("text", b=1, a=2)
    assert trace.events[0].fields == (("message", "text"), ("b", 1), ("a", 2))


def test_a_message_given_as_a_field_stays_where_it_is() -> None:
    """`info!(k = 1, message = "text")` does not move the message."""
    assert fields(k=1, message="text") == (("k", 1), ("message", "text"))


def test_none_and_empty_record_nothing() -> None:
    """The field is left out, and not recorded as a word."""
    assert fields(a=None, b=Empty, c=0) == (("c", 0),)


def test_plain_values_are_kept_as_they_are() -> None:
    """Numbers, booleans and strings are values, not text."""
    given = fields(i=1, f=1.5, b=True, s="x")
    assert given == (("i", 1), ("f", 1.5), ("b", True), ("s", "x"))
    assert not any(isinstance(value, Text) for _, value in given)


def test_debug_and_display_keep_finished_text() -> None:
    """`?x` quotes a string, `%x` does not."""
    assert fields(d=Debug("x"), p=Display("x"), n=Debug([1])) == (
        ("d", '"x"'), ("p", "x"), ("n", "[1]"),
    )  # fmt: skip


def test_anything_else_is_recorded_by_its_debug() -> None:
    """A list needs no sigil here; an exception is shown as an error is."""
    assert fields(a=[1, "b"], e=ValueError("bad")) == (("a", '[1, "b"]'), ("e", "bad"))


def test_a_value_is_formatted_once_and_at_once() -> None:
    """What changes later does not change the record."""
    values = [1]
    with recording() as trace:
        info(v=values)
        values.append(2)
    assert dict(trace.events[0].fields) == {"v": "[1]"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('q"q', '"q\\"q"'),
        ("back\\slash", '"back\\\\slash"'),
        ("line\nline", '"line\\nline"'),
        ("\t\r\0", '"\\t\\r\\0"'),
        ("\x1b[31m", '"\\u{1b}[31m"'),
        ("\x7f", '"\\u{7f}"'),
        ("e\u0301", '"e\\u{301}"'),
        ("grün 東京 🦀", '"grün 東京 🦀"'),
        ("'", '"\'"'),
        ("\u200b", '"\\u{200b}"'),
    ],
)
def test_strings_are_written_as_rust_debug_writes_them(value: str, text: str) -> None:
    """Checked with `println!("{:?}")`."""
    assert quote(value) == text == debug(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (-3, "-3"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e16"),
        (1.5e16, "1.5e16"),
        (1e-4, "0.0001"),
        (1e-5, "1e-5"),
        (1.5e-7, "1.5e-7"),
        (5e-324, "5e-324"),
        (-0.0, "-0.0"),
        (float("nan"), "NaN"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (2**70, "1180591620717411303424"),
    ],
)
def test_numbers_are_written_as_rust_debug_writes_them(value: Any, text: str) -> None:
    """Checked with `println!("{:?}")`."""
    assert number(value) == text == debug(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]"),
        ([1, 2.0], "[1, 2.0]"),
        ((1,), "(1,)"),
        ((1, "a"), '(1, "a")'),
        ((), "()"),
        ({"a": 1}, '{"a": 1}'),
        ({2, 1}, "{1, 2}"),
        (None, "None"),
        ([None, [True]], "[None, [true]]"),
    ],
)
def test_collections_are_written_as_rust_debug_writes_them(value: Any, text: str) -> None:
    """Lists, tuples, maps and sets have the brackets of their counterparts."""
    assert debug(value) == text


def test_an_object_without_a_repr_prints_its_type_and_no_address() -> None:
    """The same program prints the same text at each run."""

    class Config:
        pass

    assert debug(Config()) == "Config"
