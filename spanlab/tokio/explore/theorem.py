"""When one run stands for all that could follow from where it is: the theorem behind `explore`.

From a state on, every schedule has the same spans if one run from there shows that
1. no poll begins with a span that another one has left on its thread,
2. no guard is held where a poll could end, whether it ends there in this run or not,
3. no poll gets to know, or makes use of, who was faster,
4. every task is waited for, or has ended at an earlier time than main.

For then a task is deterministic: it gets its values from the tasks that it waits for, by name, and
its stack from its own future. Such tasks give the same whoever goes first (a Kahn network). A run
that shows it all up from some choice on needs no other choices behind that one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from spanlab import errors
from spanlab.evidence.sites import place
from spanlab.tape import Row
from spanlab.threads import Thread
from spanlab.tokio.explore.state import State

OURS = errors.__file__.removesuffix("errors.py")
BREAKS: Mapping[str, str] = {
    "leak": "leaves a span entered on its thread while it waits",
    "guard": "can wait with a guard held",
    "select": "takes what is ready first",
    "try": "takes a task that has ended, if there is one",
    "looked": "looks at who was faster",
    "result": "gets a value from whatever task ended first",
    "number": "reads the number of a task",
    "abort": "stops a task, which may have ended",
    "shared": "waits for what another task waits for too",
    "own": "polls a future of your own, of which nothing is known",
    "borrowed": "uses a span that another task has made",
    "alone": "is waited for by nobody",
    "unseen": "shares something that spanlab does not see, such as a list",
}
USES = {"event": 4, "new": 1, "enter": 0, "follows": 1}  # where a row names a span it makes use of
WAITS = {"yield", "joined", "next", "slept", "join", "select"}  # here a poll may end


class Break(NamedTuple):
    """A condition that a program breaks: which, what task, and where."""

    kind: str
    task: int | None
    file: str
    line: int

    def __str__(self) -> str:
        main = "the program" if self.task is None else "the main future"
        who = f"task {self.task}" if self.task else main
        where = f", line {self.line}" if self.line else ""
        return f"{who} {BREAKS[self.kind]}{where}"


class Conditions:
    """What one run breaks, and behind which of its choices nothing is broken any more."""

    def __init__(self, broken: dict[str, Break]) -> None:
        self.state = State()
        self.broken = broken  # by all runs
        self.step = 0  # choices so far, with the one that is looked at
        self.matters = 0  # how many of the choices may matter
        self.owners: dict[int, int | None] = {}  # who uses each `JoinSet`
        self.waited: set[int] = set()

    def hear(self, thread: Thread, what: str, *more: Any) -> None:
        """Look at what a poll on `thread` got to know."""
        self.state.saw(thread, what, *more)
        if what in ("joined", "popped"):
            self.waited.add(more[0])
        if what in WAITS and self.state.guards[thread.id]:
            self._note("guard", thread.task, *_caller())
        if what in ("insert", "next", "try"):
            owner = self.owners.setdefault(id(more[0]), thread.task)
            what = what if owner == thread.task else "shared"
        elif what == "popped" and not more[1]:
            what = "result"
        if what in BREAKS:
            self._note(what, thread.task, *_caller())

    def read(self, row: Row) -> None:
        """Look at what was recorded."""
        self.state.read(row)
        kind, _time, thread, task, code, at, *what = row
        name = self.state.span(what[USES[kind]]) if kind in USES else ""
        maker, _, _ = name.rpartition("/")
        is_left = kind != "enter" and name in self.state.stacks[thread]  # a leak
        who = self.state.who(thread, task)
        if maker and not is_left and not f"{who}/".startswith(f"{maker}/"):
            self._note("borrowed", task, *place(code, at))

    def look(self, rows: list[Row]) -> None:
        """Look at the threads before a choice, which matters too if they hold a span."""
        if spans := next(filter(None, self.state.found.values()), ()):
            row = next(r for r in rows if r[0] == "enter" and self.state.span(r[6]) in spans)
            self._note("leak", row[3], *place(row[4], row[5]))

    def end(self, rows: list[Row]) -> None:
        """Look at a run that has come to its end."""
        ended = {row[6] for row in rows if row[0] == "finish" and row[1] < rows[-1][1]}
        for row in rows:
            if row[0] == "spawn" and row[6] not in self.waited | ended:
                self._note("alone", row[6], *place(row[4], row[5]))

    def _note(self, kind: str, task: int | None, file: str, line: int) -> None:
        self.broken.setdefault(kind, Break(kind, task, file, line))
        self.matters = max(self.matters, self.step)


def _caller() -> tuple[str, int]:
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)
