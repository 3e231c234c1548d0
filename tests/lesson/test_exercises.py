"""Each exercise against answers of all kinds: cheats, right ways, wrong ones.

`answers/*.toml` has the answers, and `told.txt` what is said to each of them. That table was read
by eye; where a reply is meant to change, `python tests/lesson/exercises.py` writes it anew.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from exercises import REPLIES, answers, said_to, told

from spanlab.lesson import questions

EVERY = [pytest.param(name, each, id=f"{name} {each['kind']}: {each['name']}")
         for name, every in answers().items() for each in every]  # fmt: skip
IDEAS = questions.texts()["misconception"]
BELIEF = "You may have thought: "


def test_every_exercise_has_its_answers() -> None:
    """At least eight cheats, three right ways and four wrong answers for each."""
    assert sorted(answers()) == questions.names("check")
    for name, every in answers().items():
        kinds = [each["kind"] for each in every]
        assert kinds.count("cheat") >= 8, name
        assert kinds.count("right") >= 3, name
        assert kinds.count("wrong") >= 4, name


@pytest.mark.filterwarnings("ignore")  # of futures that an answer does not await
@pytest.mark.parametrize(("name", "answer"), EVERY)
def test_an_answer_is_judged_by_what_happened(name: str, answer: dict[str, Any]) -> None:
    """A right way is accepted; a cheat is told what it does, a wrong answer no other belief."""
    right, text = said_to(name, answer["code"])
    assert right == (answer["kind"] == "right"), text
    if answer["kind"] == "cheat":
        text = text.partition("For help:")[0]
        assert re.search(answer["about"], text, re.I), text
        assert BELIEF not in text or answer.get("fits"), text
    believed = {idea for idea, sentence in IDEAS.items() if BELIEF + sentence in text}
    if answer["kind"] == "wrong":
        assert believed >= set(answer.get("fits", ())), text
        assert not believed & set(answer.get("not", ())), text


@pytest.mark.filterwarnings("ignore")
def test_the_table_of_replies_is_the_one_that_was_read() -> None:
    """Every reply that can be reached, to predictions and to exercises, stands in `told.txt`."""
    assert REPLIES.read_text(encoding="utf-8") == told(), (
        "a reply changed. Write: python tests/lesson/exercises.py"
    )
