"""What the lessons ask: `texts/*.toml`, one file per lesson, read when first needed.

A lesson's file has no answer of its own making: a test compares each with what the real crates
printed. The shape of a file, with every key, is explained in `texts/misconceptions.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

from spanlab.errors import UsageError
from spanlab.record import Event
from spanlab.traces import Trace
from spanlab.view.words import keys, message

NO_SPAN, NOT_SURE = "no span", "not sure"
THREADS = ("main", "a worker")
CRATES = "the real crates"


class Reply(NamedTuple):
    """What is said to one wrong answer: the misconception behind it, and what is so instead.

    It is said of a run only if each word of `when` is one of its facts; `-word` must be none.
    """

    misconception: str
    text: str
    when: Sequence[str] = ()

    def fits(self, words: Container[str]) -> bool:
        return all((word.lstrip("-") in words) != word.startswith("-") for word in self.when)

    def __str__(self) -> str:
        thought = f"You may have thought: {self.misconception} " if self.misconception else ""
        return thought + self.text


class Line(NamedTuple):
    """One line of a log that is asked about; `answer` is empty if nobody recorded it."""

    number: int  # in the log
    key: str  # the message; the second line with it has the key "message #2"
    message: str
    spans: Sequence[str]
    answer: Sequence[str] = ()
    replies: Mapping[str, Sequence[Reply]] = MappingProxyType({})
    why: str = ""  # it is in these spans
    where: str = ""  # it is on this thread


class Question(NamedTuple):
    """One prediction: its lines, and the two names of threads, the main one first."""

    name: str
    lines: Sequence[Line]
    threads: Sequence[str]
    by: str = CRATES  # who printed the recorded log

    def choices(self, line: Line) -> list[list[str]]:
        """List what can be said to a line: its spans, then the threads if they are asked for."""
        parts = [line.spans, self.threads] if self.threads else [line.spans]
        return [[*part, NOT_SURE] for part in parts]

    def alone(self, number: int) -> Question:
        """Give the question for the spans of one line of the log."""
        asked = [line for line in self.lines if line.number == number]
        if not asked:
            known = ", ".join(str(line.number) for line in self.lines)
            raise UsageError(f"ask= is the number of a line: {known}, got {number!r:.60}")
        return self._replace(lines=asked, threads=())


class Check(NamedTuple):
    """One exercise: its answer, replies to wrong ones, its hints, and what a run needs besides."""

    name: str
    answer: Any
    replies: Mapping[str, Any]
    right: str
    hints: Sequence[str]
    needs: Mapping[str, Any]

    @property
    def written(self) -> bool:
        """Tell whether the reader writes the answer down, and nothing is run."""
        return bool(self.needs.get("written"))


def question(name: str) -> Question:
    """Find what a lesson asks in `predict(name)`."""
    found = _find("predict", name)
    keyed_by = named(line["message"] for line in found["line"])
    lines = [
        Line(line.get("number", place), key, line["message"],
             line.get("spans") or found["spans"], line["answer"],
             _replies(line.get("reply", {})), line.get("why", ""),
             found.get("where", texts()["thread"].get(line["answer"][1], "")))
        for place, (key, line) in enumerate(zip(keyed_by, found["line"], strict=True), 1)
    ]  # fmt: skip
    return Question(name, lines, found.get("threads", THREADS), found.get("by", CRATES))


def own_question(
    name: str, messages: Iterable[str], spans: Sequence[str], threads: Sequence[str]
) -> Question:
    """Make a question that stands in no file."""
    write = f'Write: predict({name!r}, ["in main"], spans=["work"])'
    if isinstance(messages, str) or isinstance(spans, str):
        raise UsageError(f"messages and spans are lists, got a string. {write}")
    lines = list(messages)
    if not lines or not all(isinstance(line, str) for line in lines):
        raise UsageError(f"messages are the texts of the lines, got {lines!r:.60}. {write}")
    if len(threads) not in (0, 2):
        raise UsageError(
            f"threads are two names, the main one and any other, got {list(threads)}. "
            'Write: threads=["main", "a worker"], or threads=[] to leave them out'
        )
    options = list(dict.fromkeys([NO_SPAN, *map(tidy, spans)]))
    asked = enumerate(zip(named(lines), lines, strict=True), 1)
    return Question(name, [Line(at, *line, options) for at, line in asked], threads)


def check_named(name: str) -> Check:
    """Find the exercise that `check(name, …)` and `hint(name)` speak of."""
    found = _find("check", name)
    nested = isinstance(found["answer"], dict)
    asked = found.get("reply", {})
    replies = {key: _replies(each) for key, each in asked.items()} if nested else _replies(asked)
    return Check(name, found["answer"], replies, found["right"], found["hints"], found)


def told(name: str, part: str) -> str:
    """Find a text that a lesson shows after the commit; the numbers of lessons begin its name."""
    return str(_find("tell", name)[part]).strip()


def names(kind: str) -> list[str]:
    """List the names under which lessons ask something: of "predict" or of "check"."""
    return sorted(texts()[kind])


def tidy(spans: object) -> str:
    """Write spans in the one form `work › sub_task`, from the root to the leaf, or `no span`.

    A string goes from the root to the leaf, as it is written here. A tuple goes from the
    leaf to the root, as `trace.scope` gives it.

    >>> tidy(("sub_task", "work")), tidy("work > sub_task"), tidy(())
    ('work › sub_task', 'work › sub_task', 'no span')
    """
    if isinstance(spans, list | tuple) and all(isinstance(name, str) for name in spans):
        return " › ".join(reversed(spans)) or NO_SPAN
    if spans is None or not isinstance(spans, str):
        raise UsageError(
            f"spans are a tuple, innermost first, or a string, got {spans!r:.60}. "
            'Write: ("sub_task", "work"), or "work › sub_task", or () for no span'
        )
    return " › ".join(filter(None, re.split(r"\s*[›>]\s*", spans.strip()))) or NO_SPAN


def named(messages: Iterable[str]) -> list[str]:
    """Give each message its key: of two lines with one message the second has "message #2"."""
    return [f"{text} #{before + 1}" if before else text for text, before in keys(messages)]


def keyed(trace: Trace) -> Iterator[tuple[str, Event]]:
    """Give the events of a trace, each with its key."""
    return zip(named(map(message, trace.events)), trace.events, strict=True)


def _replies(found: Mapping[str, Any]) -> dict[str, list[Reply]]:
    """Read the replies to each wrong answer, from the one that says most to the plain text."""
    ideas, replies = texts()["misconception"], dict[str, list[Reply]]()
    for said, every in found.items():
        for reply in every if isinstance(every, list) and isinstance(every[0], list) else [every]:
            idea, text, *when = ("", reply) if isinstance(reply, str) else reply
            made = Reply(ideas[idea] if idea else "", text, tuple(when))
            replies.setdefault(said, []).append(made)
    return replies


def _find(kind: str, name: str) -> dict[str, Any]:
    if name not in names(kind):
        known = ", ".join(map(repr, names(kind)))
        raise UsageError(f"a name to {kind} is one of {known}, got {name!r:.60}")
    return dict(texts()[kind][name])


@cache
def texts() -> dict[str, dict[str, Any]]:
    """Read all that the lessons ask and reply, by kind and name."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((files("spanlab.lesson") / "texts").iterdir(), key=str):
        if file.name.endswith(".toml"):
            for kind, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
                found.setdefault(kind, {}).update(entries)
    return found
