"""One event, and what belongs to it, before anybody judges it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from spanlab.causes.evidence import DEEP, Evidence, Made, Place
from spanlab.causes.source import called
from spanlab.causes.way import hops
from spanlab.evidence.sites import file_name
from spanlab.record import Event, Record, SpanEntered
from spanlab.view.words import Names, quoted, visible

Where = Place | Record | ast.AST


class Case:
    """One event: who recorded it, and the way of that code from its making to its poll."""

    def __init__(self, facts: Evidence, event: Event) -> None:
        self.facts, self.event, self.code = facts, event, facts.code
        self.function, self.node = facts.function(event), facts.node(event)
        self.way = tuple(hop for hop, _ in hops(facts, event))
        self.given = [
            h for h, on in pairwise(self.way) if (h.kind, on.kind) == ("called", "spawned")
        ]
        self.scope = facts.trace.ancestors(event.parent)  # its spans, leaf to root
        self.now = facts.trace.scope(event)  # their names
        self.chain: list[Made] = [event, *self.scope[:DEEP]]
        self.root = [event, *self.scope][-1]  # the outermost span; the event if it is in none
        self.spawn = facts.begun(event)  # what began its task, or its thread
        self.before = self.spawn.index if self.spawn else event.index  # its future was made

    def entered(self, node: ast.AST) -> set[int]:
        """Give the spans that the event's task has entered at a node by then."""
        event, found = self.event, self.facts.by(node, SpanEntered)
        found = [e for e in found if e.index < event.index and e.task == event.task]
        return {e.span for e in found if e.task is not None or e.thread == event.thread}

    @property
    def onward(self) -> int:
        """The position on the way of the last wrapper that works: what is before it cannot."""
        scope, hops = {new.span for new in self.scope}, enumerate(self.way)
        wraps = [at for at, hop in hops if hop.kind == "wrapped" and scope & self.entered(hop.node)]
        return wraps[-1] if wraps else 0

    def label(self, span: int) -> str:
        """Name a span so that it is told apart from others of its name."""
        return quoted(self.facts.label(span))

    def under(self, span: int | None, since: int) -> Names:
        """Name the event's spans that are newer than a record, then a span with its parents."""
        own = tuple(new.name for new in self.scope if new.index > since)
        return own + self.facts.trace.names(span)

    def place(self, at: Where) -> Place:
        """Give file and line of a node, or of a record."""
        if isinstance(at, ast.AST):
            return self.code.place(at)
        return (at.file, at.line) if isinstance(at, Record) else at

    def guards(self, node: ast.AST | None) -> Iterator[tuple[ast.AST, ast.Call]]:
        """Find each `with span.enter():` or `in_scope` around a node, up to its function.

        Each is what it covers, and the call that enters.
        """
        for around in self.code.up(node) if node is not None else ():
            if isinstance(around, ast.Call) and called(around) == "in_scope":
                yield around, around
            for item in around.items if isinstance(around, ast.With) else ():
                guard = item.context_expr
                if isinstance(guard, ast.Call) and called(guard) in ("enter", "entered"):
                    yield around, guard

    def said(self, at: Where) -> str:
        """Write a place as a reader of the event's file would say it."""
        file, line = self.place(at)
        if not line:
            return "where, no record tells"
        return f"line {line}" + (f" of {visible(short(file))}" if file != self.event.file else "")


def short(file: str) -> str:
    """Name a file without its folders."""
    return file_name(file).replace("\\", "/").rpartition("/")[2]


def task_name(task: int | None) -> str:
    """Name what a thread polls."""
    return f"task {task}" if task else "the main future" if task == 0 else "code outside any task"
