"""How long the tests of threads go on: a moment, or with `make soak` as long as it takes."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

SOAK = os.environ.get("SPANLAB_SOAK") == "1"
REPORT = Path(__file__).parents[2] / "BENCHMARKS.md"
HEAD = "\n| `make soak` | runs | longest | unclean |\n|---|--:|--:|--:|\n"

_runs = Counter[str]()
_longest: dict[str, float] = {}


def often(moment: int, soak: int) -> int:
    """Give how often to do something that may go wrong by chance."""
    return soak if SOAK else moment


def went_well(what: str, runs: int, longest: float) -> None:
    """Add runs that left nothing behind to the table in BENCHMARKS.md, with the longest."""
    _runs[what] += runs
    _longest[what] = max(longest, _longest.get(what, 0))
    if SOAK:
        text, _, rows = REPORT.read_text(encoding="utf-8").partition(HEAD)
        table = {row.split(" | ")[0]: row for row in rows.splitlines()}
        for each, many in _runs.items():
            table[f"| {each}"] = f"| {each} | {many:,} | {_longest[each]:.2f} s | 0 |"
        REPORT.write_text(text + HEAD + "\n".join([*table.values(), ""]), encoding="utf-8")
