"""What `why` says of every event that a reader meets: a table that was read by eye, and holds."""

from __future__ import annotations

from itertools import groupby

import pytest
from told import TABLE, every, told

HELD = TABLE.read_text(encoding="utf-8").splitlines()
GROUPS = [[*group] for _, group in groupby(HELD, lambda line: line.startswith("  "))]
LINES = {names[-1]: lines for names, lines in zip(GROUPS[::2], GROUPS[1::2], strict=True)}


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return {name: told(trace) for name, trace in every()}


def test_every_program_is_in_the_table(found: dict[str, list[str]]) -> None:
    """The article, the lessons, the pitfalls and the playground, and nothing that is gone."""
    assert [line for line in HELD if not line.startswith("  ")] == [*found]


@pytest.mark.parametrize("room", ["article", "lesson", "pitfall", "playground"])
def test_every_cause_is_the_one_in_the_table(room: str, found: dict[str, list[str]]) -> None:
    """Spans, cause, what is lost and what the fix gives: to change one, write the table anew."""
    here = {name: lines for name, lines in found.items() if name.startswith(f"{room} ") and lines}
    assert here == {name: lines for name, lines in LINES.items() if name.startswith(f"{room} ")}
    assert here
