"""`everything()`: what a page without a kernel needs is what the kernel would have answered."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from everything import state_of
from reference.programs import joinset_instrumented, lost_parent

from spanlab import CurrentThread, VirtualThreads, graph, info, run, step
from spanlab.lesson import playground, predict, reset, vary
from spanlab.lesson.marks import marked, summary
from spanlab.lesson.panel import Panel
from spanlab.lesson.questions import Question, question

SOAK = os.environ.get("SPANLAB_SOAK") == "1"
SEED = 7


def put_together(every: dict[str, Any], said: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Give the rows for these answers, as the script of a page does."""
    rows = []
    for row in every["rows"]:
        marks = row["by"].get("\n".join(filter(None, said.get(row["key"], []))))
        found = zip(("marks", "you", "notes"), marks or [], strict=False)
        rows.append({k: v for k, v in row.items() if k not in ("key", "by")} | dict(found))
    return rows


@pytest.mark.parametrize("name", ["01", "05"])
@pytest.mark.parametrize("main", [lost_parent, joinset_instrumented])
def test_marks_for_any_answers_are_those_of_the_kernel(name: str, main: Any) -> None:
    """Of the right program and of another one; each line alone tells what all tell together."""
    asked: Question = question(name)
    trace = run(main()(), on=VirtualThreads(16))
    every = predict(name).show(trace).everything()["marks"]
    by_chance = random.Random(SEED)
    for _ in range(2000 if SOAK else 200):
        said = {line.key: list(map(by_chance.choice, asked.choices(line))) for line in asked.lines}
        rows = list(marked(asked, said, trace))
        assert put_together(every, said) == rows
        marks = [mark for row in rows for mark in row["marks"]]
        unsure = [f"{marks.count('unsure')} not sure"] * ("unsure" in marks)
        first = f"{marks.count('hit')} of {len(marks)} right"
        assert " · ".join([first, *unsure, *every["tail"]]) == summary(asked, rows)


def same_as_picked(panel: Panel, keys: list[str], every: dict[str, Any]) -> None:
    """Pick each, and compare all that is shown, but what is said of the step to it."""
    for key in keys:
        panel.pick(**dict(zip(panel.picked, key.split("\n"), strict=True)))
        shown, known = panel._state(), state_of(every, key)
        del shown["picked"]
        if "sources" not in shown:
            del shown["said"], known["said"]
        assert shown == known, key


def test_a_panel_knows_every_choice_and_every_step() -> None:
    """It stays at what is picked, and says of each step what it would say."""

    async def main(n: int) -> None:
        for number in range(n):
            info(f"line {number}")

    panel = vary(main, n=[1, 2, 4], on=[VirtualThreads(2), CurrentThread()])
    before = panel.pick(n=2).picked
    every = panel.everything()
    assert panel.picked == before
    keys = every["keys"]
    assert len(keys) == 6
    same_as_picked(panel, keys, every)
    for at, one in enumerate(keys):
        for to, other in enumerate(keys):
            for key in (one, other):
                panel.pick(**dict(zip(panel.picked, key.split("\n"), strict=True)))
            if one != other:
                assert panel._state()["said"] == ["", every["news"][at][to]]


def test_the_playground_knows_every_choice_but_those_of_real_threads() -> None:
    """Some by chance here, all of them in `make soak`; what has no effect is there once."""
    board = playground(spawner="spawn", workers=1)
    if not SOAK:
        for name in ("maker", "fix", "workers", "schedule"):
            board._choices[name] = dict(list(board._choices[name].items())[:2])
    every = board.everything()
    assert len(every["keys"]) == (4_500 if SOAK else 2 * 5 * 2 * (1 + 2 * 2))
    keys = random.Random(SEED).sample(every["keys"], 4_500 if SOAK else 25)
    same_as_picked(board, keys, every)
    assert "OsThreads" not in str(every["keys"])
    assert every["off"]["CurrentThread"].keys() == {"workers", "schedule"}


def test_what_is_locked_knows_what_will_be_there() -> None:
    """It is made for the page, and stays locked here."""
    reset("01")
    asked, trace = predict("01"), run(lost_parent()(), on=CurrentThread())
    locked = asked.then(graph, trace)
    every = locked.everything()
    assert (every["kind"], every["of"], every["shown"].alt) == ("then", "01", graph(trace).alt)
    assert "Locked" in repr(locked)
    assert asked.everything()["said"]["committed"] is False
    page = step(trace).everything()
    assert page.names == ("stepper",)
    assert "<" in page.state
