"""Every schedule of a small program, and what each of them shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spanlab.errors import SpanlabError, UsageError
from spanlab.record import Trace
from spanlab.recorder import recording
from spanlab.runtime.schedule import Schedule
from spanlab.runtime.virtual_threads import VirtualThreads

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
        lines = [f"{self.schedules} schedules, {len(self.outcomes)} outcomes{cut}"]
        for outcome in self.outcomes:
            lines.append(f"{outcome.schedules} of {self.schedules}: Replay({outcome.replay!r})")
            lines += [f"    {m} in {' < '.join(scope) or 'no span'}" for m, scope in outcome.scopes]
            lines += [f"    {outcome.error}"] if outcome.error else []
        return "\n".join(lines)


def explore(
    make_main: Callable[[], Any], workers: int = 2, limit: int = 10_000, prune: bool = True
) -> Explored:
    """Run every schedule of a small program and group them by the scopes of the events.

    `make_main` makes a fresh main future for each run. Two orders that lead to the same state are
    run once and counted both; a state is all that the tasks did and saw through spanlab, so tasks
    that share other state, such as a list, need `prune=False`. After `limit` runs it stops.

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
    search = _Search(prune)
    runs = 0
    while runs < limit:
        _run_once(make_main, workers, search)
        runs += 1
        if not search.back_up():
            return search.result(runs, complete=True)
    return search.result(runs, complete=False)


class _Seen(BaseException):
    """The run has come to a state that was explored before."""


def _run_once(make_main: Callable[[], Any], workers: int, search: _Search) -> None:
    runtime, error = VirtualThreads(workers, search), ""
    with recording(clock=runtime.now) as trace:
        search.trace = trace
        try:
            runtime.block_on(make_main())
        except _Seen:
            return
        except (SpanlabError, Exception) as failure:
            error = f"{type(failure).__name__}: {failure}"
        finally:
            ended = len(trace.rows)
            runtime.shutdown()
            del trace.rows[ended:]
    search.end(trace, error)


class _Search(Schedule):
    """Depth first: repeat the choices of the path, then take the first one that is left."""

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
        self.state = _State()

    def choose(self, count: int, likely: int) -> int:
        self.step += 1
        if self.step <= len(self.path):
            choice: int = self.path[self.step - 1][1]
            return choice
        key = self._key()
        if self.path:
            self.after[self.path[-1][0], self.path[-1][1]] = key
        if key in self.counts:
            raise _Seen
        self.counts[key] = count
        self.path.append([key, 0, count])
        return 0

    def _key(self) -> Key:
        inside_a_poll = any(thread.task is not None for thread in self._threads())
        if inside_a_poll or not self.prune:
            return tuple(choice for _, choice, _ in self.path)
        return self.state.key(self.trace, self.runtime)

    def _threads(self) -> list[Any]:
        return [worker.thread for worker in self.runtime._workers.values()]

    def end(self, trace: Trace, error: str) -> None:
        """Keep what a whole run showed."""
        scopes = tuple(sorted((event.message, trace.scope(event)) for event in trace.events))
        replay = " ".join(str(choice) for _, choice, _ in self.path)
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


class _State:
    """Where a run stands, in words that do not depend on the order in which it came there."""

    def __init__(self) -> None:
        self.read = 0
        self.names: dict[tuple[str, int], Key] = {("task", 0): "main"}
        self.made: Counter[Key] = Counter()
        self.history: dict[Key, int] = {}  # of each task: a hash of all it did and saw
        self.stacks: dict[int, list[Key]] = {}
        self.closed: set[Key] = set()
        self.finished: list[Key] = []

    def key(self, trace: Trace, runtime: Any) -> Key:
        """Give the state as a value that can be compared."""
        for row in trace.rows[self.read :]:
            self._read(*row)
        self.read = len(trace.rows)
        stacks = [(t, [(s, s in self.closed) for s in stack]) for t, stack in self.stacks.items()]
        stacks = [entry for entry in sorted(stacks) if entry[1]]
        history = sorted(map(repr, self.history.items()))
        return repr((history, stacks, self.finished, self._queues(runtime)))

    def _read(self, kind: str, _: int, thread: int, task: int | None, *more: Any) -> None:
        if kind in ("thread", "park", "poll", "polled", "wake"):
            return
        file, line, *what = more
        who = self.names.get(("task", -1 if task is None else task), f"thread {thread}")
        if kind == "new":
            self._name("span", what[0], who)
            what[0] = self._span(what[0])
            what[1] = self._span(what[1])
        elif kind == "event":
            what[3:5] = [self._span(span) for span in what[3:5]]
        elif kind == "spawn":
            self._name("task", what[0], who)
            what[0] = self._task(what[0])
        elif kind in ("finish", "abort"):
            what[0] = self._task(what[0])
            self.finished.append((kind, what[0]))
        else:
            what[0] = self._span(what[0])
            self._move(kind, thread, what[0])
        self.history[who] = hash((self.history.get(who, 0), kind, file, line, repr(what)))

    def _move(self, kind: str, thread: int, span: Key) -> None:
        stack = self.stacks.setdefault(thread, [])
        if kind == "enter":
            stack.append(span)
        elif kind == "exit" and span in stack:
            del stack[len(stack) - 1 - stack[::-1].index(span)]
        elif kind == "close":
            self.closed.add(span)

    def _name(self, kind: str, number: int, maker: Key) -> None:
        self.made[kind, maker] += 1
        self.names[kind, number] = f"{maker}/{kind[0]}{self.made[kind, maker]}"

    def _span(self, number: int | None) -> Key:
        return None if number is None else self.names["span", number]

    def _task(self, number: int) -> Key:
        return self.names["task", number]

    def _queues(self, runtime: Any) -> Key:
        task = lambda waker: self._task(getattr(waker, "id", 0))  # noqa: E731
        workers = [
            (w.thread.id, w.lifo and task(w.lifo), [*map(task, w.queue)], [*map(task, w.deferred)],
             w.searching, w.lifo_polls, w in runtime._sleepers)
            for w in runtime._workers.values()
        ]  # fmt: skip
        timers = [(t[0], task(t[2].waker)) for t in sorted(runtime._timers) if t[2].waker]
        states = sorted((str(task(t)), t.state, t.aborted) for t in runtime.tasks.values())
        return workers, [*map(task, runtime._inject)], timers, states, runtime.main.woken
