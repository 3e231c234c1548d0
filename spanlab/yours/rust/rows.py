"""From the rows that the subscriber wrote to a trace.

Tokio enters the span of a task once more to drop its future. That is no poll, and tells how it
ended: right after a poll it was ready, at any other time it was cancelled.
"""

from __future__ import annotations

import json
from typing import Any

from spanlab.traces import Trace

READY, OUTCOME = 6, 7  # slots of a row


def traced(rows: list[list[Any]], sources: dict[str, str]) -> Trace:
    """Make a trace of rows; all of them are checked, as those of any file are."""
    gone = set[int]()
    polls: dict[int, list[int]] = {}  # the rows of each task's polls, begun and ended
    before: dict[int, int] = {}  # the row before each, on its thread
    last: dict[int, int] = {}
    for at, (kind, _, thread, task, *_) in enumerate(rows):
        before[at], last[thread] = last.get(thread, -1), at
        if kind in ("poll", "polled"):
            polls.setdefault(task, []).append(at)
        elif kind == "finish":
            _end(rows, at, polls.get(rows[at][6], []), before, gone)
    kept = [row for at, row in enumerate(rows) if at not in gone]
    return Trace.from_json(json.dumps({"rows": kept, "sources": sources}))


def _end(
    rows: list[list[Any]], at: int, polls: list[int], before: dict[int, int], gone: set[int]
) -> None:
    """Tell the last poll of a task from the drop of its future, and how the task ended."""
    if len(polls) < 2:
        return
    dropped, gave = polls[-2], polls[-3] if len(polls) > 3 else -1
    gone.update(polls[-2:])
    if gave >= 0 and before[dropped] == gave:
        rows[gave][READY:] = [True, "", None]
    elif rows[at][OUTCOME] == "ok":
        rows[at][OUTCOME] = "cancelled"
