"""Rules about what is on the stack: parents written down, and guards kept across an await."""

from __future__ import annotations

import ast

from spanlab.causes import remedy
from spanlab.causes.case import Case
from spanlab.causes.changed import Edits
from spanlab.causes.evidence import Made
from spanlab.causes.finding import Cause, Finding, finding, told
from spanlab.record import SpanEntered, SpanNew
from spanlab.replay import Pushed
from spanlab.view.words import quoted, task_name


def explicit(case: Case) -> Finding | None:
    """A parent was named, by the event or by one of its spans, and there would be another."""
    named = (_named(case, record) for record in case.chain if case.facts.is_explicit(record))
    return next(filter(None, named), None)


def _named(case: Case, record: Made) -> Finding | None:
    current, place, node = case.facts.current[record.index], (record.file, record.line), None
    given = _parent(case, record)
    if given is not None and record.parent is None and ast.unparse(given.value) != "None":
        said = f"{case.said(place)} names a parent that is disabled, and that makes a root"
        expected = case.now if current is None else case.under(current, record.index - 1)
        change = remedy.or_current(case.code, given.value)
        return told(case, Cause.DISABLED, said, place, expected, change)
    node = case.facts.node(record)
    if current is None or given is None or not isinstance(node, ast.Call):
        return None
    edits = Edits(rooted=frozenset([node]))
    change = remedy.without_parent(case.code, node)
    return finding(case, Cause.EXPLICIT, _names(case, record), place, edits, change)


def _names(case: Case, record: Made) -> str:
    of = f" of {quoted(record.name)}" if isinstance(record, SpanNew) else ""
    names = f"names the parent{of}" if record.parent is not None else f"asks for no parent{of}"
    return f"{case.said(record)} {names}, and what is on the stack does not matter"


def _parent(case: Case, record: Made) -> ast.keyword | None:
    """Find `parent=…` in what made a record."""
    node = case.facts.node(record)
    given = node.keywords if isinstance(node, ast.Call) else []
    return next((keyword for keyword in given if keyword.arg == "parent"), None)


def a_root(case: Case) -> Finding | None:
    """A parent was named, and nothing else would give another."""
    for record in case.chain:
        if case.facts.is_explicit(record) and record.parent != case.facts.current[record.index]:
            expected = case.under(case.facts.current[record.index], record.index - 1)
        elif case.facts.is_explicit(record) and record.parent is None:
            expected = case.now
        else:
            continue
        place = record.file, record.line
        return told(case, Cause.EXPLICIT, _names(case, record), place, expected)
    return None


def kept(case: Case) -> Finding | None:
    """A guard stayed on a thread while its code did not run: of another task, or its own."""
    facts, others, left = case.facts, dict[SpanEntered, Made](), list[SpanEntered]()
    for record in case.chain:
        stack = facts.stacks[record.index]
        others |= {entry.by: record for entry in stack if facts.is_foreign(record, entry)}
        left += [by for by, _ in facts.own_guards(record) if by.thread != record.thread]
    guilty = [*others, *left]
    if not guilty:
        return None
    top = _top(case, case.event)
    over = [by for by in others if by.span in [new.span for new in case.scope]]
    by = top.by if top and top.by in others else [*over, *left, *others][-1]
    said = _foreign(case, by, others[by]) if by in others else _left(case, by)
    cause = Cause.FOREIGN_GUARD if by in others else Cause.GUARD_LEFT
    edits = Edits(unguarded=frozenset(facts.spot(by) for by in guilty))
    nodes = dict.fromkeys(facts.node(by) for by in guilty)
    changes = [remedy.instrumented(case.code, node) for node in nodes]
    return finding(case, cause, said, (by.file, by.line), edits, *changes)


def _foreign(case: Case, by: SpanEntered, record: Made) -> str:
    guard = f"the guard of {case.label(by.span)} ({case.said(by)})"
    if by.task != record.task or by.task is None:
        return (
            f"{task_name(by.task)} kept {guard} across an await, "
            f"so {task_name(record.task)} was polled under it on ThreadId({by.thread})"
        )
    node = case.facts.node(by)
    function = case.code.enclosing(node) if node else None
    where = quoted(getattr(function, "name", "another function"))
    if isinstance(function, ast.AsyncFunctionDef):
        how = "across a yield" if case.code.is_stream(function) else "while it waited"
        return f"{where} kept {guard} {how}, and what the same task runs meanwhile is under it"
    return f"{guard} has left {where}, where it was made, and is still entered"


def _left(case: Case, by: SpanEntered) -> str:
    return (
        f"the guard of {case.label(by.span)} stayed on "
        f"ThreadId({by.thread}) when {task_name(case.event.task)} was suspended, "
        f"and ThreadId({case.event.thread}) went on without it"
    )


def _top(case: Case, record: Made) -> Pushed | None:
    live = [entry for entry in case.facts.stacks[record.index] if not entry.duplicate]
    return live[-1] if live else None


def as_expected(case: Case) -> Finding:
    """Nothing was lost: say what put the parent on the stack."""
    top, stack, label = _top(case, case.event), case.facts.stacks[case.event.index], case.label
    cause, place = Cause.EXPECTED, (top.by.file, top.by.line) if top else None
    if top is not None and case.facts.current[case.event.index] is None:
        cause, said = Cause.GUARD_LEFT, (
            f"{label(top.by.span)} has closed and was never exited on "
            f"ThreadId({case.event.thread}), and a closed span on top hides all that is below it"
        )  # fmt: skip
    elif case.event.parent is None:
        place, said = None, "no span was entered around it, here or where its code was called"
    elif top is None or not top.by.line:
        said = f"{label(case.event.parent)} came with the context, which is copied where a task is"
        place, said = None, f"{said} made"
    else:
        said = f"{case.said(top.by)} put {label(case.event.parent)} on top of the stack"
        said += f" of ThreadId({top.by.thread})"
    if stack and stack[-1].duplicate:
        again = label(stack[-1].by.span)
        said += f"; {again} was entered once more, and a second entry is never current"
    return Finding(cause, said, place, case.now, case.now)
