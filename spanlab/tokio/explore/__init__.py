"""What every schedule of a small program shows, found with as few runs as possible."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import sqrt
from pathlib import Path
from typing import Any

from spanlab.errors import BudgetExceeded, UsageError
from spanlab.evidence.labels import Labels
from spanlab.evidence.panic import quiet
from spanlab.evidence.sites import file_name
from spanlab.future import check_future
from spanlab.record import PollStarted
from spanlab.recorder import recording
from spanlab.tokio.explore.search import Chance, Search, Seen, Tried
from spanlab.tokio.explore.theorem import Break
from spanlab.tokio.host.keyboard import held
from spanlab.tokio.host.progress import Progress
from spanlab.tokio.runtime.schedule import Replay, Schedule
from spanlab.tokio.runtime.virtual_threads import VirtualThreads
from spanlab.traces import Trace

Scopes = tuple[tuple[str, tuple[str, ...]], ...]  # message and scope of each event, sorted
Order = tuple[tuple[int, int], ...]  # the task and the thread of each poll

CHANCES = 100  # runs by chance that check what the search has found
SHARES = 900  # and that tell how likely each of several outcomes is
ORDERS = 300  # of polls, that are kept: of so many a reader moves polls about
WORK = 50  # choices for each run of the limit: then a search of long runs is cut short as well


@dataclass(frozen=True)
class Outcome:
    """What some of the schedules have in common: the spans of every event.

    `replay` is a schedule with as few deviations as possible, for `Replay(…)`, `trace` its run.
    `error` is the exception that ended it, if one did. `share` is how often chance comes to it.
    """

    scopes: Scopes
    error: str
    replay: str
    trace: Trace
    share: float = 0.0


@dataclass(frozen=True, repr=False)
class Explored:
    """All outcomes of a program, the one of the default schedule first.

    `complete` says that no schedule of the model has another one; else `unseen` is the part of
    the schedules by chance that show more, at most. `broken` are the conditions of the theorem
    that the program breaks: why there may be more than one outcome. Where it breaks none, one run
    has shown what all of them show. `orders` are polls of some runs, with their outcome's place.
    """

    outcomes: tuple[Outcome, ...]
    runs: int
    complete: bool
    unseen: float
    broken: tuple[Break, ...]
    orders: Mapping[Order, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return repr(Trace.outcomes(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return Trace.outcomes(self)._repr_mimebundle_()

    def save(self, path: str | Path) -> None:
        """Write what was found as one `.html` page, which needs no kernel."""
        Trace.outcomes(self).save(path)


def explore(
    make_main: Callable[[], Any], workers: int = 2, limit: int = 10_000, prune: bool = True,
    polls: int = 1_000,
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
                f"Write: explore(main, {name}=1_000)"
            )
    runs, search, chance = _Runs(make_main, workers, polls, WORK * limit), Search(prune), Chance(0)
    with held(), quiet(), closing(runs):
        runs.of(search, limit // 2 if prune else limit)
        runs.of(chance, 0 if search.waiting else CHANCES)
        if not chance.met.keys() <= search.met.keys():  # the theorem does not hold: try them all
            search = Search(False, search.broken | {"unseen": Break("unseen", None, "", 0)})
            runs.of(search, limit)
        more = limit - search.runs if search.waiting else SHARES * (len(runs.outcomes) > 1)
        runs.of(chance, more)
    return _explored(runs, search, chance)


def _explored(runs: _Runs, search: Search, chance: Chance) -> Explored:
    """Say what was found, and how sure it is."""
    is_cut = bool(search.waiting) or runs.is_endless
    complete = not is_cut and chance.met.keys() <= search.met.keys()
    chances = max(chance.met.total(), 1)
    once = sum(times == 1 and key not in search.met for key, times in chance.met.items())
    # Good and Turing: what was never met is as likely as what was met once.
    unseen = 0 if complete else min(1, (once + 1 + 2 * sqrt(once + 1)) / chances)
    found = (replace(o, share=chance.met[key] / chances) for key, o in runs.outcomes.items())
    count = search.runs + (chance.runs if search.waiting else 0)
    broken = tuple(search.broken.values())
    orders = {polls: shows for polls, shows in runs.orders.items() if shows >= 0}
    return Explored(tuple(found), count, complete, unseen, broken, orders)


@dataclass
class _Runs:
    """The runs of one program, and the outcomes they have shown."""

    make_main: Callable[[], Any]
    workers: int
    polls: int
    work: int  # choices that a schedule may make in all
    is_endless: bool = False
    outcomes: dict[tuple[Scopes, str], Outcome] = field(default_factory=dict)
    orders: dict[Order, int] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    random: Any = field(default_factory=random.getstate)  # each run begins with it

    def close(self) -> None:
        """Leave nothing behind."""
        self.progress.clear()
        random.setstate(self.random)

    def of(self, tried: Tried, count: int) -> None:
        """Run what a schedule wants to try, so many times at most."""
        work = self.work
        while tried.waiting and count > 0 and work > 0 and not self.is_endless:
            self.progress.show(f"{tried.runs:,} runs, {len(self.outcomes)} outcomes")
            tried.start()
            if ended := self._run(tried):
                tried.met[self._keep(tried.replay, *ended)] += 1
            tried.end()
            count, work = count - 1, work - len(tried.choices)

    def _run(self, schedule: Schedule) -> tuple[Trace, str] | None:
        """Run once; None if it came to where another run has been."""
        random.setstate(self.random)
        runtime, error = VirtualThreads(self.workers, schedule), ""
        runtime.polls = self.polls
        with recording(clock=runtime.now) as trace:
            main = check_future(self.make_main(), "explore()")
            try:
                runtime.block_on(main)
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

    def _keep(self, choices: str, trace: Trace, error: str) -> tuple[Scopes, str]:
        """Keep what a whole run showed, if it is new and can be shown again; give its key."""
        path = Labels(trace).path
        key = tuple(sorted((event.message, path(event.parent)) for event in trace.events)), error
        if key not in self.outcomes:
            again = None if self.is_endless else self._run(Replay(choices))
            if again and again[0].rows != trace.rows:
                raise UsageError(_differs(trace, again[0]))
            self.outcomes[key] = Outcome(*key, choices, trace)
        polls = tuple((poll.task or 0, poll.thread) for poll in trace.of(PollStarted))
        shows = list(self.outcomes).index(key)
        if self.orders.get(polls, shows) != shows:
            self.orders[polls] = -1  # others ran ahead between the polls: they do not tell
        elif len(self.orders) < ORDERS:
            self.orders[polls] = shows
        return key


def _differs(one: Trace, other: Trace) -> str:
    rows = zip(one.rows, other.rows, strict=False)
    *_, file, line = next((row[:6] for row, again in rows if row != again), one.rows[-1][:6])
    return (
        f"explore() needs a program that does the same when the schedule is the same, and this one "
        f"differs at {file_name(file)}:{line}. Is it the time, or something that outlives a run? "
        f"Pass the time to main(), and make in main() what its tasks share"
    )
