"""What does not fit a public name: an error of ours, or Python's own where the call begins."""

from __future__ import annotations

import inspect
import random
import traceback
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import pytest
from soak import often

import spanlab
from spanlab import Level, SpanlabError, Trace, UsageError, info, info_span, recording

WRONG: tuple[Any, ...] = (
    5, -1, 10**30, 1.5, float("nan"), True, "x", "?", "", b"x", None, ..., [], (), {}, object(),
    lambda: 1, int,
)  # fmt: skip
# What a program is given and does not make; a base class; what raises by design; logging's own.
NOT_CALLED = {"JoinHandle", "Span", "Stepper", "Trace", "Future", "panic", "LogTracer"}
ASKED = {  # methods, by their object
    "span": ("record", "follows_from", "in_scope", "instrument"),
    "trace": ("scope", "of", "from_json"),
}


def trace() -> Trace:
    with recording() as made, info_span("work").enter():
        info("hello")
    return made


def calls() -> dict[str, Callable[..., Any]]:
    objects = {"span": info_span("work"), "trace": trace()}
    found = {
        f"{o}.{name}": getattr(objects[o], name) for o, names in ASKED.items() for name in names
    }
    for name in spanlab.__all__:
        thing = getattr(spanlab, name)
        is_other = isinstance(thing, type) and issubclass(thing, BaseException | Enum)
        if callable(thing) and not is_other and name not in NOT_CALLED:
            found[name] = thing
    return found


def arguments(call: Callable[..., Any], chance: random.Random) -> Iterator[tuple[Any, Any]]:
    """Give as many wrong arguments as a call needs, and some that it does not need."""
    for _ in range(often(10, 200)):
        positional, named = [], {}
        for name, parameter in inspect.signature(call).parameters.items():
            is_needed = parameter.default is parameter.empty
            if parameter.kind is parameter.VAR_KEYWORD or not (is_needed or chance.random() < 0.4):
                continue
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
                positional.append(chance.choice(WRONG))
            else:
                named[name] = chance.choice(WRONG)
        yield positional, named


@pytest.mark.parametrize("name", calls())
def test_what_does_not_fit_is_an_error_of_ours(name: str) -> None:
    """No inner error of the package is what a reader sees."""
    call, chance = calls()[name], random.Random(name)
    for positional, named in arguments(call, chance):
        try:
            given = call(*positional, **named)
            if inspect.iscoroutine(given):
                given.close()
        except SpanlabError:
            pass
        except TypeError as error:
            if len(traceback.extract_tb(error.__traceback__)) > 1:
                raise  # it is not the call that Python refused


@pytest.mark.parametrize("wrong", ["x", 1.5, None, slice(0, 5, 2)])
def test_a_part_of_a_trace_is_a_record_or_a_stretch(wrong: Any) -> None:
    """A place past the end is Python's `IndexError`, as of a list."""
    with pytest.raises(UsageError, match="one record or all of a stretch"):
        trace()[wrong]
    with pytest.raises(IndexError):
        trace()[10**30]


@pytest.mark.parametrize("wrong", ["?", "", 0, 6, None, [], 1.5])
def test_a_level_has_a_name_or_a_number(wrong: Any) -> None:
    """Where it is looked up by a call as well."""
    for read in Level, Level.parse:
        with pytest.raises(UsageError, match="a level is one of 'trace'"):
            read(wrong)
