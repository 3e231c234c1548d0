"""The graph: what it draws from a trace, in words, in DOT and as a picture."""

from __future__ import annotations

from typing import Any

from spanlab.record import Trace


class Rows:
    """Rows of a trace made by hand: `on` a thread, while it polls a task."""

    def __init__(self, **threads: int) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.thread, self.task = 1, 0
        for name, number in (threads or {"main": 1, "worker": 17}).items():
            self.rows.append(("thread", 0, number, None, "", 0, name.rstrip("_")))

    def on(self, thread: int, task: int = 0) -> Rows:
        self.thread, self.task = thread, task
        return self

    def row(self, kind: str, *values: Any) -> Rows:
        self.rows.append((kind, len(self.rows), self.thread, self.task, "a.py", 1, *values))
        return self

    def new(self, span: int, name: str, parent: int | None = None) -> Rows:
        return self.row("new", span, parent, name, 3, "lesson", ())

    def event(self, message: str, parent: int | None = None) -> Rows:
        return self.row("event", 3, "lesson", (("message", message),), parent, parent)

    @property
    def trace(self) -> Trace:
        return Trace(self.rows)


def lost_parent() -> Trace:
    """Give the article's first program, as it runs."""
    rows = Rows().event("in main").new(0, "work").row("enter", 0)
    rows.event("starting work", 0).event("making sub task", 0).row("spawn", 1, "sub_task")
    rows.row("exit", 0).on(17, 1).new(1, "sub_task").row("enter", 1).event("performing task", 1)
    return rows.row("exit", 1).row("close", 1).on(1).row("close", 0).trace
