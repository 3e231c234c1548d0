"""What `why` says of random programs: promises are kept, answers stand, nobody is alarmed.

The programs are those of `tests/conformance`, written out as Python; nobody tuned `why` to them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from promises import Promise, answers, promises, said
from written import (
    IMPORTS,
    Writer,
    execute,
    files,
    programs,
    renamed,
    spaced,
    two_cells,
    two_modules,
    uncalled,
)

from spanlab import CurrentThread, VirtualThreads
from spanlab.causes import Cause

SOAK = bool(os.environ.get("SPANLAB_SOAK"))
RUNTIMES = {"one thread": CurrentThread, "two workers": lambda: VirtualThreads(2)}
FAMILIES = ("current_thread", "guards")  # those on one thread
EVERY = 1 if SOAK else 10  # of the 600 programs
FEW = 1 if SOAK else 30


def some(every: int = EVERY, careful: bool = False) -> Iterator[Writer]:
    for number, program in enumerate(programs(*FAMILIES)):
        if number % every == 0:
            yield Writer(program, careful)


@pytest.fixture(params=RUNTIMES.values(), ids=RUNTIMES.keys())
def on(request: Any) -> Any:
    return request.param()


def test_every_change_that_is_proposed_gives_the_promised_spans(on: Any) -> None:
    """Each change for each event is made in the source, and the program is run again."""
    found = [promise for writer in some() for promise in promises(files(writer.text), on)]
    print(f"\n{sum(p.is_kept for p in found)} of {len(found)} promises are kept on {on}")
    broken = [promise for promise in found if not promise.is_kept]
    assert not broken, told(broken[0])
    assert len(found) > 4000 / EVERY


def told(promise: Promise) -> str:
    changes = "\n".join(str(change) for change in promise.fixes)
    return f"{promise.answer}\n\n{changes}\npromised {promise.tree}, got {promise.got}"


WAYS: dict[str, Callable[[Writer], Any]] = {
    "a function that is not called": lambda writer: nullcontext(uncalled(writer)),
    "two cells": lambda writer: nullcontext(two_cells(writer)),
    "two modules": two_modules,
    "blank lines": lambda writer: nullcontext(files(spaced(writer.text))),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_no_answer_changes_with_what_is_not_run(way: Any, on: Any) -> None:
    """What is added, and where the code lies, changes nothing that is said, but for lines."""
    for writer in some(FEW):
        with way(writer) as sources:
            other = said(execute(sources, on))
        assert other == said(execute(files(writer.text), on)), writer.text


def test_no_answer_changes_with_names(on: Any) -> None:
    """Other names of functions and variables are in the answers, and nothing else is other."""
    for writer in some(FEW):
        answered = repr(said(execute(files(writer.text), on)))
        other = repr(said(execute(files(renamed(writer.text)), on)))
        assert other == renamed(answered), writer.text


def test_nobody_is_alarmed_where_nothing_is_lost(on: Any) -> None:
    """No guard over an await, a span for every spawn: no event is lost, or in another's span."""
    asked = 0
    for writer in some(careful=True):
        for answer in answers(execute(files(writer.text), on)):
            asked += 1
            assert not answer.lost, f"{answer}\n{writer.text}"
            kept = {Cause.FOREIGN_GUARD, Cause.GUARD_LEFT, Cause.GUARD_BELOW}
            assert answer.cause not in kept, str(answer)
    assert asked > 5000 / EVERY


def test_a_sentence_is_two_lines_at_most() -> None:
    """Three spans are named and the rest is counted."""
    text = f"{IMPORTS}\n@instrument\nasync def deep(n):\n    if n:\n        await deep(n - 1)\n"
    text += '    else:\n        info("seen")\n\n\nasync def main():\n    await spawn(deep(50))\n'
    (answer,) = answers(execute(files(text), CurrentThread()))
    assert "48 more › deep{n=2} › deep{n=1} › deep{n=0}" in answer.sentence
    traces = [execute(files(writer.text), CurrentThread()) for writer in some()]
    sentences = [found.sentence for trace in traces for found in answers(trace)]
    assert max(map(len, [answer.sentence, *sentences])) <= 240
