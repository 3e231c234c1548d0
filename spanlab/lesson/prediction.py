"""`predict(name)`: what will each line of the log be in, and on which thread? Say so, then see.

What happened stays locked until the reader has committed. Then each line shows a hit or a miss,
and beside a miss the misconception behind it. Where there are no widgets the same goes as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakSet

from spanlab.errors import MissingPackage, UsageError
from spanlab.lesson.answers import Kept, kept
from spanlab.lesson.marks import as_text, marked, summary
from spanlab.lesson.questions import (
    NOT_SURE,
    THREADS,
    Line,
    Question,
    own_question,
    question,
    tidy,
)
from spanlab.traces import Trace
from spanlab.view.live import INSTALL, bundle, live
from spanlab.view.words import visible

Make = Callable[[], Trace]
ASK = "Before you run it: for each line, which spans" + "%s?"
_open: dict[str, Prediction] = {}  # one per name: a cell that is run again finds its own


def predict(
    name: str, messages: Iterable[str] | Mapping[str, Sequence[str]] = (),
    spans: Sequence[str] = (), threads: Sequence[str] = THREADS, *, run: Make | None = None,
) -> Prediction:  # fmt: skip
    """Ask for the spans and the thread of each line, and lock that when it is committed.

    A lesson's question needs only its name. For one of your own give the messages and the
    spans to choose from, outermost first: `"work › sub_task"`. With `run` the reader's
    commit runs the program and shows the result at once; else `show(trace)` does.

    What was answered is kept when the cell runs again: `reset(name)` forgets it.

    >>> predict("mine", ["hello"], spans=["work"]).answer("hello", "work", "main").commit()
    You committed to these answers:
      1 hello             work · main
    Go on to the next cell: what happened is no longer locked.
    """
    asked = own_question(name, messages, spans, threads) if messages else question(name)
    mine = _open.get(name)
    if mine is None or mine.question != asked:
        mine = _open[name] = Prediction(asked)
    mine.run = run
    mine.refresh(again=True)
    return mine


def refresh(name: str | None = None) -> None:
    """Bring what is on the screen up to date, for one name or for all."""
    for known, prediction in _open.items():
        if name in (None, known):
            prediction.refresh()


class Prediction:
    """One question and the reader's answers to it; a notebook shows it with buttons."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.run: Make | None = None
        self._here: Shown | None = None  # what happened, shown with the question itself
        self._elsewhere: WeakSet[Shown] = WeakSet()
        self._form: Any = None

    @property
    def kept(self) -> Kept:
        """What was answered, as far as it is an answer to this question."""
        mine, fit = kept(self.question.name), {}
        for line in self.question.lines:
            spans, thread = mine.lines.get(line.key, ["", ""])
            pair = [spans if spans in [*line.spans, NOT_SURE] else "",
                    thread if thread in [*self.question.threads, NOT_SURE] else ""]  # fmt: skip
            fit[line.key] = pair if self.question.threads else [pair[0], ""]
        mine.lines = fit
        mine.committed = mine.committed and not self.missing(fit)
        return mine

    def missing(self, lines: Mapping[str, Sequence[str]]) -> list[str]:
        """List the messages that still lack an answer."""
        parts = 2 if self.question.threads else 1
        return [line.message for line in self.question.lines if not all(lines[line.key][:parts])]

    def answer(self, line: str | int, spans: Any, thread: str = "") -> Prediction:
        """Answer for one line, given by its message or its number; "not sure" is an answer too.

        Raises `UsageError` after `commit`, and for what cannot be chosen.
        """
        asked, mine = self._line(line), self.kept
        if mine.committed:
            name = self.question.name
            raise UsageError(f"you have committed, so this is locked. Write: reset({name!r})")
        before = mine.lines[asked.key]
        chosen = _one_of([*asked.spans, NOT_SURE], NOT_SURE if spans is None else tidy(spans))
        threads = [*self.question.threads, NOT_SURE]
        mine.lines[asked.key] = [chosen, _one_of(threads, thread) if thread else before[1]]
        self.refresh()
        return self

    def commit(self) -> Prediction:
        """Lock the answers; with `run`, run the program. `UsageError` if one is missing."""
        mine = self.kept
        if missing := self.missing(mine.lines):
            example = f'.answer({missing[0]!r}, "not sure", "not sure")'
            if not self.question.threads:
                example = f'.answer({missing[0]!r}, "not sure")'
            raise UsageError(
                f"every line needs an answer before you commit, and {len(missing)} of "
                f"{len(mine.lines)} have none or half of one. Write: {example}"
            )
        mine.committed = True
        self.refresh(again=True)
        return self

    def show(self, trace: Trace | Make) -> Shown:
        """Show what happened against what was predicted; locked until `commit`.

        `trace` may be a function that makes one: it is called after the commit.
        """
        if not isinstance(trace, Trace) and not callable(trace):
            raise UsageError(f"show() needs a trace, got {trace!r:.60}. Write: .show(run(main()))")
        shown = Shown(self, trace)
        self._elsewhere.add(shown)
        return shown

    def refresh(self, again: bool = False) -> None:
        """Bring what is on the screen up to date; `again` runs the program again."""
        mine = self.kept
        if not mine.committed or self.run is None:
            self._here = None
        elif again or self._here is None:
            self._here = Shown(self, self.run())
        if self._form is not None:
            self._form.said = _said(mine)
            self._form.state = self._state()
        for shown in list(self._elsewhere):
            shown.refresh()

    def __repr__(self) -> str:
        mine, (wide, rows) = self.kept, (self._width(), [])
        for line in self.question.lines:
            said = " · ".join(filter(None, mine.lines[line.key]))
            if not mine.committed:
                choices = filter(None, [line.spans, self.question.threads])
                free = "   ".join(f"[{' | '.join(each)}]" for each in choices)
                said = f"you: {said}" if said else free
            rows.append(f"  {line.number} {visible(line.message):{wide}} {said}")
        if mine.committed:
            after = "Go on to the next cell: what happened is no longer locked."
            return "\n".join(["You committed to these answers:", *rows, str(self._here or after)])
        return "\n".join([self._title(), *rows, self._how()])

    def _width(self) -> int:
        return max(17, *(len(visible(line.message)) for line in self.question.lines))

    def _how(self) -> str:
        first = self.question.lines[0]
        example = [first.message, first.spans[0], *self.question.threads[:1]]
        on = f"predict({self.question.name!r})" if first.answer else "the prediction"
        return (
            f'"not sure" is an answer too. Write on {on}:\n'
            f"  .answer({', '.join(map(repr, example))})   one per line, then .commit()"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self._form is None:
            try:
                self._form = live(
                    "spanlab.lesson",
                    "predict",
                    "lesson",
                    self._state(),
                    _said(self.kept),
                    self._hear,
                )
            except MissingPackage:
                return bundle(None, f"{self!r}\n{INSTALL}")
        return bundle(self._form, repr(self))

    def _title(self) -> str:
        return ASK % (", and which thread" if self.question.threads else "")

    def _state(self) -> dict[str, Any]:
        lines = [
            {
                "number": line.number,
                "key": line.key,
                "message": visible(line.message),
                "spans": list(line.spans),
            }
            for line in self.question.lines
        ]
        result = self._here.state() if self._here else None
        asked = {"title": self._title(), "lines": lines, "threads": list(self.question.threads)}
        return {**asked, "runs": self.run is not None, "result": result, "error": ""}

    def _hear(self, said: Mapping[str, Any]) -> None:
        """Take over what the reader chose in the browser."""
        mine, answers = self.kept, said.get("answers")
        if said == _said(mine) or not isinstance(answers, dict):
            return
        before, mine.committed = mine.committed, bool(said.get("committed"))
        if not (before and mine.committed):  # what is committed is locked
            mine.lines = {key: list(map(str, pair)) for key, pair in answers.items()}
        try:
            self.refresh(again=self.kept.committed and not before)
        except Exception as error:  # the program is the reader's: the page shows what went wrong
            self._form.state = {**self._state(), "error": f"{type(error).__name__}: {error}"}

    def _line(self, line: str | int) -> Line:
        for each in self.question.lines:
            if line in (each.key, each.number):
                return each
        known = ", ".join(f"{each.number} or {each.key!r}" for each in self.question.lines)
        raise UsageError(f"a line is {known}, got {line!r:.60}")


def _said(mine: Kept) -> dict[str, Any]:
    return {"answers": mine.lines, "committed": mine.committed}


def _one_of(options: Sequence[str], chosen: str) -> str:
    if chosen not in options:
        raise UsageError(f"the choices are {', '.join(map(repr, options))}, got {chosen!r:.60}")
    return chosen


class Shown:
    """What happened, line by line, each a hit or a miss; locked before the commit."""

    def __init__(self, prediction: Prediction, trace: Trace | Make) -> None:
        self._prediction = prediction
        self._trace = trace
        self._card: Any = None

    def state(self) -> dict[str, Any]:
        """Give what is shown, as plain data."""
        mine, asked = self._prediction.kept, self._prediction.question
        if not mine.committed:
            return {
                "locked": "Locked. Commit your prediction first, then this shows what happened."
            }
        if not isinstance(self._trace, Trace):
            self._trace = self._trace()
        rows = list(marked(asked, mine.lines, self._trace))
        return {"summary": summary(asked, rows), "rows": rows}

    def refresh(self) -> None:
        """Bring the card on the screen up to date."""
        if self._card is not None:
            self._card.state = {"result": self.state()}

    def __repr__(self) -> str:
        state = self.state()
        if "locked" in state:
            return str(state["locked"])
        texts = [text for row in state["rows"] for text in as_text(row)]
        return "\n".join([f"What happened: {state['summary']}", *texts])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if self._card is None:
            try:
                self._card = live(
                    "spanlab.lesson",
                    "predict",
                    "lesson",
                    {"result": self.state()},
                    {},
                    lambda _: None,
                )
            except MissingPackage:
                return bundle(None, repr(self))
        return bundle(self._card, repr(self))
