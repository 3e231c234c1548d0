"""From rows to a trace.

Tokio enters a task once more to drop its future. That is no poll, and tells how the task ended:
right after a poll it was ready, at any other time it was cancelled."""

from __future__ import annotations

import json
from typing import Any

from spanlab.traces import Trace

READY, OUTCOME = 6, 7  # slots of a row


def traced(rows: list[list[Any]], sources: dict[str, str]) -> Trace:
    """Make a trace of rows; all of them are checked, as those of any file are."""
    gone = set[int]()
    polls: dict[int, list[int]] = {}  # the rows of each task's polls, begun and ended
    before: dict[int, int] = {}  # the row before each poll, on its thread
    last: dict[int, int] = {}
    for at, (kind, _, thread, task, _, _, *what) in enumerate(rows):
        if kind in ("poll", "polled"):
            polls.setdefault(task, []).append(at)
            before[at] = last.get(thread, -1)
        elif kind == "finish" and (entered := polls.get(what[0], [])):
            *_, gave, dropped, _ = [-1, *entered]
            gone.update(entered[-2:])
            if before[dropped] == gave:
                rows[gave][READY:] = [True, "", None]
            elif what[1] == "ok":
                rows[at][OUTCOME] = "cancelled"
        last[thread] = at
    kept = [row for at, row in enumerate(rows) if at not in gone]
    return Trace.from_json(json.dumps({"rows": kept, "sources": sources}))
