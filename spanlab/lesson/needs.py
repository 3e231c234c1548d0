"""What an exercise needs beside the right spans: each need looks at what happened in the run.

A text of an exercise names its needs as keys; `NEEDS` has the function of each. What is not met
is said in one sentence that is true of this run.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

from spanlab.lesson.facts import Def, Facts, said_by
from spanlab.record import Event
from spanlab.view.words import visible

Asked = Mapping[str, Any]
CONTEXT = (
    "asyncio's context gave the tasks their spans. On the stack of a thread they have none of "
    "them: run it on `CurrentThread()`."
)
GUARDS = "Guards alone are asked for, without `.instrument` and `in_current_span`."
TIMES = {2: "twice", 3: "three times"}
NUMBERS = {1: "exactly one", 2: "two", 3: "three", 4: "four"}


def unmet(facts: Facts, asked: Asked) -> list[str]:
    """Give a sentence for each need of an exercise that a run does not meet."""
    said = [*start(facts, asked), *given(facts, asked), *once(facts, asked)]
    if not list(once(facts, asked)):
        said += named(facts, asked)
        said += [each for need in NEEDS if need in asked for each in NEEDS[need](facts, asked)]
    return [f"{each[0].upper()}{each[1:]}" for each in said]


def _lines(facts: Facts, asked: Asked) -> Iterator[tuple[str, Event]]:
    for line in asked["answer"]:
        for event in facts.events[line]:
            yield line, event


def once(facts: Facts, asked: Asked) -> Iterator[str]:
    """No line is logged again with other spans."""
    for line, wanted in asked["answer"].items():
        if found := repeated(facts, line, wanted):
            times = TIMES.get(len(found), "many times")
            yield f"`{line}` is logged {times}: in {', '.join(found)}."


def repeated(facts: Facts, line: str, wanted: str) -> list[str]:
    """Give the spans of each time a line was logged, if there are more and some are not wanted."""
    found = [" › ".join(facts.path(event)) or "no span" for event in facts.events[line]]
    return found if len(found) > 1 and set(found) != {wanted} else []


def named(facts: Facts, asked: Asked) -> Iterator[str]:
    """No parent is named, and every entry is that of a guard or of a poll."""
    for line, event in _lines(facts, asked):
        if event.explicit:
            yield f"`{line}` names its parent with `parent=`. Its span has to be entered."
        for span in facts.trace.ancestors(event.parent):
            if span.explicit:
                yield f"the span `{span.name}` names its parent with `parent=`, and no span may."
    copied = [e for under in facts.under.values() for e in under if not e.line]
    if copied:
        yield CONTEXT


def given(facts: Facts, asked: Asked) -> Iterator[str]:
    """What the lesson gives is run, and unchanged."""
    defs = {node.name: node for node in _defs(asked.get("given", ""))}
    ran = {record.index: list(facts.defs(record.index)) for record in facts.ran()}
    seen = {ast.dump(node) for found in ran.values() for node in found}
    names = {node.name for found in ran.values() for node in found}
    for name, node in defs.items():
        if ast.dump(node) not in seen:
            what = "was changed. It stays as it was" if name in names else "is not called"
            yield f"`{name}` {what}."
        for line in sorted(said_by(node)):
            for event in facts.events[line]:
                by = ran[event.index]
                if ast.dump(node) in seen and ast.dump(node) not in map(ast.dump, by):
                    who = f"`{by[0].name}`" if by else "a cell"
                    yield f"`{line}` is logged by {who}, and `{name}` has to log it."


def order(facts: Facts, asked: Asked) -> Iterator[str]:
    """The lines come in the order of the text."""
    first = [facts.events[line][0].index for line in asked["answer"] if facts.events[line]]
    if first != sorted(first):
        yield f"the lines come in another order than {', '.join(asked['answer'])}."


def spans(facts: Facts, asked: Asked) -> Iterator[str]:
    """So many spans of each name, and no others where `others` is false."""
    made = Counter(span.name for span in facts.trace.spans.values())
    for name, wanted in asked["spans"].items():
        if made[name] > wanted:
            many, few = (NUMBERS.get(each, each) for each in (made[name], wanted))
            yield f"another span `{name}` was made: there are {many}, and {few} will do."
    others = sorted(made.keys() - asked["spans"].keys())
    if others and not asked.get("others", True):
        yield f"the span `{visible(others[0])}` is a new one, and no other span may be made."


def tasks(facts: Facts, asked: Asked) -> Iterator[str]:
    """Lines of other numbers are in other spawned tasks; of 0 in none of these, of -1 in none."""
    numbers, where = asked["tasks"], dict[str, int]()
    for line, event in _lines(facts, asked):
        where[line] = event.task or 0
        if numbers.get(line, 0) > 0 and not event.task:
            yield f"`{line}` is logged in no spawned task: what logs it was not given to `spawn`."
        if numbers.get(line) == -1 and event.task:
            yield f"`{line}` is logged in a spawned task, and no task may poll it."
    mine = sorted(numbers.keys() & where.keys(), key=lambda line: (-numbers[line], line))
    for line, other in combinations(mine, 2):
        if where[line] and where[line] == where[other] and numbers[line] != numbers[other]:
            yield f"`{line}` and `{other}` are in one task, and one of them has to be outside."


def threads(facts: Facts, asked: Asked) -> Iterator[str]:
    """Each of these lines is on a thread of its own, and none on the first."""
    taken: dict[int, str] = {}
    for line in asked["threads"]:
        for event in facts.events[line]:
            other = "main" if event.thread == 1 else taken.get(event.thread, line)
            if event.thread == 1:
                yield f"`{line}` is logged on the main thread. It needs another one."
            elif other != line:
                yield f"`{line}` is on the thread of `{other}`: no other thread was started for it."
            taken[event.thread] = line


def through(facts: Facts, asked: Asked) -> Iterator[str]:
    """A line is logged while this function awaits or calls what logs it."""
    for line, name in asked["through"].items():
        for event in facts.events[line]:
            if name not in {node.name for node in facts.defs(event.index)}:
                by = ": a task polls it" if event.task else ""
                yield f"`{line}` is logged outside `{name}`{by}."


def spawner(facts: Facts, asked: Asked) -> Iterator[str]:
    """The task of a line, or its own thread, is spawned in this function."""
    for line, name in asked["spawner"].items():
        for event in facts.events[line]:
            task = facts.trace.tasks.get(event.task or 0)
            made = task or facts.trace.threads[event.thread]
            if made.file and name not in {node.name for node in facts.spawner(made.index)}:
                what = "task" if task else "thread"
                yield f"the {what} of `{line}` is not spawned by `{name}`."


def attribute(facts: Facts, asked: Asked) -> Iterator[str]:
    """A span is made by the `@instrument` on the function that logs a line, or on a named one."""
    for name, where in asked["attribute"].items():
        logs = {node.name for event in facts.events[where] for node in facts.defs(event.index)}
        what = f"the function that logs `{where}`" if logs else "an `async def`"
        for span in facts.trace.spans.values():
            on = facts.attribute(span.span)
            if span.name == name and on not in (logs or {on} - {""}):
                by = f"the `@instrument` of `{on}`" if on else "hand"
                yield f"the span `{name}` is made by {by}. The `@instrument` on {what} makes it."


def entered(facts: Facts, asked: Asked) -> Iterator[str]:
    """A span is entered by guards alone, or by the polls of a future that carries it."""
    for name, how in asked["entered"].items():
        for line, event in _lines(facts, asked):
            mine = [e for e in facts.under[event.index] if facts.trace.spans[e.span].name == name]
            if how == "guard" and any(facts.attribute(e.span) for e in mine):
                yield f"`{name}` is made by `@instrument`. Make it by hand, with `info_span`."
            elif how == "guard" and any(e.future is not None for e in mine):
                yield f"`{name}` is entered at `{line}` by a future that was wrapped. {GUARDS}"
            if (
                how == "poll"
                and asked["tasks"].get(line)
                and mine
                and all(e.future is None for e in mine)
            ):
                yield f"`{name}` is entered at `{line}` by a guard. The future has to carry it."


def around(facts: Facts, asked: Asked) -> Iterator[str]:
    """What logs a line is awaited through a call of this function."""
    for line, name in asked["around"].items():
        for event in facts.events[line]:
            if not facts.awaits(event, name):
                yield f"`{line}` is not awaited through `{name}(…)`, inside the future."


def wraps(facts: Facts, asked: Asked) -> Iterator[str]:
    """So many futures are given a span by hand."""
    number = len(facts.by_hand())
    if number > asked["wraps"]:
        many, few = (NUMBERS.get(each, each) for each in (number, asked["wraps"]))
        yield f"{many} futures are given a span by hand, and {few} is asked for."


def start(facts: Facts, asked: Asked) -> Iterator[str]:
    """What the reader is to change has changed."""
    if is_start(facts, asked):
        names = [f"`{node.name}`" for node in _defs(asked["start"])]
        yield f"{' and '.join(names)} ran as the lesson gives it: nothing was changed."


def is_start(facts: Facts, asked: Asked) -> bool:
    """Tell whether the program of the lesson ran as it is."""
    seen = {ast.dump(node) for record in facts.ran() for node in facts.defs(record.index)}
    wanted = _defs(asked.get("start", ""))
    return bool(wanted) and all(ast.dump(node) in seen for node in wanted)


def _defs(text: str) -> list[Def]:
    return [node for node in ast.parse(text).body if isinstance(node, Def)]


def guards(facts: Facts, asked: Asked) -> Iterator[str]:
    """No guard is held over an `await`; "waiting" means one at which its task did wait."""
    found = facts.held if asked["guards"] == "waiting" else facts.guards()
    for name in dict.fromkeys(facts.trace.spans[e.span].name for e in found):
        yield f"a guard of `{name}` is held over an `await`: it stays on the stack of the thread."


def waits(facts: Facts, asked: Asked) -> Iterator[str]:
    """A line comes after its task has waited."""
    for line in asked["waits"]:
        if any(event.index not in facts.waited for event in facts.events[line]):
            yield f"`{line}` is logged before its task has given up its turn: `yield_now` stays."


NEEDS: dict[str, Callable[[Facts, Asked], Iterator[str]]] = {
    need.__name__: need
    for need in (order, spans, tasks, threads, through, spawner, attribute, around, entered, wraps,
                 guards, waits)
}  # fmt: skip
