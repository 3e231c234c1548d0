"""Schedules that try what there is: one choice after the other, or by chance."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Sized
from typing import Any

from spanlab import threads
from spanlab.tape import Row
from spanlab.tokio.explore.theorem import Break, Conditions
from spanlab.tokio.runtime.schedule import Schedule
from spanlab.tokio.runtime.stuck import endless


class Seen(KeyboardInterrupt):
    """The run has come to a state that was explored before: nobody may catch this."""


class Tried(Schedule):
    """A schedule for many runs, which notes its choices for a replay."""

    races = True
    waiting: Sized = ("whatever comes",)  # runs that are worth a try

    def __init__(self) -> None:
        self.runs = 0
        self.met: Counter[Any] = Counter()  # how often each outcome came

    def start(self) -> None:
        """Go on with the next run."""
        self.runs += 1
        self.choices: list[int] = []

    def begin(self, runtime: Any = None) -> None:
        self.runtime = runtime

    def end(self) -> None:
        """Learn from a run that has come to its end."""

    def note(self, choice: int) -> int:
        """Choose, but not for ever: there may be no poll between two choices."""
        if len(self.choices) >= self.runtime.polls:
            raise endless(self.runtime.main, self.runtime.polls)
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
        super().__init__()
        self._random = random.Random(seed)

    def choose(self, count: int, likely: int) -> int:
        return self.note(self._random.randrange(count))


class Search(Tried):
    """Begin with choices that lead somewhere new, go on by default; fewest deviations first."""

    def __init__(self, prune: bool, broken: dict[str, Break] | None = None) -> None:
        super().__init__()
        self.prune = prune
        self.waiting: deque[tuple[list[int], int, int]] = deque([([], -1, 0)])
        self.seen: dict[int, bool] = {}  # states, and whether one run shows all behind them
        self.broken: dict[str, Break] = broken or {}

    def start(self) -> None:
        super().start()
        before, step, choice = self.waiting.popleft()
        self.first = [*before[:step], choice] if step >= 0 else []
        self.points: list[tuple[int, int]] = []  # key and count of the choices after the first
        self.conditions = Conditions(self.broken)
        self.read = 0
        self.is_over = False  # what is dropped from here on is not a part of the run

    def choose(self, count: int, likely: int) -> int:
        step = len(self.choices)
        if self.prune:
            self._catch_up()
            self.conditions.step = step + 1
            self.conditions.look(self._rows)
        if step >= len(self.first):
            self.points.append((self._come_to(step) if self.prune else 0, count))
        return self.note(self.first[step] if step < len(self.first) else 0)

    def saw(self, what: tuple[Any, ...]) -> None:
        thread = threads.local.thread
        if self.prune and not self.is_over and self.runtime._is_driving and thread is not None:
            self._catch_up()
            self.conditions.hear(thread, *what)

    def end(self) -> None:
        """Have all other choices of this run tried that may matter."""
        if self.prune and not self.is_over:
            self._catch_up()
            self.conditions.end(self._rows)
        for step, (key, count) in enumerate(self.points, len(self.first)):
            self.seen[key] = self.prune and step >= self.conditions.matters
            if not self.seen[key]:
                self.waiting.extend((self.choices, step, choice) for choice in range(1, count))

    @property
    def _rows(self) -> list[Row]:
        rows: list[Row] = self.runtime.main.thread.recorder.trace.noted
        return rows

    def _catch_up(self) -> None:
        rows = self._rows
        for row in rows[self.read :]:
            self.conditions.read(row)
        self.read = len(rows)

    def _come_to(self, step: int) -> int:
        """Go one step further than before, unless a run was here already."""
        key = self.conditions.state.key(self.runtime)
        if key in self.seen:
            if not self.seen[key]:
                self.conditions.matters = step
            self.is_over = True
            raise Seen
        self.seen[key] = False
        return key
