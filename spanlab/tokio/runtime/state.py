"""Where a run stands, so that `explore` knows when two orders have led to the same.

A task is a function of what it got to know: which awaits came to an end, what it looked at, and the
spans it found. So the history of a task holds those, with all it did. Two runs with equal
histories, stacks and queues go on alike.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from spanlab.field import pairs
from spanlab.stack import pop
from spanlab.threads import Thread
from spanlab.traces import Row

Spans = tuple[tuple[str, str], ...]  # leaf to root: the name of each, and who made it

PASSING = ("thread", "park", "wake", "made", "wrapped", "given", "first", "dropped")  # no news
MAKING = {"spawn": "task", "new": "span"}  # rows that make something
KEPT = {"spawn": 2, "enter": 1}  # how much of such a row does not count futures, or how they came


class State:
    """The state of one run, in words that do not depend on the order in which it came there.

    Tasks, spans and threads are named by who made them and which one it was, as `main/ta1/sp2`.
    Workers have no names: two of them that hold the same are alike.
    """

    def __init__(self) -> None:
        self.names: dict[tuple[str, int], str] = {("task", 0): "main"}
        self.made: Counter[str] = Counter()
        self.scopes: dict[int | None, Spans] = {None: ()}
        self.events: list[tuple[str, Spans]] = []
        self.history: dict[str, int] = {}  # of each task: a hash of all it got to know and did
        self.stacks: dict[int, list[str]] = {}
        self.guards: dict[int, list[str]] = {}  # what of it no poll will exit by itself
        self.closed: set[str] = set()
        self.sets: dict[str, Any] = {}  # of each `JoinSet`: who ended in it, and who waits
        self.began: dict[int, tuple[str, ...]] = {}  # the stack with which each poll began
        self.polling: list[str] = []  # who is in a poll, each within the poll of the one before

    def read(self, row: Row) -> None:
        """Take in one more thing that was recorded."""
        kind, _time, thread, task, code, at, *what = row
        code = code[0] if type(code) is tuple else code  # frames are never the same twice
        who = self.who(thread, task)
        if kind == "thread" and task is not None:
            self._name("thread", thread, self.who(0, task))
        elif kind in ("spawn", "new"):
            self._name(MAKING[kind], what[0], who)
        if kind in PASSING:
            return
        if kind == "poll":
            self.began[thread] = self.on(thread)
            self.polling.append(who)
            what = [self.began[thread]]
            if not self.began[thread]:
                return
        elif kind == "polled":
            self.polling = [*filter(who.__ne__, self.polling)]
            return
        elif kind in ("spawn", "finish", "abort"):
            what[0] = self.names["task", what[0]]
        elif kind == "event":
            said = dict((("message", what[2] or ""), *pairs(what[3])))
            self.events.append((str(said["message"]), self.scopes[what[4]]))
            what[4:6] = [self.span(span) for span in what[4:6]]
        else:
            self._read_span(kind, thread, what)
            if kind == "close":
                return
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
        """Give the state as a value that can be compared."""
        return hash(repr(self.parts(runtime)))

    def parts(self, runtime: Any) -> dict[str, Any]:
        """Give all that decides how a run goes on.

        Left out is how often each worker has polled, which makes it look into the common queue
        first once in 61 times.
        """
        tasks, pool = runtime.tasks.values(), [self.on(thread.id) for thread in runtime._idle]
        return {
            "workers": sorted(repr(self.worker(w)) for w in runtime._workers.values()),
            "blocked": sorted((self.on(at.id), self._task(task)) for at, task in runtime._blocking),
            "pool": any(pool) and pool,
            "inject": [*map(self._task, runtime._inject)],
            "timers": [(at, self._task(timer.waker)) for at, _, timer in sorted(runtime._timers)],
            "now": runtime.now(),
            "tasks": sorted((self._task(t), t.state, t.aborted) for t in tasks),
            "waiters": sorted((self._task(t), self._task(t.waiter)) for t in tasks),
            "main": (self.on(1), runtime.main.is_woken),
            "polling": self.polling,
            "numbers": [name for (kind, _), name in self.names.items() if kind == "task"],
            "sets": sorted(
                (name, [*map(self._task, of.ended)], self._task(of.waiter))
                for name, of in self.sets.items()
            ),
            "history": sorted(self.history.items()),
        }

    def worker(self, worker: Any) -> dict[str, Any]:
        """Give where a worker stands."""
        thread, is_next = worker.thread, worker.lifo and worker.is_warm
        return {
            "stack": self.on(thread.id),
            "polls": thread.task and self.who(0, thread.task),
            "held": self._task(worker.held),
            "lifo": self._task(worker.lifo),
            "queue": [*map(self._task, worker.queue)],
            "deferred": [*map(self._task, worker.deferred)],
            "lifo_polls": (thread.task or worker.lifo) and worker.lifo_polls,
            "budget": is_next and thread.budget,
        }

    def leaks(self, runtime: Any) -> tuple[str, ...]:
        """Give the spans with which a poll begins, or began, though another poll has left them."""
        threads = [
            runtime.main.thread, *runtime._workers, *runtime._idle,
            *(thread for thread, _ in runtime._blocking),
        ]  # fmt: skip
        stacks = (self.began[t.id] if t.task is not None else self.on(t.id) for t in threads)
        return next(filter(None, stacks), ())

    def who(self, thread: int, task: int | None) -> str:
        """Name a task, or a thread that polls none."""
        if task is None:
            return self.names.get(("thread", thread), f"thread {thread}")
        return self.names["task", task]

    def span(self, number: int | None) -> str:
        """Name a span."""
        return "" if number is None else self.names["span", number]

    def on(self, thread: int) -> tuple[str, ...]:
        """Name the spans on a stack; of those that have closed only what they still hide."""
        spans: list[str] = []
        for span in self.stacks.get(thread, ()):
            span = "" if span in self.closed else span
            if span or "".join(spans[-1:]):
                spans.append(span)
        return tuple(spans)

    def _read_span(self, kind: str, thread: int, what: list[Any]) -> None:
        if kind == "new":
            self.scopes[what[0]] = ((what[2], self.span(what[0])), *self.scopes[what[1]])
        what[0] = span = self.span(what[0])
        if kind in ("new", "follows"):
            what[1] = self.span(what[1])
        stack = self.stacks.setdefault(thread, [])
        guards = self.guards.setdefault(thread, [])
        if kind == "enter":
            stack.append(span)
            if what[1] is None:
                guards.append(span)
        elif kind == "exit":
            pop(stack, span)
            if guards.count(span) > stack.count(span):  # else it was the poll of a future
                pop(guards, span)
        elif kind == "close":
            self.closed.add(span)

    def _add(self, who: str, *what: Any) -> None:
        self.history[who] = hash((self.history.get(who, 0), repr(what)))

    def _name(self, kind: str, number: int, maker: str) -> None:
        prefix = f"{maker}/{kind[:2]}"
        self.made[prefix] += 1
        self.names[kind, number] = f"{prefix}{self.made[prefix]}"

    def _task(self, waker: Any) -> str:
        """Name a task, or whatever else waits; the main future has no number."""
        if waker is None:
            return ""
        joined = getattr(waker, "_task", None)  # of what a `JoinSet` leaves with a task
        return f"of {joined.id}" if joined else self.names["task", getattr(waker, "id", 0)]
