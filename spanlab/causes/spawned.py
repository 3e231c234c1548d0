"""Rules about tasks and threads: each begins with an empty stack."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.changed import Edits
from spanlab.causes.evidence import Begun, Place
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.causes.source import SPAWNS, called, owner_of
from spanlab.causes.way import wrappers
from spanlab.record import Record, SpanNew, TaskSpawned
from spanlab.syntax import block
from spanlab.view.words import quoted


class Lost(NamedTuple):
    """Tasks, or threads, that began with an empty stack although something was current.

    The first belongs to the event, each spawned by the next; `span` was current at the last.
    """

    case: Case
    begun: tuple[Begun, ...]
    span: int

    @classmethod
    def find(cls, case: Case) -> Lost | None:
        """Look from the outermost span of the event, if the event has lost its parent."""
        current, begun = case.facts.current, list[Begun]()
        at: Record | None = case.root
        if case.event.index not in case.facts.lost:
            return None
        while at is not None and (at := case.facts.begun(at)) is not None:
            begun.append(at)
            span = current[at.index]
            if span is not None:
                return cls(case, tuple(begun), span)
        return None

    @property
    def place(self) -> Place:
        """Where the spans stayed behind."""
        return self.begun[-1].file, self.begun[-1].line

    @property
    def calls(self) -> list[ast.Call | None]:
        """The calls that began the task of the event, that one's task, and so on."""
        nodes = [self.case.facts.node(begun) for begun in self.begun]
        return [
            node if isinstance(node, ast.Call) and called(node) in SPAWNS and node.args else None
            for node in nodes
        ]

    def found(self, cause: Cause, said: str, place: Place) -> Finding | None:
        """Give a finding whose fix is to take the span along, at each spawn."""
        changes = [remedy.carried_along(self.case.code, call) for call in self.calls if call]
        if len(changes) < len(self.begun):
            tree = self.case.under(self.span, self.begun[0].index)
            return told(self.case, cause, said, place, tree, None)
        return finding(self.case, cause, said, place, self.edits(None), *changes)

    def edits(self, last: Any) -> Edits:
        """Have each spawn carry what is current there, and the last one `last`."""
        carried: dict[ast.AST, Any] = dict.fromkeys(call for call in self.calls if call)
        carried |= {call: last for call in self.calls[-1:] if call}
        return Edits(carried=carried)


def captured_late(case: Case, node: ast.AST) -> Finding | None:
    """The current span was asked for where there was none, at `node`."""
    lost, place = Lost.find(case), case.place(node)
    function = getattr(case.code.enclosing(node), "name", "")
    where = f", in {quoted(function)}" if function else ""
    said = f"{case.said(place)} captures the current span where there is none{where}"
    return lost.found(Cause.CAPTURED_LATE, said, place) if lost else None


def spawned(case: Case) -> Finding | None:
    """The task, or the thread, began with an empty stack, as every one does."""
    lost = Lost.find(case)
    if lost is None:
        return None
    return _lazy(lost) or _thread(lost) or _bare(lost)


def handle(case: Case) -> Finding | None:
    """What was instrumented is the handle, so the waiting is in the span."""
    lost = Lost.find(case)
    call = lost.calls[0] if lost else None
    if lost is None or call is None or called(call) != "spawn":
        return None
    for wrapper in wrappers(case.code, call)[:1]:
        place = case.place(wrapper)
        span = owner_of(wrapper) if called(wrapper) == "instrument" else None
        made = case.code.maker(span)
        news = [new.span for new in (case.facts.news(made) if made else [])][-1:]
        said = (
            f"{case.said(place)} instruments the JoinHandle, "
            f"so the waiting is in the span and the task is not"
        )
        edits = Edits(carried={call: news[0] if news else None})
        change = remedy.inside_out(case.code, call, span, wrapper)
        return finding(case, Cause.HANDLE, said, place, edits, change)
    return None


def _lazy(lost: Lost) -> Finding | None:
    """The outermost span is that of the spawned function, made at the first poll."""
    case, root, first = lost.case, lost.case.root, lost.begun[0]
    function = case.facts.marked(root) if isinstance(root, SpanNew) else None
    if not isinstance(first, TaskSpawned) or not isinstance(root, SpanNew) or function is None:
        return None
    inner, place, at = block(function), (root.file, root.line), case.said(root)
    if first.name != getattr(inner or function, "name", None):
        return None
    if inner is None:
        said = (
            f"the attribute in {at} makes {quoted(root.name)} at the first poll and not in the "
            f"call, and that poll came on the empty stack of ThreadId({root.thread})"
        )
        return lost.found(Cause.MADE_LATE, said, place)
    said = (
        f"the attribute in {at} covers the future of {quoted(inner.name + '()')} and not the call, "
        f"so {quoted(root.name)} was made at the first poll, on the empty stack of "
        f"ThreadId({root.thread})"
    )
    given = lost.calls[0].args[0] if lost.calls[0] else None
    calls_it = isinstance(given, ast.Call) and case.code.find(given.func) is function
    if not calls_it or len(lost.begun) > 1:
        return lost.found(Cause.FUTURE_ONLY, said, place)
    edits, change = Edits(covering=frozenset([function])), remedy.carried_out(case.code, function)
    return finding(case, Cause.FUTURE_ONLY, said, place, edits, change)


def _thread(lost: Lost) -> Finding | None:
    """A thread of the blocking pool, or of its own, polls nothing and has an empty stack."""
    first, call = lost.begun[0], lost.calls[0]
    pool = isinstance(first, TaskSpawned)
    if pool and not (call is not None and called(call) == "spawn_blocking"):
        return None
    said = (
        f"{lost.case.said(first)} gives it a thread of {'the blocking pool' if pool else 'its own'}"
        f", and ThreadId({lost.case.root.thread}) begins with an empty stack"
    )
    return lost.found(Cause.EMPTY_THREAD, said, lost.place)


def _bare(lost: Lost) -> Finding | None:
    case, at = lost.case, lost.case.said(lost.place)
    said = (
        f"{at} spawns its task bare, so {case.label(lost.span)} "
        f"was not on the stack of ThreadId({case.root.thread})"
    )
    if len(lost.begun) > 1:
        said = f"{at} spawns bare, and {case.said(lost.begun[0])} does so again"
    return lost.found(Cause.SPAWNED_BARE, said, lost.place)
