"""Schedules that try what there is: one choice after the other, or by chance."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from spanlab import threads
from spanlab.errors import PollBudgetExceeded
from spanlab.tokio.runtime.schedule import Schedule
from spanlab.tokio.runtime.state import State
from spanlab.tokio.runtime.theorem import Break, Conditions
from spanlab.traces import Row

STATES = 1_000  # of one run are compared with others; a run that goes on has its ways to itself


class Seen(KeyboardInterrupt):
    """The run has come to a state that was explored before: nobody may catch this."""


class Tried(Schedule):
    """A schedule that notes its choices, for a replay."""

    races = True

    def start(self) -> None:
        """Go on with the next run."""
        self.choices: list[int] = []

    def begin(self, runtime: Any = None) -> None:
        self.runtime = runtime

    def note(self, choice: int) -> int:
        """Choose, but not for ever."""
        most: int = self.runtime.polls
        if len(self.choices) >= most:
            raise PollBudgetExceeded(
                f"the program was expected to end within {most} choices of who goes next, and has "
                f"not. Look for a loop that never waits, or allow more: "
                f"explore(main, polls={most * 10})"
            )
        self.choices.append(choice)
        return choice

    @property
    def replay(self) -> str:
        """The choices as `Replay` takes them: after the last one it does the default."""
        last = max((step for step, choice in enumerate(self.choices, 1) if choice), default=0)
        return " ".join(map(str, self.choices[:last]))


class Chance(Tried):
    """Every choice is as likely as every other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def choose(self, count: int, likely: int) -> int:
        return self.note(self._random.randrange(count))


class Search(Tried):
    """Begin with choices that lead somewhere new, go on by default; fewest deviations first."""

    def __init__(self, prune: bool, broken: dict[str, Break] | None = None) -> None:
        self.prune = prune
        self.waiting: deque[tuple[list[int], int, int]] = deque([([], -1, 0)])
        self.seen: dict[int, tuple[bool, bool]] = {}  # of each state: is the rest sure, and plain
        self.broken: dict[str, Break] = broken or {}

    def start(self) -> None:
        super().start()
        before, step, choice = self.waiting.popleft()
        self.first = [*before[:step], choice] if step >= 0 else []
        self.points: list[tuple[int, int]] = []  # key and count of the choices after the first
        self.state = State()
        self.conditions = Conditions(self.state, self.broken)
        self.read = 0
        self.is_over = False  # what is dropped from here on is not a part of the run

    def choose(self, count: int, likely: int) -> int:
        step, choice = len(self.choices), 0
        if self.prune:
            self._catch_up()
            self.conditions.look(self.runtime, self._rows)
        if step < len(self.first):
            choice = self.first[step]
        else:
            is_known = self.prune and len(self.points) < STATES
            self.points.append((self._come_to(step) if is_known else 0, count))
        self.note(choice)
        self.conditions.step += 1
        if likely > 1 and getattr(threads.local.thread, "task", None) is not None:
            self.saw(("began", choice))  # by a `select`
        return choice

    def saw(self, what: tuple[Any, ...]) -> None:
        thread = threads.local.thread
        if self.prune and not self.is_over and self.runtime._is_driving and thread is not None:
            self._catch_up()
            self.state.saw(thread, *what)
            self.conditions.hear(thread, *what)

    def end(self) -> None:
        """Have all other choices of this run tried that may matter."""
        if self.prune and not self.is_over:
            self._catch_up()
            self.conditions.end(self._rows)
        matters, first = self.conditions.settle(), len(self.first)
        for step, (key, count) in enumerate(self.points, first):
            if step < matters or not self.prune:
                self.waiting.extend((self.choices, step, choice) for choice in range(1, count))
            else:
                self.seen[key] = True, self.conditions.plain

    @property
    def _rows(self) -> list[Row]:
        rows: list[Row] = self.runtime.main.thread.recorder.trace.noted
        return rows

    def _catch_up(self) -> None:
        rows = self._rows
        for row in rows[self.read :]:
            self.state.read(row)
            self.conditions.read(row)
        self.read = len(rows)

    def _come_to(self, step: int) -> int:
        """Go one step further than before, unless a run was here already."""
        key = self.state.key(self.runtime)
        if key in self.seen:
            sure, plain = self.seen[key]
            self.conditions.matters = self.conditions.matters if sure else step
            self.conditions.plain = self.conditions.plain and plain
            self.is_over = True
            raise Seen
        self.seen[key] = False, False
        return key
