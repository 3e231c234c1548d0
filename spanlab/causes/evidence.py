"""What the records say about one run: every stack, every frame, and the node of the code behind."""

from __future__ import annotations

import ast
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from spanlab import record as kind
from spanlab.causes.source import GUARDS, SPAWNS, Code, called, lines
from spanlab.evidence.labels import Labels
from spanlab.evidence.replay import Pushed, Stack, Stacks, entries, lost_parents
from spanlab.evidence.sites import Site
from spanlab.evidence.syntax import Function
from spanlab.record import Event, Record, SpanEntered, SpanNew
from spanlab.traces import Trace
from spanlab.view.words import NAMED, Names

DEEP = 256  # spans, and entries of a stack, that are looked at
Of = TypeVar("Of", bound=Record)
Place = tuple[str, int]  # file and line
Made = Event | SpanNew  # what has a parent
Begun = kind.TaskSpawned | kind.ThreadStarted  # what begins with an empty stack
Kept = Made | Begun | SpanEntered | kind.TaskWoken | kind.FutureWrapped  # with what was current
Use = SpanEntered | kind.SpanExited


def _never(found: Iterable[tuple[int, int]]) -> defaultdict[int, float]:
    """Say when something was; what is missing never was."""
    return defaultdict(lambda: math.inf, found)


class Evidence:
    """One pass over a trace: what every stack held when a span, an event or a task was made."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.spans = trace, trace.spans
        self.tasks, self.threads = trace.tasks, trace.threads
        self.code = Code(trace.sources)
        self.label = Labels(trace).of
        self.current: dict[int, int | None] = {}
        self.numbers = {event.index: number for number, event in trace.numbered}
        self.began: dict[int, int] = {}  # the record that began the poll of a record
        self._outer: dict[int, int] = {}  # the one that began the poll which that runs inside
        self.closed = _never((close.span, close.index) for close in trace.of(kind.SpanClosed))
        self.finished = _never((end.finished, end.index) for end in trace.of(kind.TaskFinished))
        self.uses: defaultdict[int, list[Use]] = defaultdict(list)  # entries and exits, by span
        self.lost = lost_parents(trace)
        self._on: dict[int, int] = {}  # the thread whose stack counts for a record
        self._tops: defaultdict[int, list[tuple[int, Stack]]] = defaultdict(list)  # since when
        self._vain: defaultdict[int, list[Record]] = defaultdict(list)  # exits of nothing, by span
        self._at: defaultdict[Place, list[Record]] = defaultdict(list)
        self._replay()

    def _replay(self) -> None:
        stacks, began = Stacks(), dict[int, int]()
        polls = defaultdict[int, list[int]](list)  # that run, the inner last
        for record in self.trace.records:
            thread, index = record.thread, record.index
            self._at[record.file, record.line].append(record)
            match record:
                case kind.PollStarted():
                    polls[thread].append(index)
                    began[thread] = index
                case kind.PollEnded():
                    *polls[thread], ended = polls[thread] or [-1]
                    began[thread] = (polls[thread] or [ended])[-1]
                case kind.ThreadStarted():
                    thread = self.trace.seen(index).by or 1
                case SpanEntered(span=span):
                    self.uses[span].append(record)
                case kind.SpanExited(span=span):
                    self.uses[span].append(record)
                    if all(by.span != span for by, _ in entries(stacks.tops[thread])):
                        self._vain[span].append(record)
            if isinstance(record, Kept):
                self.began[index] = began.get(thread, -1)
                if len(polls[thread]) > 1:
                    self._outer[index] = polls[thread][0]
                self.current[index] = stacks.current(thread)
                self._on[index] = thread
            stacks.replay(record)
            if isinstance(record, Use):
                self._tops[record.thread].append((index, stacks.tops[record.thread]))

    def stack(self, record: Record) -> tuple[Pushed, ...]:
        """Give what was on the stack at a record, the oldest first; of a deep one the newest."""
        return self._stack(self._on[record.index], record)[::-1]

    def _stack(self, thread: int, record: Record) -> tuple[Pushed, ...]:
        """Give what was on the stack of a thread at a record, the newest first."""
        since = self._tops.get(thread, [])
        at = bisect_left(since, record.index, key=itemgetter(0))
        return (*islice(entries(since[at - 1][1] if at else None), DEEP),)

    # --- frames ----------------------------------------------------------------------------------

    def sites(self, record: Record) -> tuple[Site, ...]:
        """Give the frames that lead to a record, from the inside out; the first is its place."""
        return self.trace.seen(record.index).sites

    def depth(self, record: Record) -> dict[int, int]:
        """Tell of each frame that leads to a record how far out it is."""
        return {site.frame: at for at, site in enumerate(self.sites(record)) if site.frame}

    def entries(self, span: int) -> list[SpanEntered]:
        """Give each entry of a span, in order."""
        return [use for use in self.uses[span] if isinstance(use, SpanEntered)]

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
        is_start = isinstance(record, kind.ThreadStarted)
        thread = self.trace.seen(record.index).by if is_start else record.thread
        started = self.threads.get(thread) if record.task is None else None
        return started if started is not record and started and started.line else None

    def in_drop(self, record: Record) -> bool:
        """Tell whether a record was made while a future or a value is dropped."""
        sites = self.sites(record)
        nodes = [node for site in sites if (node := self.code.exact(site)) is not None]
        names = [getattr(self.code.enclosing(node), "name", "") for node in nodes]
        own = any(site.file.endswith((".drop", ".close")) for site in sites if not site.line)
        return own or "__del__" in names

    def drops_task(self, record: Record) -> bool:
        """Tell whether a record was made while its task is dropped, and not polled."""
        return self.sites(record)[-1].file == "Task.drop"

    def is_joined(self, begun: Begun) -> bool:
        """Tell whether somebody waits for a task: says so, or is woken by its end."""
        if isinstance(begun, kind.ThreadStarted):
            return False
        ended = self.finished[begun.spawned]
        woken = {wake.task for wake in self.trace.of(kind.TaskWoken) if wake.index == ended + 1}
        return begun.spawned in woken | {poll.awaits for poll in self.trace.of(kind.PollEnded)}

    def ended(self, begun: Begun) -> float:
        """Give the last record of a task, or of a thread; of a task that has not ended none is."""
        if isinstance(begun, kind.TaskSpawned):
            return self.finished[begun.spawned]
        return max(r.index for r in self.trace.records if r.thread == begun.thread)

    def in_context(self, by: SpanEntered) -> bool:
        """Tell whether the loop of asyncio entered a span, from a context; a log tells nothing."""
        return not by.file and self.trace.origin is None

    # --- guards ----------------------------------------------------------------------------------

    def own_guards(self, record: Record) -> Iterator[tuple[SpanEntered, int]]:
        """Give what frames that lead to a record have entered and not exited, on any thread."""
        depth = self.depth(record)
        thread = self._on[record.index]
        found = [by for on in self._tops for by, _ in self._stack(on, record)]
        found = [by for by in found if by.thread == thread or not self.dropped(by, record)]
        for by in sorted(found, key=lambda by: by.index):
            out = self._out(by, record, depth)
            if out is not None and by.task == record.task:
                yield by, out

    def foreign(self, record: Record) -> list[SpanEntered]:
        """Give what is on the stack, pushed by frames that do not lead to the record."""
        depth, stack = self.depth(record), [by for by, _ in self.stack(record)]
        stack = [by for by in stack if not self._is_around(by, record)]
        if depth:
            return [b for b in stack if self.maker(b) and self._out(b, record, depth) is None]
        return [by for by in stack if None not in (by.task, record.task) and by.task != record.task]

    def _out(self, by: SpanEntered, record: Record, depth: dict[int, int]) -> int | None:
        """Tell how far out the frame is that entered a span, if it leads to a record.

        A frame is known by its place in memory; a later one in that place is of another function.
        """
        out, node = depth.get(self.maker(by)), self.node(by)
        if out is None or node is None or called(node) not in GUARDS:
            return out
        inner = self.code.exact(self.sites(record)[out])
        is_same = inner is None or self.code.enclosing(inner) is self.code.enclosing(node)
        return out if is_same else None

    def _is_around(self, by: SpanEntered, record: Record) -> bool:
        """Tell whether a wrapper is around a poll that polls the record's task inside it."""
        is_outer = self._outer.get(record.index, by.index) < by.index and by.task != record.task
        return is_outer and called(self.node(by)) not in ("enter", "entered")

    def dropped(self, entered: SpanEntered, record: Record) -> Record | None:
        """Find the drop of a guard, before a record, where its span was not entered."""
        drops = [e for e in self._vain[entered.span] if entered.index < e.index < record.index]
        return next((drop for drop in drops if drop.thread != entered.thread), None)

    # --- the code --------------------------------------------------------------------------------

    def node(self, record: Record) -> ast.AST | None:
        """Find the very call that made a record; None if it was an attribute, or is not known."""
        return self.code.exact(self.sites(record)[0])

    def spawn_of(self, begun: Begun) -> ast.Call | None:
        """Find the call that began a task, or a thread, with what it was given."""
        match self.node(begun):
            case ast.Call(args=[_, *_]) as call if called(call) in SPAWNS:
                return call
        return None

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

    def labels(self, spans: list[Any]) -> Names:
        """Name spans so that each is told apart from others of its name, those that are seen."""
        known = tuple(self.label(s) if isinstance(s, int) else s.name for s in spans[:NAMED])
        return known + self.names(spans[NAMED:])

    def by(self, node: ast.AST, of: type[Of]) -> list[Of]:
        """Give all of a kind that a node recorded, in order: spans, or what was entered."""
        file = self.code.file[node]
        on = [record for line in lines(node) for record in self._at.get((file, line), [])]
        return [r for r in on if isinstance(r, of) and self.node(r) in (None, node)]
