"""`why(trace, event)`: the story of one event, from where its future was made to its parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from spanlab.causes import Cause, Finding, find
from spanlab.causes.case import Case, short
from spanlab.causes.choice import Choices, choices
from spanlab.causes.evidence import Evidence
from spanlab.causes.remedy import Change
from spanlab.causes.rust import Rust
from spanlab.causes.story import Step, steps
from spanlab.errors import UsageError
from spanlab.record import Event
from spanlab.traces import Trace
from spanlab.view.file import Saved
from spanlab.view.page import LONG, page, prose, shown
from spanlab.view.words import Names, circled, listed, message, need, quoted, visible

MOST = 30  # steps at the start and at the end of a story


class Suspected(Protocol):
    """What `suspects` found, as far as it is asked here: the numbers of its events."""

    @property
    def lines(self) -> tuple[int, ...]: ...


def why(trace: Trace, event: Event | str | int | Suspected, rust: str = "") -> Why:
    """Tell why an event has the parent that it has, and what would give it another.

    `event` is an event of the trace, its message, its number in the log, or what `suspects` found,
    of which the first line is meant. The answer has the `cause`, the `steps` that led there, each
    with its line, what a reader may have `expected`, the `fix`, and the `tree`: the spans that the
    event is in with that fix.

    `rust` is the text of the same program in Rust: its lines, and the change to them, come first.
    It reads the code as well as the records. Where the code cannot be read it says less; of a log
    that was read it says what the log shows, and why an event is a suspect, once `suspects` was
    asked. Raises `UsageError` if no event is meant, or several are.

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
    if not isinstance(rust, str):
        raise UsageError(
            f"rust is the text of a program, got {rust!r:.60}. "
            f"Write: why(trace, {event!r:.60}, rust=Path('main.rs').read_text())"
        )
    return explain(Evidence(trace), meant, rust)


def explain(facts: Evidence, event: Event, rust: str = "") -> Why:
    """Answer `why` for one of many events, from evidence that was gathered once."""
    case = Case(facts, event)
    if facts.trace.origin is not None:
        return _of_a_log(case)
    found, now, number = find(case), case.now, facts.numbers[event.index]
    asked, here = choices(case, found), facts.labels([new.span for new in case.scope])
    missing = tuple(name for name in found.expected if name not in now)
    is_in = f"is in {listed(here)}" if now else "has no parent"
    if found.cause is Cause.EXPECTED:
        is_in += ", as the stack says"
    elif now and missing:
        is_in += f" and not in {listed(missing)}"
    sentence = f"{circled(number)} {quoted(message(event))} {is_in}: {found.said}."
    fit = asked.fitting if asked else found
    then = found.then if found.then and fit.tree == found.tree else fit.tree
    found = replace(found, tree=fit.tree, fixes=fit.fixes, then=then)
    twins = Rust(facts, rust, event.file)
    told = [step._replace(rust=twins.line(step[1:3])) for step in steps(case, found)]
    if (more := len(told) - 2 * MOST) > 0:  # it is the same again and again
        told[MOST:-MOST] = [Step(f"{more} more steps are left out")]
    return Why(
        **vars(found), event=event, number=number, sentence=sentence, steps=(*told,), now=now,
        choices=asked, here=here, lost=event.index in facts.lost,
        rust=twins.changes(found.fixes),
    )  # fmt: skip


def _of_a_log(case: Case) -> Why:
    """Say what a log shows of an event: what was entered, and where, is not in it."""
    facts, event = case.facts, case.event
    origin, number = facts.trace.origin, facts.numbers[event.index]
    here = facts.labels([new.span for new in case.scope])
    said = f"is in {listed(here)}" if here else "is in no span"
    on = "" if "threads" in origin.missing else f" on ThreadId({event.thread})"
    told = [Step(f"The log shows it{on}, line {origin.line(number)}")]
    told.append(Step("A log does not show where spans are entered, or tasks spawned"))
    asked = origin.suspected.get(number)
    told += [Step(asked.removesuffix("."))] if asked else []
    return Why(
        cause=Cause.UNTOLD, said=said, place=None, expected=case.now, tree=case.now, event=event,
        number=number, steps=(*told,), now=case.now, choices=None, here=here, lost=False,
        sentence=f"{circled(number)} {quoted(message(event))} {said}, says the log; it does not "
        "show where spans were entered.",
    )  # fmt: skip


def chosen(trace: Trace, event: Event | str | int | Suspected) -> Event:
    """Find the event that is meant."""
    need("why(run(main()), 'x')", trace)
    lines = getattr(event, "lines", ())
    event = lines[0] if lines else event
    events = dict(trace.numbered)
    if isinstance(event, Event) and event.index < len(trace) and trace[event.index] == event:
        return event
    if isinstance(event, int) and event in events:
        return events[event]
    said = {n: e for n, e in events.items() if event in (e.message, message(e))}
    if len(said) == 1:
        return next(iter(said.values()))
    if said:
        got = f"{len(said)} events say {event!r:.60}: {', '.join(map(circled, [*said][:30]))}"
        raise UsageError(f"why() needs one event, and {got}. Write: why(trace, {min(said)})")
    known = "\n".join(f"  {circled(n)} {visible(message(e))}" for n, e in trace.numbered[:30])
    raise UsageError(
        f"why() needs an event of the trace, its message or its number in the log, got "
        f"{event!r:.60}. The events are:\n{known or '  none'}"
    )


@dataclass(frozen=True, repr=False, kw_only=True)
class Why(Finding, Saved):
    """Why one event has its parent. `now` and `tree` name its spans, leaf to root.

    `tree` is what `fixes` give, all together; mostly that is one change, the `fix`. Where
    something was spawned without its span there are `choices`: the `fixes` are those of the one
    that fits. `here` and `then` name the spans of now and with the fix so that each is told apart
    from others of its name. `lost` tells whether the event would have a parent if none had been
    left behind where its task, or thread, began. `rust` are the `fixes` in Rust, if that is known.
    """

    event: Event
    number: int
    sentence: str
    steps: tuple[Step, ...]
    now: Names
    choices: Choices | None
    here: Names
    lost: bool
    rust: tuple[Change, ...] = ()

    @property
    def fix(self) -> Change | None:
        """The change that gives the tree; None if nothing is to be changed, or not by one line."""
        return self.fixes[0] if self.fixes else None

    def _advice(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Give lines of advice, each with lines of changes, which have a sign."""
        for change in self.rust:
            yield f"In Rust change line {change.line}:", change.diff()
        for change in self.fixes:
            yield f"Change {visible(short(change.file))}, line {change.line}:", change.diff()
        if self.fixes:
            yield f"Then it is in {listed(self.then)}.", []
        if asked := self.choices:
            exported = f"{asked.because}. {asked.fitting.exported}."
            yield f"That is `{asked.fits}`, which fits: {exported}", []
            for way in [way for way in asked.ways if way.kind != asked.fits]:
                lines = [line for change in way.fixes for line in change.diff()]
                yield f"Or `{way.kind}`: {listed(way.tree)}. {way.exported}.", lines

    def __str__(self) -> str:
        said = [self.sentence, ""]
        for at, (text, file, line, source, key, (rust, twin)) in enumerate(self.steps, 1):
            said.append(f"{'→' if key else ' '} {at:2}. {text}")
            if twin:
                said.append(f"        Rust:{twin}: {visible(rust, LONG)}")
            if line:
                said.append(f"        {visible(short(file))}:{line}: {visible(source, LONG)}")
        for text, lines in self._advice():
            said.append(f"\n{text}")
            said += [f"  {sign} {visible(line, LONG)}" for sign, line in lines]
        return "\n".join(said)

    def __repr__(self) -> str:
        return f"<Why: {self.sentence}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        signs = {Cause.EXPECTED: ("✓", "good"), Cause.UNTOLD: ("?", "")}
        sign, kind = signs.get(self.cause, ("✗", "bad"))
        told = "".join(map(_step, self.steps))
        foot = "".join(_part(text, lines) for text, lines in self._advice())
        html = (
            f'<div class="head"><span class="cause {kind}">{sign} {shown(self.cause)}</span>'
            f'<p class="say">{prose(self.sentence)}</p></div><ol>{told}</ol>'
        )
        foot = f'<div class="foot">{foot}</div>' if foot else ""
        return {"text/plain": str(self), "text/html": page("why", html + foot)}


# --- for a notebook ------------------------------------------------------------------------------


def _step(step: Step) -> str:
    kind, here = "", ""
    if step.key:
        kind, here = ' class="key"', '<span class="here">◀ this decides</span>'
    (rust, twin), where = step.rust, ""
    if twin:
        where, here = _line("Rust", twin, rust, here), ""
    if step.line:
        where += _line(short(step.file), step.line, step.source, here)
    return f"<li{kind}>{prose(step.text)}{where}</li>"


def _line(file: str, line: int, source: str, here: str) -> str:
    return (
        f'<div class="source"><span class="dim">{shown(file)}:{line}</span>'
        f"<span>{shown(source)}{here}</span></div>"
    )


def _part(text: str, lines: list[tuple[str, str]]) -> str:
    tags = {"-": "del", "+": "ins", " ": "div"}
    told = [f"<{tags[sign]}>{sign} {shown(line)}</{tags[sign]}>" for sign, line in lines]
    changes = f"<pre>{''.join(told)}</pre>" if told else ""
    return f"<div><p>{prose(text)}</p>{changes}</div>"
