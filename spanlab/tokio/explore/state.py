"""Where a run stands, so that `explore` knows when two orders have led to the same.

A task is a function of what it got to know: which awaits came to an end, what it looked at, and the
spans it found. So the history of a task holds those, with all it did. Two runs with equal
histories, stacks and queues go on alike.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from spanlab.stack import pop
from spanlab.tape import Row
from spanlab.threads import Thread

NUMBERS = {  # rows that tell of tasks or spans, and where their numbers stand
    **dict.fromkeys(("spawn", "finish", "abort"), ("task", 0, 1)),
    **dict.fromkeys(("enter", "exit", "close", "record"), ("span", 0, 1)),
    "new": ("span", 0, 2), "follows": ("span", 0, 2), "event": ("span", 4, 6),
}  # fmt: skip
NEWS = {*NUMBERS, "poll"} - {"close"}
KEPT = {"spawn": 2, "enter": 1}  # how much of such a row does not count futures, or how they came


class State:
    """The state of one run, in words that do not depend on the order in which it came there.

    Tasks, spans and threads are named by who made them and which one it was, as `main/ta1/sp2`.
    Workers have no names: two of them that hold the same are alike.
    """

    def __init__(self) -> None:
        self.names: dict[tuple[str, int], str] = {("task", 0): "main"}
        self.made: Counter[str] = Counter()
        self.history: dict[str, int] = {}  # of each task: a hash of all it got to know and did
        self.stacks: defaultdict[int, list[str]] = defaultdict(list)
        self.guards: defaultdict[int, list[str]] = defaultdict(list)  # not of polls
        self.closed: set[str] = set()
        self.sets: dict[str, Any] = {}  # of each `JoinSet`: who ended in it, and who waits
        self.found: dict[int, tuple[str, ...]] = {}  # what a poll found on a thread, or left
        self.polling: list[str] = []  # who is in a poll, each within the poll of the one before

    def read(self, row: Row) -> None:
        """Take in one more thing that was recorded."""
        kind, _time, thread, task, code, at, *what = row
        who = self.who(thread, task)
        if kind == "thread" and task is not None:
            self._name("thread", thread, self.who(0, task))
        elif kind in ("spawn", "new"):
            self._name(NUMBERS[kind][0], what[0], who)
        if kind in NUMBERS:
            of, first, last = NUMBERS[kind]
            what[first:last] = [self._named(of, number) for number in what[first:last]]
        if kind in ("enter", "exit"):
            self._move(kind, thread, *what[:2])
        elif kind == "close":
            self.closed.add(what[0])
        elif kind == "poll":
            what = [*self.on(thread)]
            self.polling.append(who)
        elif kind == "polled":
            self.polling = [*filter(who.__ne__, self.polling)]
        if kind in ("poll", "polled"):
            self.found[thread] = self.on(thread)
        if kind in NEWS and what:  # a poll that found no span is none
            code = code[0] if type(code) is tuple else code  # frames are never the same twice
            self._add(who, kind, id(code), at, what[: KEPT.get(kind)])

    def saw(self, thread: Thread, what: str, *more: Any) -> None:
        """Take in what a poll on `thread` got to know."""
        if what == "insert":
            self.sets.setdefault(self.names["task", more[1]], more[0])
        if what in ("insert", "next", "try"):  # the task that comes out is news, the wait is not
            return
        if what in ("abort", "joined", "popped"):
            more = (self.names["task", more[0]], *more[1:])
        self._add(self.who(thread.id, thread.task), what, *more)

    def key(self, runtime: Any) -> int:
        """Give all that decides how a run goes on, as a value that can be compared.

        Left out is how often each worker has polled, which makes it look into the common queue
        first once in 61 times.
        """
        of, tasks = self._task, runtime.tasks.values()
        pool = [self.on(thread.id) for thread in runtime._idle]
        parts = {
            "workers": sorted(repr(self.worker(w)) for w in runtime._workers.values()),
            "blocked": sorted((self.on(at.id), of(task)) for at, task in runtime._blocking),
            "pool": any(pool) and pool,
            "inject": [*map(of, runtime._inject)],
            "timers": [(at, of(timer.waker)) for at, _, timer in sorted(runtime._timers)],
            "now": runtime.now(),
            "tasks": sorted((of(t), t.state, t.aborted, of(t.waiter)) for t in tasks),
            "main": (self.on(1), runtime.main.is_woken),
            "polling": self.polling,
            "numbers": [name for (kind, _), name in self.names.items() if kind == "task"],
            "sets": sorted((n, [*map(of, s.ended)], of(s.waiter)) for n, s in self.sets.items()),
            "history": sorted(self.history.items()),
        }
        return hash(repr(parts))

    def worker(self, worker: Any) -> dict[str, Any]:
        """Give where a worker stands."""
        thread, is_next = worker.thread, worker.lifo and worker.is_warm
        return {
            "stack": self.on(thread.id),
            "polls": thread.task and self.who(0, thread.task),
            "next": (self._task(worker.held), self._task(worker.lifo)),
            "queues": [[*map(self._task, queue)] for queue in (worker.queue, worker.deferred)],
            "lifo_polls": (thread.task or worker.lifo) and worker.lifo_polls,
            "budget": is_next and thread.budget,
        }

    def who(self, thread: int, task: int | None) -> str:
        """Name a task, or a thread that polls none."""
        if task is None:
            return self.names.get(("thread", thread), f"thread {thread}")
        return self.names["task", task]

    def span(self, number: int | None) -> str:
        """Name a span."""
        return self._named("span", number)

    def on(self, thread: int) -> tuple[str, ...]:
        """Name the spans on a stack; of those that have closed only what they still hide."""
        spans: list[str] = []
        for span in self.stacks[thread]:
            span = "" if span in self.closed else span
            if span or "".join(spans[-1:]):
                spans.append(span)
        return tuple(spans)

    def _move(self, kind: str, thread: int, span: str, future: int | None = None) -> None:
        stack, guards = self.stacks[thread], self.guards[thread]
        if kind == "exit":
            pop(stack, span)
            if guards.count(span) > stack.count(span):  # else it was the poll of a future
                pop(guards, span)
            return
        stack.append(span)
        if future is None:
            guards.append(span)

    def _add(self, who: str, *what: Any) -> None:
        self.history[who] = hash((self.history.get(who, 0), repr(what)))

    def _name(self, kind: str, number: int, maker: str) -> None:
        prefix = f"{maker}/{kind[:2]}"
        self.made[prefix] += 1
        self.names[kind, number] = f"{prefix}{self.made[prefix]}"

    def _named(self, kind: str, number: int | None) -> str:
        return "" if number is None else self.names[kind, number]

    def _task(self, waker: Any) -> str:
        """Name a task, or what a `JoinSet` has left with one; the main future has no number."""
        task = getattr(waker, "_task", waker)
        return "" if waker is None else self.names["task", getattr(task, "id", 0)]
