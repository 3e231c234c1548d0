"""Where a run stands, so that `explore` knows when two orders have led to the same.

A task is a function of what it got: the values of what it awaited and the span stack it found. All
of that is fixed by which tasks had ended, in which order, what the clock showed and what was on the
stack when each of its polls began, and by the choices within them. So the history of a task holds
those, with all it did. Two runs with equal histories, stacks and queues go on alike.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from spanlab.stack import pop
from spanlab.threads import Thread
from spanlab.traces import Trace

Key = Any


class State:
    """The state of one run, in words that do not depend on the order in which it came there.

    Tasks and spans are named by who made them and which one it was. Workers have no names: two of
    them that hold the same are alike, and so are two threads of the blocking pool.
    """

    def __init__(self) -> None:
        self.seen = 0
        self.names: dict[tuple[str, int], Key] = {("task", 0): "main"}
        self.made: Counter[Key] = Counter()
        self.history: dict[Key, int] = {}  # of each task: a hash of all it got and did
        self.stacks: dict[int, list[Key]] = {}
        self.closed: set[Key] = set()
        self.ended: tuple[Key, ...] = ()
        self.polling: list[Key] = []  # who is in a poll, each within the poll of the one before

    def read(self, trace: Trace) -> None:
        """Take in what was recorded since the last time."""
        for row in trace.noted[self.seen :]:
            self._read(*row)
        self.seen = len(trace)

    def chose(self, thread: Thread | None, choice: int, likely: int) -> None:
        """Note what a poll got from a choice within it: where `select` begins, or what has changed.

        A choice between polls is seen in what happens next.
        """
        if thread is None or thread.task is None:
            return
        who = self.names["task", thread.task]
        if likely > 1:
            self._add(who, "began", choice)
        elif choice == 0:
            self._add(who, "went on", self.ended, self._on(thread.id))

    def key(self, runtime: Any) -> Key:
        """Give the state as a value that can be compared.

        Left out is how often each worker has polled, which makes it look into the common queue
        first once in 61 times.
        """
        workers = [
            (self._stack(w.thread), not w.acted, w.thread.task and self._who(0, w.thread.task),
             self._task(w.held), self._task(w.lifo), [*map(self._task, w.queue)],
             [*map(self._task, w.deferred)], w.lifo_polls,
             w.lifo and w.is_warm and w.thread.budget)
            for w in runtime._workers.values()
        ]  # fmt: skip
        blocked = [(self._stack(thread), self._task(task)) for thread, task in runtime._blocking]
        pool = [self._stack(thread) for thread in runtime._idle]
        timers = [(t[0], self._task(t[2].waker)) for t in sorted(runtime._timers) if t[2].waker]
        tasks = [(self._task(t), t.state, t.aborted) for t in runtime.tasks.values()]
        inject = [*map(self._task, runtime._inject)]
        return repr((
            sorted(map(repr, workers)), sorted(blocked), pool, inject, timers, runtime.now(),
            sorted(tasks), self.stacks.get(1), runtime.main.is_woken, self.ended, self.polling,
            sorted(map(repr, self.history.items())),
        ))  # fmt: skip

    def _read(self, kind: str, time: int, thread: int, task: int | None, *more: Any) -> None:
        if kind in ("thread", "park", "wake", "made", "wrapped", "given", "first", "dropped"):
            return
        who, (code, at, *what) = self._who(thread, task), more
        if kind == "poll":
            what = [time, self.ended, self._on(thread)]
            self.polling.append(who)
        elif kind == "polled":
            what = [what[0], what[2] and self.names["task", what[2]]]
            self.polling.pop()
        elif kind in ("spawn", "finish", "abort"):
            if kind == "spawn":
                self._name("task", what[0], who)
            what[:] = self.names["task", what[0]], *what[1:2]  # without the future
            if kind == "finish":
                self.ended += ((what[0], what[1]),)
        elif kind == "event":
            what[4:6] = [self._span(span) for span in what[4:6]]
        else:
            if kind == "new":
                self._name("span", what[0], who)
            what[0] = self._span(what[0])
            if kind == "enter":
                what[1:] = []  # the number of a future depends on the order
            if kind in ("new", "follows"):
                what[1] = self._span(what[1])
            self._move(kind, thread, what[0])
        code = code[0] if type(code) is tuple else code  # frames are never the same twice
        self._add(who, kind, id(code), at, repr(what))

    def _add(self, who: Key, *what: Any) -> None:
        self.history[who] = hash((self.history.get(who, 0), *what))

    def _move(self, kind: str, thread: int, span: Key) -> None:
        stack = self.stacks.setdefault(thread, [])
        if kind == "enter":
            stack.append(span)
        elif kind == "exit":
            pop(stack, span)
        elif kind == "close":
            self.closed.add(span)

    def _name(self, kind: str, number: int, maker: Key) -> None:
        self.made[kind, maker] += 1
        self.names[kind, number] = f"{maker}/{kind[0]}{self.made[kind, maker]}"

    def _who(self, thread: int, task: int | None) -> Key:
        return f"thread {thread}" if task is None else self.names["task", task]

    def _span(self, number: int | None) -> Key:
        return None if number is None else self.names["span", number]

    def _task(self, waker: Any) -> Key:
        """Name a task, or whatever else waits; the main future has no number."""
        return None if waker is None else self.names["task", getattr(waker, "id", 0)]

    def _stack(self, thread: Thread) -> Key:
        return self._on(thread.id)

    def _on(self, thread: int) -> Key:
        return tuple((span, span in self.closed) for span in self.stacks.get(thread, ()))
