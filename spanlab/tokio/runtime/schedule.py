"""Who goes next: a schedule picks one of several possibilities, and knows nothing else."""

from __future__ import annotations

import random
from typing import Any

from spanlab.errors import UsageError


class Schedule:
    """The default: always the first possibility, a likely one if nothing is delayed."""

    races = False  # whether others may run ahead of a poll that goes on after it has spawned

    def begin(self, runtime: Any = None) -> None:
        """Start over, for a new run."""

    def choose(self, count: int, likely: int) -> int:
        """Give a number from 0 to `count` - 1; the first `likely` of them need no rare delay."""
        return 0

    def saw(self, what: tuple[Any, ...]) -> None:
        """Hear what a poll got to know, and from what."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Seeded(Schedule):
    """Chance, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        if not isinstance(seed, int):
            raise UsageError(f"a seed is a whole number, got {seed!r:.60}. Write: Seeded(1)")
        self._seed = seed
        self.begin()

    def begin(self, runtime: Any = None) -> None:
        self._random = random.Random(self._seed)

    def choose(self, count: int, likely: int) -> int:
        return self._random.randrange(likely)

    def __repr__(self) -> str:
        return f"Seeded({self._seed})"


class Replay(Schedule):
    """Choices written down before, as in `Replay("0 1 1 0")`; after the last one the default."""

    races = True

    def __init__(self, choices: str) -> None:
        try:
            self.choices = [int(word) for word in choices.split()]
        except (ValueError, AttributeError):
            raise UsageError(
                f"Replay() needs numbers in a string, got {choices!r:.60}. Write: Replay('0 1 1 0')"
            ) from None
        self.begin()

    def begin(self, runtime: Any = None) -> None:
        self._step = 0

    def choose(self, count: int, likely: int) -> int:
        if self._step >= len(self.choices):
            return 0
        choice = self.choices[self._step]
        if not 0 <= choice < count:
            raise UsageError(
                f"choice {self._step} of the replay is from 0 to {count - 1}, got {choice}. "
                f"Replay it with the program and the workers that it was recorded with"
            )
        self._step += 1
        return choice

    def __repr__(self) -> str:
        return f"Replay({' '.join(map(str, self.choices))!r})"
