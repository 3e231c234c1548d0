"""What the records say about one run: every stack, every frame, and the node of the code behind."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from spanlab.causes.source import Code
from spanlab.chain import Seen, Site
from spanlab.labels import Labels
from spanlab.record import (
    Event,
    PollStarted,
    Record,
    SpanClosed,
    SpanEntered,
    SpanExited,
    SpanNew,
    TaskFinished,
    TaskSpawned,
    TaskWoken,
    ThreadStarted,
)
from spanlab.replay import Pushed, Stacks, lost_parents
from spanlab.syntax import Function, attribute
from spanlab.traces import Trace
from spanlab.view.words import Names

Place = tuple[str, int]  # file and line
Made = Event | SpanNew  # what has a parent
Begun = TaskSpawned | ThreadStarted  # what begins with an empty stack


class Evidence:
    """One pass over a trace: what every stack held when a span, an event or a task was made."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.spans, self.tasks = trace, trace.spans, trace.tasks
        self.started = trace.threads
        self.stacks: dict[int, tuple[Pushed, ...]] = {}
        self.current: dict[int, int | None] = {}
        self.poll: dict[int, int] = {}  # which poll of its task an event was in
        self.numbers = {event.index: number for number, event in trace.numbered}
        self.began: dict[int, int] = {}  # the record that began the poll of a record
        self.elsewhere: dict[int, list[SpanEntered]] = {}  # entered on other threads by its task
        self.closed = {record.span: record.index for record in trace.of(SpanClosed)}
        self.finished = {record.finished: record.index for record in trace.of(TaskFinished)}
        self.entered: defaultdict[int, list[SpanEntered]] = defaultdict(list)  # by span
        self.exits: defaultdict[int, list[SpanExited]] = defaultdict(list)
        self._at: defaultdict[Place, list[Record]] = defaultdict(list)
        self.lost = lost_parents(trace)
        self._replay()

    def _replay(self) -> None:
        stacks, began, polls = Stacks(), dict[int, int](), defaultdict[int | None, int](int)
        for record in self.trace.records:
            thread = record.thread
            self._at[record.file, record.line].append(record)
            match record:
                case PollStarted():
                    polls[record.task] += 1
                    began[thread] = record.index
                case ThreadStarted():
                    thread = self.seen(record).by or 1
                case SpanEntered():
                    self.entered[record.span].append(record)
                case SpanExited():
                    self.exits[record.span].append(record)
            if isinstance(record, Made | Begun | TaskWoken):
                self.poll[record.index] = polls[record.task]
                self.began[record.index] = began.get(thread, -1)
                self.stacks[record.index] = stacks.pushed(thread)
                self.current[record.index] = stacks.current(thread)
                self.elsewhere[record.index] = stacks.elsewhere(thread, record.task)
            stacks.replay(record)

    @cached_property
    def label(self) -> Callable[[int], str]:
        """Name a span so that it is told apart from others of its name."""
        return Labels(self.trace).of

    @cached_property
    def code(self) -> Code:
        """The sources, parsed."""
        return Code(self.trace.sources)

    # --- frames ----------------------------------------------------------------------------------

    def seen(self, record: Record) -> Seen:
        """Give what is known of the frames behind a record."""
        return self.trace.seen(record.index)

    def sites(self, record: Record) -> tuple[Site, ...]:
        """Give the frames that lead to a record, from the inside out; the first is its place."""
        return self.trace.seen(record.index).sites

    def depth(self, record: Record) -> dict[int, int]:
        """Tell of each frame that leads to a record how far out it is."""
        return {site.frame: at for at, site in enumerate(self.sites(record)) if site.frame}

    def maker(self, record: Record) -> int:
        """Give the frame that entered a span, or the one that made it."""
        if isinstance(record, SpanEntered):
            return self.seen(record).by
        return next((site.frame for site in self.sites(record) if site.line and site.frame), -1)

    def spot(self, record: Record) -> Any:
        """Name the exact place of a record, so that it can be compared."""
        return self.sites(record)[0][:5]

    def begun(self, record: Record) -> Begun | None:
        """Give the record that began the task of a record, or its thread."""
        if record.task:
            return self.tasks.get(record.task)
        thread = self.seen(record).by if isinstance(record, ThreadStarted) else record.thread
        started = self.started.get(thread)
        if record.task is not None or started is None or started is record or not started.line:
            return None
        return started

    # --- guards ----------------------------------------------------------------------------------

    def own_guards(self, record: Record) -> Iterator[tuple[SpanEntered, int]]:
        """Give what frames that lead to a record have entered and not exited, on any thread."""
        depth = self.depth(record)
        here = [entry.by for entry in self.stacks[record.index]]
        there = [e for e in self.elsewhere[record.index] if not self._let_go(e, record)]
        for entered in sorted([*here, *there], key=lambda by: by.index):
            if self.maker(entered) in depth and entered.task == record.task:
                yield entered, depth[self.maker(entered)]

    def _let_go(self, entered: SpanEntered, record: Record) -> bool:
        """Tell whether a guard was dropped on a thread where its span was not entered."""
        exits = [e for e in self.exits[entered.span] if e.thread != entered.thread]
        return any(entered.index < e.index < record.index for e in exits)

    def is_foreign(self, record: Record, entry: Pushed) -> bool:
        """Tell whether an entry was pushed by a frame that does not lead to the record."""
        depth, by = self.depth(record), self.maker(entry.by)
        if depth and by:
            return by not in depth
        return record.task is not None and entry.by.task not in (record.task, None)

    # --- the code --------------------------------------------------------------------------------

    def node(self, record: Record) -> ast.AST | None:
        """Find the very call that made a record; None if it was an attribute, or is not known."""
        return self.code.exact(self.sites(record)[0])

    def marked(self, record: Record) -> Function | None:
        """Find the function whose attribute made a record."""
        return self.code.marked(record.file, record.line)

    def is_explicit(self, record: Made) -> bool:
        """Tell whether the parent of a record was named."""
        return record.explicit or record.parent != self.current[record.index]

    def names(self, spans: Iterable[Any]) -> Names:
        """Name spans that there are, and spans that there would be."""
        return tuple(self.spans[s].name if isinstance(s, int) else s.name for s in spans)

    def labels(self, spans: Iterable[Any]) -> Names:
        """Name spans so that each is told apart from others of its name."""
        return tuple(self.label(s) if isinstance(s, int) else s.name for s in spans)

    def span_name(self, function: Function) -> str:
        """Name the span that the attribute on a function makes."""
        marked, given = attribute(function), list[ast.expr]()
        if marked is not None and (made := self.news(marked)):
            return made[0].name
        if isinstance(marked, ast.Call):
            given = [*marked.args, *(k.value for k in marked.keywords if k.arg == "name")]
        names = [str(node.value) for node in given if isinstance(node, ast.Constant)]
        return [*names, getattr(function, "name", "?")][0]

    def enters(self, node: ast.AST) -> list[SpanEntered]:
        """Give all that was entered by a node, in order."""
        return [record for record in self._by(node) if isinstance(record, SpanEntered)]

    def news(self, node: ast.AST) -> list[SpanNew]:
        """Give all spans that were made by a node, in order."""
        return [record for record in self._by(node) if isinstance(record, SpanNew)]

    def _by(self, node: ast.AST) -> list[Record]:
        file = self.code.file(node)
        lines = range(node.lineno, node.end_lineno + 1)  # type: ignore[attr-defined]
        on = [record for line in lines for record in self._at.get((file, line), [])]
        return [record for record in on if self.node(record) in (None, node)]
