"""What the records say about one run: every stack, every frame, and the node of the code behind."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from spanlab import record as kind
from spanlab.causes.source import Code, lines
from spanlab.frames import Site
from spanlab.labels import Labels
from spanlab.record import Event, Record, SpanEntered, SpanNew
from spanlab.replay import Pushed, Stacks, lost_parents
from spanlab.syntax import Function
from spanlab.traces import Trace
from spanlab.view.words import Names

Of = TypeVar("Of", bound=Record)
Place = tuple[str, int]  # file and line
Made = Event | SpanNew  # what has a parent
Begun = kind.TaskSpawned | kind.ThreadStarted  # what begins with an empty stack


class Evidence:
    """One pass over a trace: what every stack held when a span, an event or a task was made."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.spans, self.tasks = trace, trace.spans, trace.tasks
        self.code = Code(trace.sources)
        self.label = Labels(trace).of
        self.stacks: dict[int, tuple[Pushed, ...]] = {}
        self.current: dict[int, int | None] = {}
        self.poll: dict[int, int] = {}  # which poll of its task an event was in
        self.numbers = {event.index: number for number, event in trace.numbered}
        self.began: dict[int, int] = {}  # the record that began the poll of a record
        self.elsewhere: dict[int, list[SpanEntered]] = {}  # entered on other threads by its task
        self.closed = {record.span: record.index for record in trace.of(kind.SpanClosed)}
        self.finished = {record.finished: record.index for record in trace.of(kind.TaskFinished)}
        self.entered: defaultdict[int, list[SpanEntered]] = defaultdict(list)  # by span
        self.exits: defaultdict[int, list[kind.SpanExited]] = defaultdict(list)
        self._at: defaultdict[Place, list[Record]] = defaultdict(list)
        self.lost = lost_parents(trace)
        self._replay()

    def _replay(self) -> None:
        stacks, began, polls = Stacks(), dict[int, int](), defaultdict[int | None, int](int)
        for record in self.trace.records:
            thread = record.thread
            self._at[record.file, record.line].append(record)
            match record:
                case kind.PollStarted():
                    polls[record.task] += 1
                    began[thread] = record.index
                case kind.ThreadStarted():
                    thread = self.trace.seen(record.index).by or 1
                case SpanEntered():
                    self.entered[record.span].append(record)
                case kind.SpanExited():
                    self.exits[record.span].append(record)
            if isinstance(record, Made | Begun | kind.TaskWoken):
                self.poll[record.index] = polls[record.task]
                self.began[record.index] = began.get(thread, -1)
                self.stacks[record.index] = stacks.pushed(thread)
                self.current[record.index] = stacks.current(thread)
                self.elsewhere[record.index] = stacks.elsewhere(thread, record.task)
            stacks.replay(record)

    # --- frames ----------------------------------------------------------------------------------

    def sites(self, record: Record) -> tuple[Site, ...]:
        """Give the frames that lead to a record, from the inside out; the first is its place."""
        return self.trace.seen(record.index).sites

    def depth(self, record: Record) -> dict[int, int]:
        """Tell of each frame that leads to a record how far out it is."""
        return {site.frame: at for at, site in enumerate(self.sites(record)) if site.frame}

    def maker(self, record: Record) -> int:
        """Give the frame that entered a span, or the one that made it."""
        if isinstance(record, SpanEntered):
            return self.trace.seen(record.index).by
        return next((site.frame for site in self.sites(record) if site.line and site.frame), -1)

    def spot(self, record: Record) -> Any:
        """Name the exact place of a record, so that it can be compared."""
        return self.sites(record)[0][:5]

    def begun(self, record: Record) -> Begun | None:
        """Give the record that began the task of a record, or its thread."""
        if record.task:
            return self.tasks.get(record.task)
        thread = record.thread
        if isinstance(record, kind.ThreadStarted):
            thread = self.trace.seen(record.index).by
        started = self.trace.threads.get(thread)
        known = started is not None and started.line and started is not record
        return started if known and record.task is None else None

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
        return self.code.marked.get((record.file, record.line))

    def function(self, record: Record) -> Function | None:
        """Find the function whose code, or attribute, made a record."""
        node = self.node(record)
        return self.code.enclosing(node) if node is not None else self.marked(record)

    def is_explicit(self, record: Made) -> bool:
        """Tell whether the parent of a record was named."""
        return record.explicit or record.parent != self.current[record.index]

    def names(self, spans: Iterable[Any]) -> Names:
        """Name spans that there are, and spans that there would be."""
        return tuple(self.spans[s].name if isinstance(s, int) else s.name for s in spans)

    def labels(self, spans: Iterable[Any]) -> Names:
        """Name spans so that each is told apart from others of its name."""
        return tuple(self.label(s) if isinstance(s, int) else s.name for s in spans)

    def by(self, node: ast.AST, of: type[Of]) -> list[Of]:
        """Give all of a kind that a node recorded, in order: spans, or what was entered."""
        file = self.code.file[node]
        on = [record for line in lines(node) for record in self._at.get((file, line), [])]
        return [r for r in on if isinstance(r, of) and self.node(r) in (None, node)]
