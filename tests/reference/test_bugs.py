"""Programs after public reports of wrong, missing or mixed-up spans, as the crates ran them.

Each module of `bugs` is the Rust program of its name in `src/bin`, once more in spanlab.
"""

from __future__ import annotations

from typing import Any

import pytest
from test_reference import HERE, load, masked, recorded

from spanlab import CurrentThread, Trace, recording, run
from spanlab.view.fmt import log

BUGS = sorted(path.stem for path in (HERE / "bugs").glob("bug_*.py"))
LIVES = {"format": "full", "span_events": "full"}


def ran(name: str) -> Trace:
    """Run the program of a module as its Rust counterpart runs."""
    bug: Any = load(f"bugs/{name}")
    settings = {"level": getattr(bug, "LEVEL", "trace"), "filter": getattr(bug, "FILTER", None)}
    if hasattr(bug, "main"):
        return run(bug.main(), on=CurrentThread(), **settings)
    with recording(**settings) as trace:
        bug.program()
    return trace


def test_every_report_has_its_program() -> None:
    """None is recorded and forgotten."""
    assert sorted(path.stem for path in (HERE / "src" / "bin").glob("bug_*.rs")) == BUGS


@pytest.mark.parametrize("name", BUGS)
def test_a_reported_program_prints_what_the_real_crates_print(name: str) -> None:
    """Every event with its spans, and all that happens to spans, in order."""
    trace = ran(name)
    assert masked(str(log(trace))) == masked(recorded(name))
    assert masked(str(log(trace, **LIVES))) == masked(recorded(f"{name}.lives"))
