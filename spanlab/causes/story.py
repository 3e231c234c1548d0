"""The story of one event: where its future was made, who polled it, what was on the stack."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from spanlab.causes.case import Case, task_name
from spanlab.causes.evidence import Place
from spanlab.causes.finding import Cause, Finding
from spanlab.causes.source import GUARDS, called
from spanlab.causes.way import Hop
from spanlab.record import PollStarted, SpanEntered, TaskFinished
from spanlab.view.words import listed, message, panic, quoted

WRAPPED = "The future is wrapped, to enter a span for each poll"
ON_THE_STACK = (Cause.EXPECTED, Cause.FOREIGN_GUARD)  # what was pushed decides
LATE = (Cause.DROPPED, Cause.STALE)  # it comes after the poll has begun
IN_VAIN = (Cause.DISABLED, Cause.CAPTURED_LATE)  # it does not


class Step(NamedTuple):
    """One step of the story, with its line of code if it has one; the guilty one is `key`."""

    text: str
    file: str = ""
    line: int = 0
    source: str = ""
    key: bool = False
    rust: tuple[str, int] = ("", 0)  # the twin of the line, and its number


def steps(case: Case, found: Finding) -> Iterator[Step]:
    """Tell the story in order, and mark the line that decides; what is not in it yet is added."""
    making, running = list(_making(case)), list(_running(case))
    if found.place is not None and found.place not in [step[1:3] for step in making + running]:
        where, at = (running, -1) if found.cause in LATE else (making, 0)
        where.insert(at, _step(case, found.said[0].upper() + found.said[1:], found.place))
    here = [step for step in making if step[1:3] == found.place]
    wrapped = [step for step in here if step.text == WRAPPED and found.cause in IN_VAIN]
    key = (wrapped or here)[-1:]
    if found.cause in ON_THE_STACK or not here:
        on = [step for step in running if step[1:3] == found.place]
        key = on[-1:] if found.cause in ON_THE_STACK else on[:1]
    told = [*making, *running, *_panic(case)]
    yield from (step._replace(key=any(step is one for one in key)) for step in told)


def _step(case: Case, text: str, place: Place = ("", 0)) -> Step:
    return Step(text, *place, case.code.line(*place).strip())


def _making(case: Case) -> Iterator[Step]:
    """Say what became of the future, the outer first; what a function is given was made before."""
    parts, told, outside = [list[Hop]()], list[Hop](), case.code.enclosing
    if case.spawn is not None and not (case.way and case.way[-1].kind == "spawned"):
        yield _step(case, _begins(case), (case.spawn.file, case.spawn.line))
    for hop in [hop for hop in case.way if hop not in case.given]:
        parts[-1].append(hop)
        if hop.kind in ("awaited", "called"):
            parts.append([])
    for *making, end in filter(None, reversed(parts)):
        came = outside(making[-1].node) if making else None
        around = [at for at, hop in enumerate(told) if outside(hop.node) is came]
        at = around[0] if around and came is not outside(end.node) else len(told)
        told[at:at] = making
        told.append(end)
    yield from (_hop(case, hop) for hop in told)


def _hop(case: Case, hop: Hop) -> Step:
    function, text = case.code.enclosing(hop.node), case.code.text(hop.node)
    code = quoted(" ".join(text.split()))
    around, when = quoted(getattr(function, "name", "")), "which runs at once"
    if function is None:
        around = "this line"
    elif isinstance(function, ast.Lambda):
        around, when = "the closure", "on the thread that runs it" if case.given else when
    says = {
        "called": f"{around} calls {code}, {when}",
        "made": f"{around} makes the future {code}; nothing of it has run yet",
        "wrapped": WRAPPED,
        "returned": f"{around} gets the future from {code}",
        "awaited": f"{around} awaits it, so it is polled inside the polls of {around}",
        "spawned": _begins(case),
    }
    text = says[hop.kind]
    return _step(case, text[0].upper() + text[1:], case.place(hop.node))


def _begins(case: Case) -> str:
    if case.spawn is None:
        return "It is given away here"
    current = case.facts.current[case.spawn.index]
    name = "nothing" if current is None else quoted(case.facts.spans[current].name)
    by, task = task_name(case.spawn.task).capitalize(), case.event.task
    what = f"spawns it as task {task}" if task else "gives it a new thread"
    return f"{by} {what}, while {name} is current"


def _running(case: Case) -> Iterator[Step]:
    """Say who polled it, and what was on the stack."""
    event, facts, thread = case.event, case.facts, f"ThreadId({case.event.thread})"
    polls = [p.index for p in facts.trace.of(PollStarted) if p.task == event.task]
    poll, to = bisect_left(polls, event.index), getattr(case.spawn, "to", "")
    if "blocking" in to:
        yield _step(case, f"A thread of the blocking pool, {thread}, runs it (task {event.task})")
    elif event.task is not None:
        dropped = facts.drops_task(event)
        again = f", poll {poll} of it" if poll > 1 and not dropped else ""
        who, does = "local set" if "local" in to else "runtime", "drops" if dropped else "polls"
        yield _step(case, f"The {who} {does} {task_name(event.task)} on {thread}{again}")
    for new in reversed(case.scope):
        if new.task == event.task and (new.index > case.before or not case.spawn):
            under = listed(facts.names([new.parent] if new.parent in facts.spans else []))
            made = bisect_left(polls, new.index)
            when = f" in poll {made}" if made < poll else ""
            text = f"{quoted(new.name)} is made on ThreadId({new.thread}){when}, under {under}"
            yield _step(case, text, (new.file, new.line))
    for entry in facts.stack(event):
        who = "" if entry.by.task == event.task else f" of {task_name(entry.by.task)}"
        again = ", once more: a duplicate is never current" if entry.duplicate else ""
        name, how = quoted(facts.spans[entry.by.span].name), _pusher(case, entry.by)
        text = f"On its stack: {name}, pushed by {how}{who}{again}"
        yield _step(case, text, (entry.by.file, entry.by.line))
    if not facts.stack(event):
        yield _step(case, f"The stack of {thread} is empty")
    yield _step(case, f"{quoted(message(event))} is recorded", (event.file, event.line))


def _panic(case: Case) -> Iterator[Step]:
    """Say how the task of the event ended, if that was a panic."""
    for end in case.facts.trace.of(TaskFinished):
        if (end.finished, end.outcome) == (case.event.task, "panicked"):
            text = f"{task_name(end.finished).capitalize()} panicked in the end{panic(end)}"
            yield _step(case, text, (end.file, end.line))


def _pusher(case: Case, by: SpanEntered) -> str:
    if not by.line:
        in_context = case.facts.in_context(by)
        return "the loop, from the context" if in_context else "what no record tells"
    if case.facts.marked(by):
        return "the attribute"
    return "the guard" if called(case.facts.node(by)) in GUARDS else "the wrapper"
