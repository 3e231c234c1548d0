"""The futures of a trace as things: which there are, and the moments that no record tells.

A future that is wrapped, handed on or spawned stays the same thing. What awaits another in place
becomes one with it: its cards are then those of the task that polls it.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from spanlab.errors import HERE, LIBRARY
from spanlab.record import (
    FutureGiven,
    FutureMade,
    FutureRecord,
    FutureWrapped,
    PollStarted,
    Record,
    SpanClosed,
    SpanEntered,
    SpanExited,
    TaskSpawned,
)
from spanlab.traces import Trace
from spanlab.view.stepper.calls import Calls, calls
from spanlab.view.stepper.source import Source

ENDS = SpanExited | SpanClosed


class Moment(NamedTuple):
    """A step that no record tells: what was `made`, `returned` or `awaited` before a record.

    `function` is the one that is called, or the one that awaits.
    """

    kind: str
    thread: int
    task: int | None
    file: str
    line: int
    name: str
    function: str
    token: int


class Futures:
    """All that is drawn as a future: main, the tasks, and what has a number in the records."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.source = trace, Source(trace)
        self.names: list[str] = []  # of the tokens
        self.of_task, self.of_future = dict[int, int](), dict[int, int]()
        self.calls: list[Calls] = list(calls(trace, self.source))
        self.moments: defaultdict[int, list[Moment]] = defaultdict(list)  # before which record
        self.made = dict[int, Moment]()  # of each token that it is known of
        self.told = all(by.line or not by.file for by in trace.of(SpanEntered))
        self.spans = {w.future: w.span for w in trace.of(FutureWrapped)}
        self.brought = dict[int, tuple[int, int, bool]]()  # by main: future, span, is it made then
        self._first = dict[int, Record]()  # of each token
        for record in trace.records:
            self._tell_apart(record)
        self._made()
        self._awaited()

    # ---------------------------------------------------------------- which there are

    def _tell_apart(self, record: Record) -> None:
        match record:
            case PollStarted(task=int(task)) if task not in self.of_task:
                self.of_task[task] = self._new(record, "main" if task == 0 else f"task {task}")
            case TaskSpawned(spawned=task, future=future):
                token = None if future is None else self.of_future.get(future)
                self.of_task[task] = self._new(record, record.name) if token is None else token
            case FutureWrapped(future=future, inner=inner) if future not in self.of_future:
                token = None if inner is None else self.of_future.get(inner)
                if token is None and self._is_attribute(record):  # made before this trace begins
                    token = self._bring(record, True)
                self.of_future[future] = self._new(record, record.name) if token is None else token
            case FutureMade(name=name) | FutureGiven(name=name):
                if record.future not in self.of_future:
                    self.of_future[record.future] = self._new(record, name)
            case SpanEntered(future=int(future)) if future not in self.of_future:
                if (token := self._bring(record, False)) is not None:
                    self.of_future[future] = token

    def _bring(self, record: FutureWrapped | SpanEntered, comes: bool) -> int | None:
        """Give the future of the task that is polled, which has brought this span from before."""
        token = None if record.task is None else self.of_task.get(record.task)
        if token is not None and record.future is not None:
            self.brought.setdefault(token, (record.future, record.span, comes))
        return token

    def named(self) -> list[tuple[str, int | None]]:
        """Give the name of each, and its task if it has one."""
        tasks = {token: task for task, token in self.of_task.items()}
        return [(name, tasks.get(token)) for token, name in enumerate(self.names)]

    def _new(self, record: Record, name: str) -> int:
        self.names.append(name or "a future")
        self._first[len(self.names) - 1] = record
        return len(self.names) - 1

    def _is_attribute(self, record: FutureWrapped) -> bool:
        """Tell whether an attribute made the span: at its line, and not in the frame of a call."""
        function, new = (
            self.source.function(record.file, record.line),
            self.trace.spans[record.span],
        )
        frames = [site.frame for site in self.trace.seen(new.index).sites]
        return function is not None and function.first == record.line and not any(frames[:1])

    # ---------------------------------------------------------------- what no record tells

    def _made(self) -> None:
        """Find where the futures of tasks were made, and where their call gave them back."""
        for spawn in self.trace.of(TaskSpawned):
            file, line = self.trace.seen(spawn.index).made or ("", 0)
            function = self.source.function(file, line)
            if not line or file.startswith((HERE, LIBRARY)):  # the record of the attribute says it
                continue
            token = self.of_task[spawn.spawned]
            first, name = self._first[token], function.name if function else ""
            at = (spawn.thread, spawn.task, file, line, spawn.name, name, token)
            self.made[token] = Moment("made", *at)
            self.moments[self._spot(first, file, line, name)].append(self.made[token])
            here = self.source.function(first.file, first.line)
            is_here = here is not None and here.name == name
            if first.line and not isinstance(first, FutureMade) and not is_here:
                place = spawn.thread, spawn.task, first.file, first.line
                self.moments[first.index].append(
                    Moment("returned", *place, spawn.name, name, token)
                )

    def _spot(self, first: Record, file: str, line: int, name: str) -> int:
        """Tell before which record a future was made: the last that its maker made, or a later."""
        records, spot = self.trace.records, first.index
        mine = (r for r in reversed(records[:spot]) if r.thread == first.thread)
        for at in (r.index for r in mine if not isinstance(r, ENDS)):
            inner = self.calls[at][-1:]
            if inner and (inner[0].name, inner[0].file) == (name, file) and inner[0].line <= line:
                spot = at + 1
            if inner or isinstance(records[at], PollStarted | TaskSpawned | FutureRecord):
                break
        ends = {g.exited: g for g in self.source.guards if g.file == file}
        while spot < first.index and isinstance(records[spot], ENDS):
            guard = ends.get(records[spot].index)
            if guard and guard.first <= line <= guard.last:
                break
            spot += 1
        return spot

    def _awaited(self) -> None:
        """Find the first polls of futures without a number, which were awaited in place."""
        around, called = dict[int, int](), set[tuple[int, str, int]]()
        for record, now in zip(self.trace.records, self.calls, strict=True):
            inner = {outer.frame: call.frame for outer, call in pairwise(now)}
            around = {f: outer for f, outer in around.items() if inner.get(outer, f) == f}
            for outer, call in pairwise(now):
                is_new = call.frame not in around
                around[call.frame] = outer.frame
                if not call.is_async:
                    called.add((outer.frame, call.name, outer.line))
                elif is_new and call.direct and outer.is_async:
                    at = record.thread, record.task, outer.file, outer.line, call.name
                    token = self._new(record, call.name)
                    maker = getattr(self.source.function(call.file, call.line), "outer", "")
                    if (outer.frame, maker, outer.line) in called:
                        self.moments[record.index].append(Moment("returned", *at, maker, token))
                    self.moments[record.index].append(Moment("awaited", *at, outer.name, token))
