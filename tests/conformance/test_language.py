"""The stored programs are those of the generator, and use all that the language has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import generate
import pytest

HERE = Path(__file__).parent
FAMILIES = {"current_thread": 300, "guards": 300, "multi_thread": 300, "async": 600}


def stored(family: str) -> list[str]:
    return (HERE / f"{family}.programs.jsonl").read_text().splitlines()


def names(program: Any) -> set[str]:
    """Collect what the statements, futures and streams of a program are called."""
    if not isinstance(program, list) or not program:
        return set()
    found = {program[0]} if isinstance(program[0], str) else set()
    return found.union(*map(names, program))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_generator_makes_the_stored_programs(family: str) -> None:
    """Whoever takes other seeds gets programs of the same kind."""
    assert set(stored(family)) <= set(generate.programs(family, FAMILIES[family], 1))


def test_every_word_of_the_language_is_said_in_a_program() -> None:
    """What no program says is recorded nowhere."""
    rows = [line for line in (HERE / "LANGUAGE.md").read_text().splitlines() if line[:3] == "| `"]
    words = {word for row in rows for word in re.findall(r'`\["(\w+)"', row.split(" | ")[0])}
    said = [names(json.loads(line)["body"]) for family in FAMILIES for line in stored(family)]
    assert len(words) > 80
    assert words - set().union(*said) == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_each_program_has_its_record(family: str) -> None:
    """A record that is missing would leave its program unchecked."""
    recorded = (HERE / f"{family}.records.jsonl").read_text().splitlines()
    ids = [[json.loads(line)["id"] for line in lines] for lines in (stored(family), recorded)]
    assert ids[0] == ids[1]
