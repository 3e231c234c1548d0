"""Values are written as rustc writes them: `reference/src/bin/values.rs` printed the truth."""

from __future__ import annotations

import threading
from collections import deque, namedtuple
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pytest

from spanlab import Char, Debug, Display, Some, UsageError, info, recording
from spanlab.values import debug, display

LOGS = Path(__file__).parent.parent / "reference" / "logs"


@dataclass
class Point:
    x: int
    y: float


class Unit:
    pass


@dataclass
class Empty:
    pass


Wrapper = namedtuple("Wrapper", ["items"])


class Pair(NamedTuple):
    first: int
    second: str


class Service:
    def __init__(self) -> None:
        self.name = "s"
        self.at = Point(0, 0.0)
        self.tags = ["a", "b"]


class Kind(Enum):
    Plain = 1


@dataclass
class Named:
    name: str


class Secret:
    def __repr__(self) -> str:
        return "Secret(***)"


class NotFound(Exception):
    pass


VALUES = (  # in the order of the Rust file
    (), (1,), (1, "b", 2.0), [], [1, 2], [[1], []], deque([1, 2]), b"ab",
    {}, {"a": 1, "b": 2}, {(1, 2): [Unit()]}, {1, 2}, None, Some(3), Some("x"),
    [Some(1), None], Some(Some(())), Char("c"), Char("'"), Char('"'), Char("\n"), Char("\u0301"),
    "it's \"so\"\n", True, 1e20, 1e16, 1e15, 1e-5, 0.0001, -0.0, float("nan"), float("inf"), 1.5,
    2**64 - 1, Point(-1, 1e20), Unit(), Empty(), Wrapper([1]), Pair(1, "x"), Kind.Plain,
    Named("n"), Pair(1, 2), Secret(), [Secret()], Service(),
    (Point(1, 2.0), [(1, Unit())], {"k": Some(Kind.Plain)}), PurePosixPath("/a/b c"),
    ValueError("no 2"), NotFound("no 2", 404), ["two\nlines"],
)  # fmt: skip


def test_values_are_written_as_rustc_writes_them() -> None:
    """On one line, and on several with `#`."""
    printed = [f"{debug(value)}\n{debug(value, True)}\n--\n" for value in VALUES]
    assert "".join(printed) == (LOGS / "values.log").read_text(encoding="utf-8")


def test_text_takes_the_forms_of_rust() -> None:
    """`{x:?}`, `{x:#?}` and `{x}`."""
    assert f"{Debug(Point(1, 2.0))}" == "Point { x: 1, y: 2.0 }"
    assert f"{Debug([Unit()]):#}" == "[\n    Unit,\n]"
    assert f"{Display(True)} {Display('s'):>3}" == "true   s"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (1.0, "1"), (0.5, "0.5"), (1e20, "1" + 20 * "0"), (1e-7, "0.0000001"),
     (-0.0, "-0"), (float("nan"), "NaN"), (3, "3"), ("it's", "it's"), (ValueError("no"), "no")],
)  # fmt: skip
def test_display_is_that_of_rust(value: Any, text: str) -> None:
    """Checked with `println!("{}")`."""
    assert display(value) == text


def test_an_option_is_recorded_as_its_value_and_written_by_debug() -> None:
    """`info!(x = Some(3))` prints `x=3`, `?x` prints `x=Some(3)`, and `None` is left out."""
    with recording() as trace:
        info(x=Some(3), y=Debug(Some(3)), z=Some(None), u=[Some("a")])
    assert trace.events[0].fields == (("x", 3), ("y", "Some(3)"), ("u", '[Some("a")]'))


def test_what_has_a_repr_of_its_own_is_written_by_it() -> None:
    """As a type that implements `Debug` by hand; what Python wrote counts for nothing."""

    @dataclass
    class Masked:
        password: str = "x"
        shown: int = field(default=1, repr=False)

        def __repr__(self) -> str:
            return "Masked"

    @dataclass
    class Half:
        seen: int = 1
        hidden: int = field(default=2, repr=False)

    class Number(IntEnum):
        One = 1

    assert debug([Masked(), Half(), Number.One]) == "[Masked, Half { seen: 1 }, One]"


def test_no_address_is_written() -> None:
    """The same program prints the same text at each run."""

    class Holder:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.call = len
            self.made = lambda: None

    assert debug(Holder()) == "Holder { lock: lock, call: <built-in function len>, made: function }"


def test_what_holds_itself_ends() -> None:
    """The place where it comes again is `...`, and only there."""
    shared: list[Any] = [1]
    ring: list[Any] = [shared, shared]
    ring.append(ring)
    holder = Unit()
    holder.me = holder  # type: ignore[attr-defined]
    assert debug(ring) == "[[1], [1], ...]"
    assert debug(holder) == "Unit { me: ... }"


@pytest.mark.parametrize("wrong", ["", "ab", 3])
def test_a_char_is_one_letter(wrong: Any) -> None:
    """As it is in Rust."""
    with pytest.raises(UsageError, match=r"Write: Char\('c'\)"):
        Char(wrong)
