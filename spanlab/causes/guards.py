"""Rules about what is on the stack: parents written down, and guards kept across an await."""

from __future__ import annotations

import ast

from spanlab.causes import remedy
from spanlab.causes.evidence import Case, Made, Place
from spanlab.causes.finding import Cause, Finding, finding
from spanlab.causes.remedy import Change
from spanlab.record import Event, SpanNew
from spanlab.replay import Pushed
from spanlab.stack import top
from spanlab.view.words import Names, quoted, task_name


def explicit(case: Case) -> Finding | None:
    """A parent was named, by the event or by one of its spans."""
    for record in case.chain:
        current = record.current if isinstance(record, Event) else case.facts.current[record.index]
        if record.parent != current:
            return _named(case, record)
    return None


def _named(case: Case, record: Made) -> Finding:
    current, place = case.facts.current[record.index], (record.file, record.line)
    given = _parent(case, place)
    expected = case.now if current is None else case.under(current, record.index - 1)
    if given is not None and record.parent is None and ast.unparse(given[1]) != "None":
        said = f"{case.said(place)} names a parent that is disabled, and that makes a root"
        change: Change | None = remedy.or_current(case.code, given[1])
        return finding(case, Cause.DISABLED, said, place, expected, change)
    whose = "its parent"
    if isinstance(record, SpanNew):
        whose = f"the parent of {quoted(record.name)}"
    names = f"names {whose}" if record.parent is not None else f"asks for no parent{_of(record)}"
    said = f"{case.said(place)} {names}, and what is on the stack does not matter"
    change = remedy.without_parent(case.code, given[0]) if given and current is not None else None
    return finding(case, Cause.EXPLICIT, said, place, expected, change)


def _of(record: Made) -> str:
    return f" of {quoted(record.name)}" if isinstance(record, SpanNew) else ""


def _parent(case: Case, place: Place) -> tuple[ast.Call, ast.expr] | None:
    """Find `parent=…` on a line: the call, and what is given."""
    for node in case.code.on(*place):
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if keyword.arg == "parent":
                return node, keyword.value  # type: ignore[return-value]
    return None


def foreign(case: Case) -> Finding | None:
    """The current span was pushed by another task, which was suspended with its guard."""
    under = [record for record in case.chain if _is_foreign(case, record)]
    if not under:
        return None
    by = _top(case, under[0]).by  # type: ignore[union-attr]
    said = (
        f"{task_name(by.task)} kept the guard of {quoted(case.facts.spans[by.span].name)} "
        f"({case.said((by.file, by.line))}) across an await, "
        f"so {task_name(under[0].task)} was polled under it on ThreadId({by.thread})"
    )
    guilty = [entry.by for record in case.chain for entry in _foreigners(case, record)]
    places = dict.fromkeys((entered.file, entered.line) for entered in guilty)
    changes = [_without_guard(case, place) for place in places]
    place, own = (by.file, by.line), _own(case, case.event)
    return finding(case, Cause.FOREIGN_GUARD, said, place, own, *changes)


def _is_foreign(case: Case, record: Made) -> bool:
    top = _top(case, record)
    if top is None or record.parent != case.facts.current[record.index]:
        return False
    return top in _foreigners(case, record)


def _top(case: Case, record: Made) -> Pushed | None:
    live = [entry for entry in case.facts.stacks[record.index] if not entry.duplicate]
    return live[-1] if live else None


def _foreigners(case: Case, record: Made) -> list[Pushed]:
    """Find what other tasks left on the stack."""
    stack = case.facts.stacks[record.index] if record.task is not None else ()
    return [entry for entry in stack if entry.by.task not in (record.task, None)]


def _own(case: Case, record: Made) -> Names:
    """Name the spans that a record would be in without the guards of other tasks."""
    parent = record.parent
    if parent == case.facts.current[record.index]:
        others, stack = _foreigners(case, record), case.facts.stacks[record.index]
        spans = [entry.by.span for entry in stack if entry not in others]
        parent = top(spans)
    if parent is None:
        return ()
    return (case.facts.spans[parent].name, *_own(case, case.facts.spans[parent]))


def _without_guard(case: Case, place: Place) -> Change | None:
    for node in case.code.on(*place):
        for item in node.items if isinstance(node, ast.With) else ():
            if isinstance(item.context_expr, ast.Call) and item.context_expr.lineno == place[1]:
                return remedy.instrumented(case.code, node, item.context_expr)
    return None


def left(case: Case) -> Finding | None:
    """A guard around this code was left on the thread where its task was suspended."""
    facts, event = case.facts, case.event
    here = {entry.by.span for entry in facts.stacks[event.index]}
    nodes = [case.node, *(hop.node for hop in case.way if hop.kind in ("awaited", "called"))]
    for around, guard in (found for node in nodes for found in case.guards(node)):
        entries = [e for e in facts.enters(guard) if e.index < event.index and e.task == event.task]
        if not entries or entries[-1].span in here or entries[-1].thread == event.thread:
            continue
        entered = entries[-1]
        if any(entered.index < exited.index < event.index for exited in facts.exits[entered.span]):
            continue
        said = (
            f"the guard of {quoted(facts.spans[entered.span].name)} stayed on "
            f"ThreadId({entered.thread}) when {task_name(event.task)} was suspended, "
            f"and ThreadId({event.thread}) went on without it"
        )
        expected = case.under(entered.span, entered.index)
        change = remedy.instrumented(case.code, around, guard)
        return finding(case, Cause.GUARD_LEFT, said, case.place(guard), expected, change)
    return None


def as_expected(case: Case) -> Finding:
    """Nothing was lost: say what put the parent on the stack."""
    top, stack = _top(case, case.event), case.facts.stacks[case.event.index]
    if top is not None and case.facts.current[case.event.index] is None:
        closed = quoted(case.facts.spans[top.by.span].name)
        said = (
            f"{closed} has closed and was never exited on ThreadId({case.event.thread}), "
            f"and a closed span on top hides all that is below it"
        )
        place = top.by.file, top.by.line
        return Finding(Cause.GUARD_LEFT, said, place, case.now, case.now)
    if case.now and (top is None or not top.by.line):
        said = f"{quoted(case.now[0])} came with the context, which is copied where a task is made"
        return Finding(Cause.EXPECTED, said, None, case.now, case.now)
    if top is None or not case.now:
        said = "no span was entered around it, here or where its code was called"
        return Finding(Cause.EXPECTED, said, None, case.now, case.now)
    place = top.by.file, top.by.line
    thread = f"ThreadId({top.by.thread})"
    said = f"{case.said(place)} put {quoted(case.now[0])} on top of the stack of {thread}"
    if stack[-1].duplicate:
        again = quoted(case.facts.spans[stack[-1].by.span].name)
        said += f"; {again} was entered once more, and a second entry is never current"
    return Finding(Cause.EXPECTED, said, place, case.now, case.now)
