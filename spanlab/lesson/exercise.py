"""`check` and `hint`: is an exercise solved, and if not, what is wrong and why."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from spanlab.errors import UsageError
from spanlab.lesson.card import Said
from spanlab.lesson.facts import Facts
from spanlab.lesson.needs import is_start, repeated, unmet
from spanlab.lesson.questions import NO_SPAN, Check, check_named, texts, tidy
from spanlab.record import Event, PollStarted, Record, SpanNew, TaskFinished
from spanlab.traces import Trace

_WITNESSES = {kind: dict(vars(kind)) for kind in (Trace, Record, Event, SpanNew)}


def check(name: str, answer: Any) -> Said:
    """Say whether an exercise is solved, and if not, what is wrong and why.

    `answer` is what the exercise asks for: the trace of a run, a dictionary that gives each
    message its spans (a tuple as `trace.scope` gives it, or `"work › sub_task"`), or one letter.
    `...` is no answer yet. The result is true if the answer is right.

    Raises `UsageError` for a name that no lesson uses, and for what is no answer at all.
    """
    asked = check_named(name)
    if _is_open(answer):
        return Said(f"Not yet: put your answer in place of `...`. For help: `hint({name!r})`")
    if inspect.iscoroutine(answer):
        answer.close()  # nobody will await it
    look = _word if not isinstance(asked.answer, dict) else _written if asked.written else _run
    wrong = list(dict.fromkeys(look(asked, answer)))
    if not wrong:
        return Said(f"✓ Right. {asked.right}", right=True)
    return Said("\n".join(["✗ Not yet.", *wrong, f"For help: `hint({name!r})`"]))


def _is_open(answer: Any) -> bool:
    if isinstance(answer, Mapping):
        return any(map(_is_open, answer.values()))
    return answer is ... or (isinstance(answer, list | tuple) and any(map(_is_open, answer)))


def _word(asked: Check, answer: Any) -> Iterator[str]:
    said = str(answer).strip(" ().").casefold()
    if said == str(asked.answer).casefold():
        return
    known = ", ".join(f"`{key}`" for key in sorted([*asked.replies, str(asked.answer)]))
    unknown = f"that is none of the choices {known}. Give one letter, in quotes."
    yield f"`{answer!s:.60}`: {next(iter(asked.replies.get(said, [])), unknown)}"


def _written(asked: Check, answer: Any) -> Iterator[str]:
    """Look at a dictionary that the reader wrote."""
    if isinstance(answer, Trace):
        yield "This is a run. Asked is what you write, a dictionary with a tuple for each message."
    elif not isinstance(answer, Mapping):
        raise UsageError(
            f"this exercise needs a dictionary with a tuple for each message, got {answer!r:.60}. "
            'Write: {"in main": (), "starting work": ("work",)}'
        )
    else:
        got = {str(line): tidy(spans) for line, spans in answer.items()}
        joined = [line for line, spans in answer.items() if isinstance(spans, list | tuple)
                  and any("›" in name or ">" in name for name in spans)]  # fmt: skip
        yield from (f"`{line}`: one string of a tuple is one span." for line in joined)
        unknown = [line for line in got if line not in asked.answer]
        yield from (f"`{line:.60}` is no line of this program." for line in unknown)
        for line, wanted in asked.answer.items():
            if line not in got:
                yield f"`{line}`: this line is not there. For no span write `()`."
            elif got[line] != wanted:
                yield _told(asked, line, got[line], set(), _difference(got[line], wanted))


def _run(asked: Check, answer: Any) -> Iterator[str]:
    """Look at a run: first what happened besides the spans, then the spans of each line."""
    if isinstance(answer, Mapping):
        yield "This was written by hand. Asked is a run that logs the lines: what it recorded."
        return
    if type(answer) is not Trace:
        got = f"the function `{answer.__name__}`" if inspect.isfunction(answer) else repr(answer)
        raise UsageError(f"this exercise needs the trace of a run, got {got:.60}. "
                         f"Write: check({asked.name!r}, run(main()))")  # fmt: skip
    if replaced := _replaced():
        yield f"`{replaced}` was replaced, so nobody knows what happened. Restart the kernel."
        return
    if not all(isinstance(row[4], tuple) for row in answer.noted if row[0] == "event"):
        yield "This trace was not recorded here. Asked is a run of your own."
        return
    ended = {end.finished for end in answer.of(TaskFinished)}
    if answer.cut.records or (answer.of(PollStarted) and 0 not in ended):
        yield "This is a part of a run. Asked is the whole of it."
        return
    facts = Facts(answer)
    yield from unmet(facts, asked.needs)
    made = {span.name for span in answer.spans.values()}
    start = {"start"} if is_start(facts, asked.needs) else set()
    for line, wanted in asked.answer.items():
        if not facts.events[line]:
            yield f"`{line}`: this line is not there."
        for event in [] if repeated(facts, line, wanted) else facts.events[line]:
            path, names = facts.path(event), () if wanted == NO_SPAN else wanted.split(" › ")
            if path != tuple(names):
                said, words = " › ".join(path) or NO_SPAN, facts.words(event) | start
                words |= {"there"} if made.intersection(names[:1]) else set()
                yield _told(asked, line, said, words, facts.difference(event, tuple(names)))


def _replaced() -> str:
    """Name what the reader put in the place of something that a check looks at."""
    for kind, before in _WITNESSES.items():
        for name, value in vars(kind).items():
            if not name.startswith("_") and before.get(name) is not value:
                return f"{kind.__name__}.{name}"
    return ""


def _told(asked: Check, line: str, said: str, words: set[str], usual: str) -> str:
    """Give the reply that fits how the line came about, or else say what differs."""
    fitting = (r for r in asked.replies.get(line, {}).get(said, ()) if r.fits(words))
    where = said if said == NO_SPAN else f"`{said}`"
    return f"`{line}` is in {where}: {next(fitting, usual)}"


def _difference(said: str, wanted: str) -> str:
    """Say how spans that were written differ, without giving them all away."""
    here, there = ([] if s == NO_SPAN else s.split(" › ") for s in (said, wanted))
    extra = next((name for name in here if name not in there), "")
    cases = {
        "order": here == there[::-1], "none": not there, "all": not here,
        "inner": here == there[: len(here)], "outer": here == there[-len(here) :],
        "too many": extra, "other": True,
    }  # fmt: skip
    first = next(case for case, holds in cases.items() if holds)
    return str(texts()["difference"][first]).replace("NAME", extra)


def hint(name: str, number: int = 0) -> Said:
    """Give the hints for an exercise, each folded: open one after the other.

    With a number it is that hint, as text.
    """
    hints = check_named(name).hints
    if number:
        if not 1 <= number <= len(hints):
            raise UsageError(f"the hints of {name!r} go from 1 to {len(hints)}, got {number!r}")
        return Said(f"Hint {number} of {len(hints)}: {hints[number - 1]}")
    folds = {f"Hint {at} of {len(hints)}": each for at, each in enumerate(hints, 1)}
    return Said(f"{len(hints)} hints. For the first write: `hint({name!r}, 1)`", folds=folds)
