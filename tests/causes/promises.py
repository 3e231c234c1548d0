"""Makes each change that `why` proposes in the source, runs it again, and looks at the spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from written import execute, files

from spanlab import Trace
from spanlab.causes.evidence import Evidence
from spanlab.causes.remedy import Change
from spanlab.causes.why import Why, explain
from spanlab.record import Event
from spanlab.view.words import Names


class Promise(NamedTuple):
    """A change that was proposed and made: the spans that it was to give, and those it gave."""

    answer: Why
    fixes: tuple[Change, ...]
    tree: Names
    got: Names | str

    @property
    def is_kept(self) -> bool:
        return self.got == self.tree


def answers(trace: Trace) -> list[Why]:
    """Ask for every event."""
    facts = Evidence(trace)
    return [explain(facts, event) for event in trace.events]


def changed(sources: Mapping[str, str], changes: Iterable[Change]) -> dict[str, str]:
    """Make some changes, the last lines first."""
    texts = dict(sources)
    for change in sorted(changes, key=lambda change: -change.line):
        texts[change.file] = change.apply(texts[change.file])
    return texts


def which(trace: Trace, event: Event) -> int:
    """Tell the how many-th of its message an event is."""
    return [e for e in trace.events if e.message == event.message].index(event)


def promises(sources: Mapping[str, str], on: Any, level: str = "trace") -> Iterator[Promise]:
    """Make every change that is proposed for any event, and run the program again."""
    trace = execute(sources, on, level)
    again: dict[tuple[Change, ...], Trace | str] = {}
    for answer in answers(trace):
        for fixes, tree in proposed(answer).items():
            if fixes not in again:
                again[fixes] = _run(changed(sources, fixes), on, level)
            yield Promise(answer, fixes, tree, _scope(trace, answer.event, again[fixes]))


def proposed(answer: Why) -> dict[tuple[Change, ...], Names]:
    """Give the changes of an answer, each with the spans that it is to give."""
    ways = answer.choices.ways if answer.choices else ()
    found = {way.fixes: way.tree for way in ways} | {answer.fixes: answer.tree}
    found.pop((), None)
    return found


def _run(sources: Mapping[str, str], on: Any, level: str) -> Trace | str:
    try:
        return execute(
            dict(zip(files(*sources.values()), sources.values(), strict=True)), on, level
        )
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _scope(trace: Trace, event: Event, other: Trace | str) -> Names | str:
    if isinstance(other, str):
        return other
    found = [e for e in other.events if e.message == event.message]
    nth = which(trace, event)
    return other.scope(found[nth]) if nth < len(found) else "the event is gone"


def said(trace: Trace) -> list[Any]:
    """Write down all that is answered, but for the numbers of lines."""
    return [
        (
            answer.event.message, answer.cause, answer.now, answer.expected, answer.tree,
            [[line for line in change.diff() if line[1].strip()] for change in answer.fixes],
        )
        for answer in answers(trace)
    ]  # fmt: skip
