"""What `why` costs, counted in steps of Python: twice the program is about twice the work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from written import IMPORTS, execute, files

import spanlab
from spanlab import CurrentThread, Trace
from spanlab.causes import Cause
from spanlab.causes.why import Why, why

HERE = str(Path(spanlab.__file__).parent)
TWICE = 2.6  # and a rest; what goes with the square takes 4 times as much


def counted(work: Callable[[], Any]) -> int:
    """Count the lines that the package runs, those of a loop in one line each time.

    Not instructions: Python 3.12 and 3.13 leave out those of a function traced for the first time.
    """
    count = [0]

    def step(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(HERE):
            return None
        count[0] += event == "line"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        work()
    finally:
        sys.settrace(before)
    return count[0]


def helpers(count: int) -> str:
    """Write functions that hand a future on, each to two others and to itself."""
    text = f'{IMPORTS}\nasync def job():\n    info("seen")\n\n'
    for n in range(count):
        first, second = (f"h{min(n + more, count)}(future)" for more in (1, 2))
        text += f"def h{n}(future, again=False):\n    if again:\n        return h{n}(future)\n"
        text += f"    return {first} if not again else {second}\n\n"
    text += f"def h{count}(future):\n    return future\n\n"
    text += 'async def main():\n    with info_span("r").enter():\n        future = h0(job())\n'
    return f"{text}    await future\n"


def handed(count: int) -> Trace:
    return execute(files(helpers(count)), CurrentThread())


def threads(count: int) -> Trace:
    """Run a program that starts threads, each of which leaves a span entered."""
    text = f"""{IMPORTS}
def thread():
    info_span("left").enter().__enter__()
    info("in it")

async def main():
    with info_span("r").enter():
        for _ in range({count}):
            spawn_thread(thread).join()
    info("seen")
"""
    return execute(files(text), CurrentThread())


def asked(trace: Trace) -> Why:
    return why(trace, "seen")


@pytest.mark.parametrize(("program", "count"), [(handed, 20), (threads, 100)])
def test_twice_the_program_is_twice_the_work(program: Callable[[int], Trace], count: int) -> None:
    """Helpers that call each other and themselves; threads that come and go."""
    one, two = program(count), program(2 * count)
    asked(one), asked(two)  # what a trace looks up once
    once, twice = counted(lambda: asked(one)), counted(lambda: asked(two))
    assert once > 10_000
    assert twice < TWICE * once, (once, twice)


def test_a_future_is_followed_through_helpers_to_where_it_was_made() -> None:
    """However many of them there are, and though they call themselves."""
    answer = asked(handed(40))
    assert answer.cause is Cause.GUARD_DROPPED
    assert answer.tree == ("r",)
    assert [line for _, line in answer.fixes[0].diff()][-1] == "future = in_current_span(h0(job()))"
