"""`why(trace, event)`: the story of one event, from where its future was made to its parent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from spanlab.causes import Cause, find
from spanlab.causes.case import Case, short
from spanlab.causes.choice import Choices, choices
from spanlab.causes.evidence import Evidence
from spanlab.causes.remedy import Change
from spanlab.causes.story import Step, steps
from spanlab.errors import UsageError
from spanlab.record import Event
from spanlab.traces import Trace
from spanlab.view.page import LONG, number, page, prose, shown
from spanlab.view.words import NAMED, Names, circled, listed, message, quoted, visible

MOST = 30  # steps at the start and at the end of a story


def why(trace: Trace, event: Event | str | int) -> Why:
    """Tell why an event has the parent that it has, and what would give it another.

    `event` is an event of the trace, its message, or its number in the log. The answer has
    the `cause`, the `steps` that led there, each with its line, what a reader may have
    `expected`, the `fix`, and the `tree`: the spans that the event is in with that fix.

    It reads the code as well as the records. Where the code cannot be read, as in a log
    from elsewhere, it says less. Raises `UsageError` if no event is meant, or several are.

    >>> async def main():
    ...     with info_span("request").enter():
    ...         handle = spawn(job())
    ...     await handle
    >>> async def job():
    ...     info("working")
    >>> why(run(main()), "working").cause
    <Cause.SPAWNED_BARE: 'spawned bare'>
    """
    meant = chosen(trace, event)
    return explain(Evidence(trace), meant)


def explain(facts: Evidence, event: Event) -> Why:
    """Answer `why` for one of many events, from evidence that was gathered once."""
    case = Case(facts, event)
    found, now, at = find(case), case.now, facts.numbers[event.index]
    asked, here = choices(case, found), facts.labels(new.span for new in case.scope)
    missing = tuple(name for name in found.expected if name not in now)
    is_in = f"is in {listed(here)}" if now else "has no parent"
    if found.cause is Cause.EXPECTED:
        is_in += ", as one would expect"
    elif now and missing:
        is_in += f" and not in {listed(missing)}"
    sentence = f"{circled(at)} {quoted(message(event))} {is_in}: {found.said}."
    told = _shortened(list(steps(case, found)))
    fit = asked.fitting if asked else found
    then = (found.then if fit.tree == found.tree else ()) or fit.tree
    return Why(
        event, at, found.cause, sentence, told, found.expected, now,
        fit.tree, fit.fixes, asked, (here, then), event.index in facts.lost,
    )  # fmt: skip


def _shortened(told: list[Step]) -> tuple[Step, ...]:
    """Leave out the middle of a long story: it is the same again and again."""
    more = Step(f"{len(told) - 2 * MOST} more steps are left out")
    return tuple(told if len(told) <= 2 * MOST else [*told[:MOST], more, *told[-MOST:]])


def chosen(trace: Trace, event: Event | str | int) -> Event:
    """Find the event that is meant."""
    if not isinstance(trace, Trace):
        raise UsageError(f"why() needs a trace, got {trace!r:.60}. Write: why(run(main()), 'x')")
    events = dict(trace.numbered)
    if isinstance(event, Event) and event.index < len(trace) and trace[event.index] == event:
        return event
    if isinstance(event, int) and event in events:
        return events[event]
    numbers = [n for n, found in events.items() if event in (found.message, message(found))]
    if len(numbers) == 1:
        return events[numbers[0]]
    if numbers:
        which = ", ".join(circled(number) for number in numbers[:30])
        got = f"{len(numbers)} events say {event!r:.60}: {which}"
        raise UsageError(f"why() needs one event, and {got}. Write: why(trace, {numbers[0]})")
    known = "\n".join(f"  {circled(n)} {visible(message(e))}" for n, e in trace.numbered[:30])
    raise UsageError(
        f"why() needs an event of the trace, its message or its number in the log, got "
        f"{event!r:.60}. The events are:\n{known or '  none'}"
    )


@dataclass(frozen=True, repr=False)
class Why:
    """Why one event has its parent. `now` and `tree` name its spans, leaf to root.

    `tree` is what `fixes` give, all together; mostly that is one change, the `fix`. Where
    something was spawned without its span there are `choices`: the `fixes` are those of the one
    that fits. `shown` names the spans of now and then so that each is told apart from others of
    its name. `lost` tells whether the event would have a parent if none had been left behind
    where its task, or thread, began.
    """

    event: Event
    number: int
    cause: Cause
    sentence: str
    steps: tuple[Step, ...]
    expected: Names
    now: Names
    tree: Names
    fixes: tuple[Change, ...]
    choices: Choices | None = None
    shown: tuple[Names, Names] = (), ()
    lost: bool = False

    @property
    def fix(self) -> Change | None:
        """The change that gives the tree; None if nothing is to be changed, or not by one line."""
        return self.fixes[0] if self.fixes else None

    def __str__(self) -> str:
        steps = [_step_text(at, step) for at, step in enumerate(self.steps, 1)]
        return "\n".join([self.sentence, "", *steps, *self._advice()])

    def _advice(self) -> Iterator[str]:
        for change in self.fixes:
            yield f"\nChange {visible(short(change.file))}, line {change.line}:"
            yield from _diff([change])
        if self.fixes:
            yield f"\nThen it is in {listed(self.shown[1])}."
        if self.choices:
            yield f"\n{self.choices.said}"
            for way in self.choices.others:
                yield f"\nOr `{way.kind}`: {listed(way.tree)}. {way.exported}."
                yield from _diff(way.fixes)

    def __repr__(self) -> str:
        return f"<Why: {self.sentence}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": _html(self)}


def _diff(changes: Iterable[Change]) -> Iterator[str]:
    for sign, line in (line for change in changes for line in change.diff()):
        yield f"  {sign} {visible(line, LONG)}"


def _step_text(at: int, step: Step) -> str:
    mark = "→" if step.key else " "
    where = f"\n        {visible(short(step.file))}:{step.line}: {visible(step.source, LONG)}"
    return f"{mark} {at:2}. {step.text}" + (where if step.line else "")


# --- for a notebook ------------------------------------------------------------------------------


def _html(answer: Why) -> str:
    fine = answer.cause is Cause.EXPECTED
    sign, kind = ("✓", "good") if fine else ("✗", "bad")
    told = "".join(map(_step_html, answer.steps))
    return page(
        "why",
        f'<div class="head"><span class="cause {kind}">{sign} {shown(answer.cause)}</span>'
        f'<p class="say">{prose(answer.sentence)}</p></div><ol>{told}</ol>'
        f"{'' if fine else _foot(answer)}",
    )


def _step_html(step: Step) -> str:
    kind, here = "", ""
    if step.key:
        kind, here = ' class="key"', '<span class="here">◀ this decides</span>'
    where = (
        f'<div class="source"><span class="dim">{shown(short(step.file))}:{step.line}</span>'
        f"<span>{shown(step.source)}{here}</span></div>"
    )
    return f"<li{kind}>{prose(step.text)}{where if step.line else ''}</li>"


def _foot(answer: Why) -> str:
    event = f"{number(answer.number)} {shown(message(answer.event), 60)}"
    trees, ways = f"<div><h4>Now</h4>{_path(answer.now, event)}</div>", ""
    if answer.fixes:
        changes = "change" if len(answer.fixes) == 1 else "changes"
        then = _path(answer.tree, event, before=answer.now)
        trees += f"<div><h4>With the {changes}</h4>{then}</div>"
    if answer.choices:
        others = "".join(
            f"<li>{prose(f'Or `{way.kind}`: {way.exported}.')}<div>{_path(way.tree, event)}</div>"
            f"{''.join(map(_change, way.fixes))}</li>"
            for way in answer.choices.others
        )
        ways = f"<div><p>{prose(answer.choices.said)}</p><ol>{others}</ol></div>"
    shown_changes = "".join(map(_change, answer.fixes))
    return f'<div class="foot">{shown_changes}<div class="trees">{trees}</div>{ways}</div>'


def _path(names: Names, event: str, before: Names | None = None) -> str:
    """Write a scope root to leaf, then the event; marked as new is what was not there before."""
    new = {name for name in names if before is not None and name not in before}
    spans = [
        f'<code class="span{" new" if name in new else ""}">{shown(name, 40)}</code>'
        for name in reversed(names[:NAMED])
    ]
    none = f'<span class="none{"" if before is None else " new"}">no span</span>'
    return '<span class="to"> › </span>'.join([*(spans or [none]), f"<span>{event}</span>"])


def _change(change: Change) -> str:
    tags = {"-": "del", "+": "ins", " ": "div"}
    lines = [f"<{tags[sign]}>{sign} {shown(line)}</{tags[sign]}>" for sign, line in change.diff()]
    where = f"Change line {change.line} of {shown(short(change.file))}"
    return f"<div><h4>{where}</h4><pre>{''.join(lines)}</pre></div>"
