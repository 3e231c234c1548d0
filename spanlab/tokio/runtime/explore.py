"""Every schedule of a small program, and what each of them shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spanlab import threads
from spanlab.errors import UsageError
from spanlab.labels import Labels
from spanlab.panic import quiet
from spanlab.recorder import recording
from spanlab.tokio.host.keyboard import held
from spanlab.tokio.host.progress import Progress
from spanlab.tokio.runtime.schedule import Schedule
from spanlab.tokio.runtime.state import State
from spanlab.tokio.runtime.virtual_threads import VirtualThreads
from spanlab.traces import Trace

Scopes = tuple[tuple[str, tuple[str, ...]], ...]  # message and scope of each event, sorted
Key = Any


@dataclass(frozen=True)
class Outcome:
    """What some of the schedules have in common: the scope of every event.

    `schedules` says how many there are, `replay` is one of them for `Replay(…)`, `trace` its run.
    `error` is the exception that ended it, if one did.
    """

    scopes: Scopes
    schedules: int
    replay: str
    trace: Trace
    error: str = ""


@dataclass(frozen=True)
class Explored:
    """All outcomes of a program, the most frequent first; `complete` unless the limit cut it short.

    Schedules are counted as choices of the model: not all are equally likely on real threads.
    """

    outcomes: tuple[Outcome, ...]
    runs: int
    complete: bool

    @property
    def schedules(self) -> int:
        """How many schedules there are, or were found."""
        return sum(outcome.schedules for outcome in self.outcomes)

    def __repr__(self) -> str:
        cut = "" if self.complete else f", cut short after {self.runs} runs"
        many = "" if len(self.outcomes) == 1 else "s"
        lines = [f"{self.schedules} schedules, {len(self.outcomes)} outcome{many}{cut}"]
        for outcome in self.outcomes:
            lines.append(f"{outcome.schedules} of {self.schedules}: Replay({outcome.replay!r})")
            lines += [
                f"    {m} in {' › '.join(reversed(scope)) or 'no span'}"
                for m, scope in outcome.scopes
            ]
            lines += [f"    {outcome.error}"] if outcome.error else []
        return "\n".join(lines)


def explore(
    make_main: Callable[[], Any], workers: int = 2, limit: int = 10_000, prune: bool = True
) -> Explored:
    """Run every schedule that the model has for a small program, and group them by the scopes.

    `make_main` makes a fresh main future for each run. Two orders that lead to the same state are
    run once and counted both; a state is all that the tasks did and saw through spanlab, so tasks
    that share other state, such as a list, need `prune=False`. After `limit` runs it stops.

    A poll is one step, but others may run ahead where it spawns; time passes when all wait.

    In Rust: what `shuttle` and `loom` do for real programs.

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
    search, progress = _Search(prune), Progress()
    runs, complete = 0, False
    with held(), quiet():
        try:
            while runs < limit and not complete:
                _run_once(make_main, workers, search)
                runs += 1
                complete = not search.back_up()
                progress.show(f"{runs:,} runs, {len(search.ends)} outcomes")
        finally:
            progress.clear()
    return search.result(runs, complete)


class _Seen(KeyboardInterrupt):
    """The run has come to a state that was explored before: nobody may catch this."""


def _run_once(make_main: Callable[[], Any], workers: int, search: _Search) -> None:
    runtime, error = VirtualThreads(workers, search), ""
    with recording(clock=runtime.now) as trace:
        search.trace = trace
        try:
            runtime.block_on(make_main())
        except _Seen:
            return
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
        finally:
            ended = len(trace)
            runtime.shutdown()
            del trace.noted[ended:]
    search.end(trace, error)


class _Search(Schedule):
    """Depth first: repeat the choices of the path, then take the first one that is left."""

    races = True

    def __init__(self, prune: bool) -> None:
        self.prune = prune
        self.trace = Trace()
        self.path: list[list[Any]] = []  # [state, choice, count]
        self.after: dict[tuple[Key, int], Key] = {}  # where a choice in a state leads
        self.counts: dict[Key, int] = {}  # how many choices a state has
        self.ends: dict[Key, tuple[Trace, str, str]] = {}

    def begin(self, runtime: Any = None) -> None:
        self.runtime = runtime
        self.step = 0
        self.state = State()

    def choose(self, count: int, likely: int) -> int:
        if self.prune:
            self.state.read(self.trace)
        if self.step == len(self.path):
            self._come_to(count)
        choice: int = self.path[self.step][1]
        self.step += 1
        if self.prune:
            self.state.chose(threads.local.thread, choice, likely)
        return choice

    def _come_to(self, count: int) -> None:
        """Go one step further than before, unless a run was here already."""
        if self.prune:
            key = self.state.key(self.runtime)
        else:
            key = tuple(choice for _, choice, _ in self.path)
        if self.path:
            self.after[self.path[-1][0], self.path[-1][1]] = key
        if key in self.counts:
            raise _Seen
        self.counts[key] = count
        self.path.append([key, 0, count])

    def end(self, trace: Trace, error: str) -> None:
        """Keep what a whole run showed."""
        labels = Labels(trace)  # two spans of one name are two
        found = [(event.message, labels.path(event.parent)) for event in trace.events]
        scopes = tuple(sorted(found))
        choices = [choice for _, choice, _ in self.path]
        while choices and choices[-1] == 0:  # after the last one a replay does the default
            choices.pop()
        replay = " ".join(map(str, choices))
        key = ("end", scopes, error)
        self.ends.setdefault(key, (trace, replay, error))
        if self.path:
            self.after[self.path[-1][0], self.path[-1][1]] = key
        else:
            self.counts[()] = 1
            self.after[(), 0] = key

    def back_up(self) -> bool:
        """Go back to the last state with a choice that is left; tell whether there is one."""
        while self.path and self.path[-1][1] + 1 == self.path[-1][2]:
            self.path.pop()
        if not self.path:
            return False
        self.path[-1][1] += 1
        return True

    def result(self, runs: int, complete: bool) -> Explored:
        """Count the schedules that lead to each outcome: the paths through the states."""
        totals: dict[Key, Counter[Key]] = {key: Counter({key: 1}) for key in self.ends}
        for state in reversed(self.counts):  # not always children first: ask until known
            self._count(state, totals)
        first = next(iter(self.counts), None)
        found = totals.get(first, Counter())
        outcomes = [
            Outcome(key[1], found[key], replay, trace, error)
            for key, (trace, replay, error) in self.ends.items()
        ]
        outcomes.sort(key=lambda outcome: -outcome.schedules)
        return Explored(tuple(outcomes), runs, complete)

    def _count(self, state: Key, totals: dict[Key, Counter[Key]]) -> None:
        waiting = [state]
        while waiting:
            top = waiting[-1]
            nexts = [self.after.get((top, choice)) for choice in range(self.counts.get(top, 0))]
            unknown = [n for n in nexts if n is not None and n not in totals]
            if unknown and top not in totals:
                waiting += unknown
                continue
            waiting.pop()
            if top not in totals:
                totals[top] = sum((totals[n] for n in nexts if n is not None), Counter())
