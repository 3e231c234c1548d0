"""What is known of one run: who logged each line, in which task, and who entered its spans.

All of it comes from the records and from the places in the source that they name.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from spanlab.evidence.replay import Stacks
from spanlab.record import Event, FutureWrapped, PollEnded, SpanEntered, SpanExited, TaskSpawned
from spanlab.traces import Trace
from spanlab.view.words import message

Def = ast.FunctionDef | ast.AsyncFunctionDef
Path = tuple[str, ...]  # names of spans, from the root to the leaf


class Facts:
    """The facts of one run; `events` has the events of each message."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.sources = trace, trace.sources
        self.events: defaultdict[str, list[Event]] = defaultdict(list)
        self.under: dict[int, list[SpanEntered]] = {}  # by the index of an event: its stack
        self.held: list[SpanEntered] = []  # guards under which a poll ended and its task waits
        self.waited: set[int] = set()  # events whose task has waited before, for no other task
        waits, stacks = set[int | None](), Stacks()
        for record in trace.records:
            entered = [pushed.by for pushed in stacks.pushed(record.thread)]
            match record:
                case Event():
                    self.events[message(record)].append(record)
                    self.under[record.index] = entered
                    self.waited |= {record.index} if record.task in waits else set()
                case PollEnded(ready=False, task=task, awaits=other):
                    waits |= {task} if other is None else set()
                    self.held += [e for e in entered if self.is_guard(e) and e.task == task]
            stacks.replay(record)

    def ran(self) -> list[Event | TaskSpawned]:
        """Give what shows that a function ran: what it logged, and what it spawned."""
        return [*self.trace.events, *self.trace.tasks.values()]

    def path(self, event: Event) -> Path:
        """Name the spans of an event, from the root to the leaf."""
        return Trace.names(self.trace, event.parent)[::-1]

    @staticmethod
    def is_guard(entered: SpanEntered) -> bool:
        """Tell a guard from the poll of a future, and from a context that was copied."""
        return entered.future is None and entered.line > 0

    def guards(self) -> list[SpanEntered]:
        """Give the guards that live across an `await`: by what happened, or by the source."""
        entered = [e for e in self.trace.of(SpanEntered) if self.is_guard(e)]
        return [e for e in entered if e in self.held or _awaits(self._with(e))]

    def _with(self, entered: SpanEntered) -> ast.With | None:
        """Find the `with` block that a guard was made for."""
        found = None
        for node in ast.walk(_tree(self.sources.get(entered.file, ""))):
            if isinstance(node, ast.With):
                asked = [item.context_expr for item in node.items]
                if any(_is_at(expression, entered.line) for expression in asked):
                    found = node
        return found

    def defs(self, index: int) -> Iterator[Def]:
        """Give the functions behind a record, from the inside out, with those around them."""
        for site in self.trace.seen(index).sites:
            yield from _around(self.sources.get(site.file, ""), site.line)

    def spawner(self, index: int) -> list[Def]:
        """Give the function that made a task or a thread, with those around it in the source."""
        site = self.trace.seen(index).sites[0]
        return _around(self.sources.get(site.file, ""), site.line)

    def awaits(self, event: Event, called: str) -> bool:
        """Tell whether what logs an event is awaited as a call of a function, or by its name."""
        for site in self.trace.seen(event.index).sites[1:]:
            for function in _around(self.sources.get(site.file, ""), site.line):
                nodes = list(ast.walk(function))
                given = [n for n in nodes if isinstance(n, ast.Assign) and _has(n.value, called)]
                names = {ast.unparse(target) for node in given for target in node.targets}
                awaited = [n for n in nodes if isinstance(n, ast.Await) and _is_at(n, site.line)]
                if any(_has(n, called) or ast.unparse(n.value) in names for n in awaited):
                    return True
        return False

    def attribute(self, span: int) -> str:
        """Name the function whose `@instrument` made a span; empty if it was made otherwise."""
        new = self.trace.spans[span]
        sites = self.trace.seen(new.index).sites
        if len(sites) < 2 or not sites[1].file.startswith("_Attribute"):
            return ""
        defs = ast.walk(_tree(self.sources.get(new.file, "")))
        marked = ((d, [e.lineno for e in d.decorator_list]) for d in defs if isinstance(d, Def))
        return next((d.name for d, lines in marked if new.line in lines), "?")

    def carried(self, event: Event) -> list[str]:
        """Name the spans that the future of an event's task carries: what was given to spawn."""
        task = self.trace.tasks.get(event.task or 0)
        future, found = task.future if task else None, []
        before = (w for w in self.trace.of(FutureWrapped) if task and w.index < task.index)
        around = {wrapped.future: wrapped for wrapped in before}
        while (wrapped := around.get(-1 if future is None else future)) is not None:
            found.append(self.trace.spans[wrapped.span].name)
            future = wrapped.inner
        return found

    def by_hand(self) -> list[FutureWrapped]:
        """Give the wraps that no attribute made: `.instrument` and `in_current_span`."""
        wraps, spans = self.trace.of(FutureWrapped), self.trace.spans
        return [
            w for w in wraps if w.index != spans[w.span].index + 1 or not self.attribute(w.span)
        ]

    def words(self, event: Event) -> set[str]:
        """Say in single words how an event came about; replies are chosen by them."""
        task, under = self.trace.tasks.get(event.task or 0), self.under[event.index]
        others = [e for es in self.events.values() for e in es if message(e) != message(event)]
        root = next(iter(Trace.ancestors(self.trace, event.parent)[::-1]), None)
        called = [e for e in self.trace.of(SpanEntered) if self.is_guard(e)]
        spawner = task and (task.task, task.thread)
        before = [
            e for e in called if task and e.index < task.index and (e.task, e.thread) == spawner
        ]
        exits = [x for x in self.trace.of(SpanExited) if task and x.index < task.index]
        is_own = task is None or "blocking" in task.to
        holds = {
            "task": not is_own,  # a spawned task polls it
            "call": task is None and event.thread == 1,  # it is part of what `main` runs
            "thread": is_own and event.thread != 1,  # a function on a thread of its own
            "bare": task is not None and not self.carried(event),  # what was spawned has no span
            "carried": bool(self.carried(event)),
            "leaked": any(e.task != event.task for e in under),  # another's guard is on the stack
            "born": root is not None and root.task == event.task and not is_own,
            "reused": event.parent in {other.parent for other in others},
            "guarded": any(  # the spawner logged under a guard, before the spawn
                self.is_guard(e)
                for other in others
                if task and other.index < task.index and (other.task, other.thread) == spawner
                for e in self.under[other.index]
            ),
            "guarding": len(before) > sum(x.span in {e.span for e in before} for x in exits),
            "inside": not is_own and self.awaits(event, "in_current_span"),
            "wrapped": bool(self.by_hand()),
            "handle": any(w.inner is None and not w.name for w in self.by_hand()),
            "attribute": any(self.attribute(e.span) for e in called),  # one covers a call
            "held": bool(self.held),
            "spawned": bool(self.trace.tasks),
        }
        return {word for word, is_so in holds.items() if is_so}

    def difference(self, event: Event, wanted: Path) -> str:
        """Say in what the spans of an event differ from those wanted, and how that came about."""
        got, words = self.path(event), self.words(event)
        extra = [name for at, name in enumerate(got) if name not in wanted or name in got[:at]]
        if not got and "bare" in words:
            return "the runtime polls its task with an empty stack, and the task carries no span."
        if not got:
            on = "its thread" if "thread" in words else "the stack"
            return f"nothing is entered on {on} when it is logged."
        if extra:
            return self._extra(event, extra[0])
        if got == wanted[: len(got)]:
            return f"`{wanted[len(got)]}` is not entered when it is logged."
        if got == wanted[-len(got) :]:
            where = "made in its task" if "born" in words else "made"
            return f"`{got[0]}` has no parent. Nothing was current when it was {where}."
        missing = [name for name in wanted if name not in got]
        if not missing:
            return f"the order is not that which is asked for: `{got[0]}` is the outermost."
        return f"`{missing[0]}` is missing between them."

    def _extra(self, event: Event, name: str) -> str:
        """Say who brought in a span that should not be there."""
        spans = self.trace.spans
        entry = next((e for e in self.under[event.index] if spans[e.span].name == name), None)
        if entry is None:
            return f"`{name}` should not be there. It was current where one of the others was made."
        if entry.future is not None:
            return f"`{name}` should not be there. A future that carries it is polled meanwhile."
        if entry.task != event.task:
            return f"`{name}` should not be there. A guard of another task holds it meanwhile."
        return f"`{name}` should not be there. It is entered by a guard when this is logged."


@cache
def _tree(source: str) -> ast.Module:
    """Read the source of a file; what cannot be read has no functions."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])


def _is_at(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or 0)


def _has(node: ast.AST, called: str) -> bool:
    return f"{called}(" in ast.unparse(node)


@cache
def _around(source: str, line: int) -> list[Def]:
    """Find the functions that a line of a source is in, from the inside out."""
    defs = [node for node in ast.walk(_tree(source)) if isinstance(node, Def)]
    return [function for function in defs if _is_at(function, line)][::-1]


def _awaits(block: ast.AST | None) -> bool:
    """Tell whether there is an `await` in a block, and not only in a function inside it."""
    if block is None or isinstance(block, Def | ast.Lambda):
        return False
    inside = ast.iter_child_nodes(block)
    return isinstance(block, ast.Await) or any(_awaits(node) for node in inside)


def said_by(function: Def) -> set[str]:
    """List the messages that a function logs, as far as they are written out."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    said = [call.args[0] for call in calls if ast.unparse(call.func) == "info" and call.args]
    return {str(one.value) for one in said if isinstance(one, ast.Constant)}
