"""`check` and `hint`: is an exercise solved, and if not, what is wrong and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spanlab.errors import UsageError
from spanlab.lesson.answers import read, store, write
from spanlab.lesson.card import Said
from spanlab.lesson.prediction import refresh
from spanlab.lesson.questions import NO_SPAN, Check, check_named, keyed, names, tidy
from spanlab.traces import Trace
from spanlab.view.words import count

FILE = "my_answers.json"


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
    asked, mine = check_named(name), store[name]
    many = len(asked.hints)
    if mine.hints >= many:
        return Said(f"There are no more hints. The last one was: {asked.hints[-1]}")
    mine.hints += 1
    last = ", the last" if mine.hints == many else ""
    return Said(f"Hint {mine.hints} of {many}{last}: {asked.hints[mine.hints - 1]}")


def reset(name: str | None = None) -> None:
    """Forget what was answered to one question, or to all; a prediction opens again."""
    asked = sorted({*names("predict"), *names("check")})
    if name is not None and name not in [*store, *asked]:
        known = ", ".join(map(repr, asked))
        raise UsageError(f"nothing was answered under {name!r:.60}; the lessons ask {known}")
    for forgotten in list(store) if name is None else [name]:
        store.pop(forgotten, None)
    refresh()


def save(path: str | Path = FILE) -> Said:
    """Write all answers to a file next to the notebook, for `load` in a later session.

    Binder forgets its files when it stops: download the file, and upload it the next time.
    """
    many = count(write(Path(path)), "question")
    return Said(
        f"Saved the answers to {many} in `{Path(path).name}`. "
        "On Binder, download it now (right-click it in the file browser), upload it the next "
        f"time, and run `{'load()' if path == FILE else f'load({str(path)!r})'}`."
    )


def load(path: str | Path = FILE) -> Said:
    """Take the answers that `save` wrote; those that are here under the same names go.

    Raises `UsageError` for a file that `save` did not write: then nothing changes.
    """
    found = read(Path(path), "loaded")
    store.update(found)
    refresh()
    return Said(f"Loaded the answers to {count(len(found), 'question')}.")
