"""`check` and `hint`: is an exercise solved, and if not, what is wrong and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from spanlab.errors import UsageError
from spanlab.lesson import answers
from spanlab.lesson.prediction import refresh
from spanlab.lesson.questions import NO_SPAN, Check, check_named, key_of, names, tidy
from spanlab.traces import Trace


class Said:
    """Some words for the reader; true if they say that the answer is right."""

    def __init__(self, text: str, right: bool = False) -> None:
        self.text = text
        self.right = right

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        html = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(self.text))
        paragraphs = "".join(f"<p>{each}</p>" for each in html.split("\n"))
        return {"text/plain": self.text, "text/html": f'<div role="status">{paragraphs}</div>'}


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
    for message, wanted in asked.answer.items():
        said = got.get(message)
        if said is None:
            yield f"`{message}`: this line is not there."
        elif said != wanted:
            reply = asked.replies.get(message, {}).get(said)
            yield f"`{message}` is in {_named(said)}: {reply or _difference(said, wanted)}"


def _spans(answer: Any) -> dict[str, str]:
    """Give the spans of each message, of a trace or of a dictionary."""
    if isinstance(answer, Trace):
        seen = Counter[str]()
        return {key_of(event.message, seen): tidy(answer.scope(event)) for event in answer.events}
    if isinstance(answer, Mapping):
        return {str(message): tidy(spans) for message, spans in answer.items()}
    raise UsageError(
        f"this exercise needs a trace or a dictionary, got {answer!r:.60}. "
        'Write: check(name, run(main())), or {"in main": (), "starting work": ("work",)}'
    )


def _named(spans: str) -> str:
    return spans if spans == NO_SPAN else f"`{spans}`"


def _difference(said: str, wanted: str) -> str:
    """Say how the spans differ where no reply was written for it, without giving them all away."""
    here, there = ([] if s == NO_SPAN else s.split(" › ") for s in (said, wanted))
    if here == there[::-1]:
        return "the spans are right and their order is not. A tuple has the innermost first."
    if not there:
        return "it should be in none. Nothing is entered on its thread when it happens."
    if not here:
        return "a span is missing. Something has to be entered on its thread when it happens."
    if here == there[: len(here)]:
        return "a span further in is missing. What was entered last before this line?"
    if here == there[-len(here) :]:
        return "a span further out is missing. What was current where the outermost was made?"
    if too_many := [name for name in here if name not in there]:
        return f"`{too_many[0]}` should not be there. Who enters it while this line runs?"
    return "one span is missing or too much. Go from the innermost outwards."


def hint(name: str) -> Said:
    """Give the next hint for an exercise, each call one more; say when it was the last."""
    asked, mine = check_named(name), answers.kept(name)
    many = len(asked.hints)
    if mine.hints >= many:
        return Said(f"There are no more hints. The last one was: {asked.hints[-1]}")
    mine.hints += 1
    last = ", the last" if mine.hints == many else ""
    return Said(f"Hint {mine.hints} of {many}{last}: {asked.hints[mine.hints - 1]}")


def reset(name: str | None = None) -> None:
    """Forget what was answered to one question, or to all; a prediction opens again."""
    if name is not None and not answers.is_kept(name) and name not in _lesson_names():
        known = ", ".join(map(repr, _lesson_names()))
        raise UsageError(f"nothing was answered under {name!r:.60}; the lessons ask {known}")
    answers.forget(name)
    refresh(name)


def _lesson_names() -> Iterable[str]:
    return sorted({*names("predict"), *names("check")})


def save(path: str | Path = answers.FILE) -> Said:
    """Write all answers to a file next to the notebook, for `load` in a later session.

    Binder forgets its files when it stops: download the file, and upload it the next time.
    """
    written, many = answers.write(path)
    return Said(
        f"Saved the answers to {many} question{'' if many == 1 else 's'} in `{written.name}`. "
        "On Binder, download it now (right-click it in the file browser), upload it the next "
        f"time, and run `{'load()' if path == answers.FILE else f'load({str(path)!r})'}`."
    )


def load(path: str | Path = answers.FILE) -> Said:
    """Take the answers that `save` wrote; those that are here under the same names go.

    Raises `UsageError` for a file that `save` did not write: then nothing changes.
    """
    many = answers.read(path)
    refresh()
    return Said(f"Loaded the answers to {many} question{'' if many == 1 else 's'}.")
