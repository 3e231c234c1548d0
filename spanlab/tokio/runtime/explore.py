"""What every schedule of a small program shows, found with as few runs as possible."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, ClassVar

from spanlab.errors import BudgetExceeded, UsageError
from spanlab.frames import file_name
from spanlab.panic import quiet
from spanlab.recorder import recording
from spanlab.tokio.host.keyboard import held
from spanlab.tokio.host.progress import Progress
from spanlab.tokio.runtime.schedule import Replay, Schedule
from spanlab.tokio.runtime.search import Chance, Search, Seen
from spanlab.tokio.runtime.state import Spans, State
from spanlab.tokio.runtime.theorem import Break
from spanlab.tokio.runtime.virtual_threads import VirtualThreads
from spanlab.traces import Trace

Scopes = tuple[tuple[str, tuple[str, ...]], ...]  # message and scope of each event, sorted

CHANCES = 100  # runs by chance that check what the search has found
SHARES = 900  # and that tell how likely each of several outcomes is
WORK = 50  # choices for each run of the limit: then a search of long runs is cut short as well


@dataclass(frozen=True)
class Outcome:
    """What some of the schedules have in common: the spans of every event.

    `replay` is a schedule with as few deviations as possible, for `Replay(…)`, `trace` its run.
    `error` is the exception that ended it, if one did. `share` is how often chance comes to it.
    """

    scopes: Scopes
    replay: str
    trace: Trace
    error: str
    state: State  # at the end of the run
    share: float = 0.0

    @property
    def events(self) -> tuple[tuple[str, Spans], ...]:
        """As `scopes`, but two spans of one name are two."""
        return tuple(sorted(self.state.events))


@dataclass(frozen=True, repr=False)
class Explored:
    """All outcomes of a program, the one of the default schedule first.

    `complete` says that no schedule of the model has another one; else `unseen` is the part of
    the schedules by chance that show more, at most. `broken` are the conditions of the theorem
    that the program breaks: why there may be more than one outcome. Where it breaks none, one run
    has shown what all of them show.
    """

    outcomes: tuple[Outcome, ...]
    runs: int
    complete: bool
    unseen: float
    broken: tuple[Break, ...]

    view: ClassVar[Callable[[Any], Any]]

    def __repr__(self) -> str:
        return repr(type(self).view(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return type(self).view(self)._repr_mimebundle_()


def explore(
    make_main: Callable[[], Any], workers: int = 2, limit: int = 10_000, prune: bool = True,
    polls: int = 3_000,
) -> Explored:  # fmt: skip
    """Find what every schedule of a program shows, grouped by the spans of its events.

    `make_main` makes a fresh main future for each run. What no schedule can change is run once:
    `theorem` says when that is. Runs by chance check it, and give each outcome its share. After
    `limit` runs, or a run of `polls` polls, it stops and says so. `random` begins each run anew.
    A poll is one step, but others may run ahead where it spawns; time passes when all wait.

    In Rust: what `shuttle` and `loom` do for real programs. Raises `UsageError` if the program
    differs where the schedule does not: because of the time, or of what outlives a run.

    >>> async def main():
    ...     await spawn(task())
    >>> async def task():
    ...     info("hello")
    >>> explore(main).complete
    True
    """
    if not callable(make_main):
        raise UsageError(
            "explore() needs a function, got a future. Pass it uncalled: explore(main)"
        )
    for name, value in (("limit", limit), ("polls", polls)):
        if not isinstance(value, int) or value < 1:
            raise UsageError(
                f"the {name}= of explore() is 1 or more, got {value!r:.60}. "
                f"Write: explore(main, {name}=10_000)"
            )
    runs, search = _Runs(make_main, workers, polls, WORK * limit), Search(prune)
    with held(), quiet(), runs:
        runs.search(search, limit // 2 if prune else limit)
        if not search.waiting and runs.meets_more():  # the theorem does not hold: try them all
            broken = search.broken | {"unseen": Break("unseen", None, "", 0)}
            search, runs.searched = Search(False, broken), 0
            runs.search(search, limit)
        cut = limit - runs.searched if search.waiting else SHARES * (len(runs.outcomes) > 1)
        runs.by_chance(cut)
        return runs.result(search)


class _Runs:
    """All runs of one program, and what they have shown."""

    def __init__(self, make_main: Callable[[], Any], workers: int, polls: int, work: int) -> None:
        self.make_main = make_main
        self.workers = workers
        self.polls = polls
        self.work = work  # choices that the search may make, and chance as many
        self.random = random.getstate()  # each run begins with it
        self.progress = Progress()
        self.chance = Chance(0)
        self.searched = 0
        self.is_endless = False
        self.outcomes: dict[Any, Outcome] = {}
        self.found: set[Any] = set()  # by the search
        self.met: Counter[Any] = Counter()  # how often each outcome came by chance

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, *error: object) -> None:
        """Leave nothing behind."""
        self.progress.clear()
        random.setstate(self.random)

    def search(self, search: Search, limit: int) -> None:
        """Run what the search wants to try."""
        work = self.work
        while search.waiting and self.searched < limit and work > 0 and not self.is_endless:
            search.start()
            if ended := self._run(search):
                self.found.add(self._keep(search.replay, *ended))
            search.end()
            self.searched += 1
            work -= len(search.choices)

    def by_chance(self, count: int) -> None:
        """Run some schedules by chance."""
        for _ in range(count):
            self.chance.start()
            if self.work > 0 and not self.is_endless and (ended := self._run(self.chance)):
                self.met[self._keep(self.chance.replay, *ended)] += 1
                self.work -= len(self.chance.choices)

    def meets_more(self) -> bool:
        """Tell whether chance finds what the search did not."""
        self.by_chance(CHANCES)
        return not self.met.keys() <= self.found

    def result(self, search: Search) -> Explored:
        """Give what was found, and how sure it is."""
        chances, once = max(self.met.total(), 1), 0
        for key, times in self.met.items():  # Good and Turing: the rest is as likely as these
            once += times == 1 and key not in self.found
        complete = not search.waiting and not self.is_endless and self.met.keys() <= self.found
        unseen = 0 if complete else min(1, (once + 1 + 2 * sqrt(once + 1)) / chances)
        found = (replace(o, share=self.met[key] / chances) for key, o in self.outcomes.items())
        broken = tuple(search.broken.values())
        runs = self.searched + (self.met.total() if search.waiting else 0)
        return Explored(tuple(found), runs, complete, unseen, broken)

    def _run(self, schedule: Schedule) -> tuple[Trace, str] | None:
        """Run once; None if it came to where another run has been."""
        random.setstate(self.random)
        runtime, error = VirtualThreads(self.workers, schedule), ""
        runtime.polls = self.polls
        self.progress.show(f"{self.searched:,} runs, {len(self.outcomes)} outcomes")
        with recording(clock=runtime.now) as trace:
            try:
                runtime.block_on(self.make_main())
            except Seen:
                return None
            except Exception as failure:
                said = str(failure).replace("run(main(), polls", "explore(main, polls")
                error = f"{type(failure).__name__}: {said}"
                self.is_endless |= isinstance(failure, BudgetExceeded)
            finally:
                ended = len(trace)
                runtime.shutdown()
                del trace.noted[ended:]
        return trace, error

    def _keep(self, choices: str, trace: Trace, error: str) -> Any:
        """Keep what a whole run showed, if it is new and can be shown again; give its key."""
        state = State()
        for row in trace.noted:
            state.read(row)
        key = (*sorted(state.events), error)
        if key not in self.outcomes:
            again = None if self.is_endless else self._run(Replay(choices))
            if again and again[0].rows != trace.rows:
                raise UsageError(_differs(trace, again[0]))
            scopes = tuple(sorted((e, tuple(name for name, _ in on)) for e, on in state.events))
            self.outcomes[key] = Outcome(scopes, choices, trace, error, state)
        return key


def _differs(one: Trace, other: Trace) -> str:
    rows = zip(one.rows, other.rows, strict=False)
    *_, file, line = next((row[:6] for row, again in rows if row != again), one.rows[-1][:6])
    return (
        f"explore() needs a program that does the same when the schedule is the same, and this one "
        f"differs at {file_name(file)}:{line}. Is it the time, or something that outlives a run? "
        f"Pass the time to main(), and make in main() what its tasks share"
    )
