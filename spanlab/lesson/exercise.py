"""`check` and `hint`: is an exercise solved, and if not, what is wrong and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spanlab.errors import UsageError
from spanlab.lesson.card import Said
from spanlab.lesson.prediction import store
from spanlab.lesson.questions import NO_SPAN, Check, check_named, keyed, texts, tidy
from spanlab.traces import Trace


def check(name: str, answer: Any) -> Said:
    """Say whether an exercise is solved, and if not, what is wrong and why.

    `answer` is what the exercise asks for: a trace, a dictionary that gives each message its
    spans (a tuple as `trace.scope` gives it, or `"work › sub_task"`), or one word. `...` is
    no answer yet. The result is true if the answer is right.

    Raises `UsageError` for a name that no lesson uses.
    """
    asked = check_named(name)
    if _is_open(answer):
        return Said(f"Not yet: put your answer in place of `...`. For help: `hint({name!r})`")
    wrong = list(_wrong_lines(asked, answer) if isinstance(asked.answer, dict)
                 else _wrong_word(asked, answer))  # fmt: skip
    if not wrong:
        return Said(f"Right. {asked.right}", right=True)
    return Said("\n".join(["Not yet.", *wrong, f"For help: `hint({name!r})`"]))


def _is_open(answer: Any) -> bool:
    if isinstance(answer, Mapping):
        return any(map(_is_open, answer.values()))
    return answer is ... or (isinstance(answer, list | tuple) and any(map(_is_open, answer)))


def _wrong_word(asked: Check, answer: Any) -> Iterator[str]:
    said = str(answer).strip().casefold()
    if said == str(asked.answer).casefold():
        return
    reply = {key.casefold(): reply for key, reply in asked.replies.items()}.get(said)
    known = ", ".join(f"`{key}`" for key in sorted([*asked.replies, str(asked.answer)]))
    yield f"`{answer!s:.60}`: {reply or f'that is none of the choices {known}.'}"


def _wrong_lines(asked: Check, answer: Any) -> Iterator[str]:
    got = _spans(answer)
    for line, wanted in asked.answer.items():
        said = got.get(line)
        if said is None:
            yield f"`{line}`: this line is not there."
        elif said != wanted:
            reply = asked.replies.get(line, {}).get(said) or _difference(said, wanted)
            yield f"`{line}` is in {said if said == NO_SPAN else f'`{said}`'}: {reply}"


def _spans(answer: Any) -> dict[str, str]:
    """Give the spans of each message, of a trace or of a dictionary."""
    if isinstance(answer, Trace):
        return {key: tidy(answer.scope(event)) for key, event in keyed(answer)}
    if isinstance(answer, Mapping):
        return {str(line): tidy(spans) for line, spans in answer.items()}
    raise UsageError(
        f"this exercise needs a trace or a dictionary, got {answer!r:.60}. "
        'Write: check(name, run(main())), or {"in main": (), "starting work": ("work",)}'
    )


def _difference(said: str, wanted: str) -> str:
    """Say how the spans differ where no reply was written for it, without giving them all away."""
    here, there = ([] if s == NO_SPAN else s.split(" › ") for s in (said, wanted))
    extra = next((name for name in here if name not in there), "")
    cases = {
        "order": here == there[::-1], "none": not there, "all": not here,
        "inner": here == there[: len(here)], "outer": here == there[-len(here) :],
        "too many": extra, "other": True,
    }  # fmt: skip
    first = next(case for case, holds in cases.items() if holds)
    return str(texts()["difference"][first]).replace("NAME", extra)


def hint(name: str) -> Said:
    """Give the next hint for an exercise, each call one more; say when it was the last."""
    asked, mine = check_named(name), store[name]
    many = len(asked.hints)
    if mine.hints >= many:
        return Said(f"There are no more hints. The last one was: {asked.hints[-1]}")
    mine.hints += 1
    last = ", the last" if mine.hints == many else ""
    return Said(f"Hint {mine.hints} of {many}{last}: {asked.hints[mine.hints - 1]}")
