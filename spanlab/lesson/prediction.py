"""`predict(name)`: what will each line of the log be in, and on which thread? Say so, then see.

What happened stays locked until the reader has committed. Then each line shows a hit or a miss,
and beside a miss the misconception behind it. Where there are no widgets the same goes as text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from spanlab.errors import UsageError
from spanlab.lesson.card import Card, Shows
from spanlab.lesson.locked import Then, Told
from spanlab.lesson.marks import as_text, every_mark, marked, summary
from spanlab.lesson.questions import (
    THREADS,
    Line,
    Question,
    own_question,
    question,
    tidy,
    told,
)
from spanlab.traces import Trace
from spanlab.view.words import visible

Make = Callable[[], Trace]
LOCKED = "Locked. Commit your prediction first, then this shows what happened."
UNHEARD = (
    "Committed, but no Python hears it. To open what is locked run this cell and commit again."
)


@dataclass
class Kept:
    """The answers to one question, by the key of the line: its spans and its thread."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    committed: bool = False


store: defaultdict[str, Kept] = defaultdict(Kept)  # by the name of the question
_open: dict[str, Prediction] = {}  # one per name: a cell that is run again finds its own


def predict(
    name: str, messages: Iterable[str] = (), spans: Sequence[str] = (),
    threads: Sequence[str] = THREADS, *, ask: int | None = None,
) -> Prediction:  # fmt: skip
    """Ask for the spans and the thread of each line, and lock that when it is committed.

    A lesson's question needs only its name. For one of your own give the messages and the
    spans to choose from, outermost first: `"work › sub_task"`. `ask=3` asks for the spans of
    line 3 alone, for a room that votes. `show(trace)` shows what happened, and `then(graph, trace)`
    any view of it; both are locked until the commit.

    What was answered is kept when the cell runs again: `reset(name)` forgets it.

    >>> predict("mine", ["hello"], spans=["work"]).answer("hello", "work", "main").commit()
    You committed to these answers:
      1 hello             work · main
    Go on to the next cell: what happened is no longer locked.
    """
    asked = own_question(name, messages, spans, threads) if messages else question(name)
    asked = asked if ask is None else asked.alone(ask)
    mine = _open.get(name)
    if mine is None or mine.question != asked:
        mine = _open[name] = Prediction(asked)
    mine.refresh()
    return mine


def refresh() -> None:
    """Bring all that is on the screen up to date."""
    for prediction in _open.values():
        prediction.refresh()


class Prediction(Shows):
    """One question and the reader's answers to it; a notebook shows it with buttons."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.room: Mapping[str, int] = {}  # what it said
        self._shown: WeakSet[Shown] = WeakSet()
        self._ended = False  # as the notebook keeps it
        self.card = Card("predict", self._state, self._said, self._hear)

    @property
    def kept(self) -> Kept:
        """What was answered, as far as it is an answer to this question."""
        mine, asked, fit = store[self.question.name], self.question, {}
        for line in asked.lines:
            said = zip(mine.lines.get(line.key, ["", ""]), asked.choices(line), strict=False)
            fitting = [each if each in known else "" for each, known in said]
            fit[line.key] = [*fitting, ""][:2]
        mine.lines = fit
        mine.committed = mine.committed and not self._missing(mine)
        return mine

    def _missing(self, mine: Kept) -> list[str]:
        """List the messages that still lack an answer."""
        parts = 2 if self.question.threads else 1
        lines = self.question.lines
        return [line.message for line in lines if not all(mine.lines[line.key][:parts])]

    def answer(self, line: str | int, spans: Any, thread: str = "") -> Prediction:
        """Answer for one line, given by its message or its number; "not sure" is an answer too.

        Raises `UsageError` after `commit`, and for what cannot be chosen.
        """
        asked, mine = self._line(line), self.kept
        if mine.committed:
            name = self.question.name
            raise UsageError(f"you have committed, so this is locked. Write: reset({name!r})")
        said = [tidy(spans), thread or mine.lines[asked.key][1]]
        for each, known in zip(said, [*self.question.choices(asked), [""]], strict=False):
            if each and each not in known:
                raise UsageError(f"the choices are {', '.join(map(repr, known))}, got {each!r:.60}")
        mine.lines[asked.key], self.room = said, {}
        self.refresh()
        return self

    def commit(self) -> Prediction:
        """Lock the answers, and open what happened. `UsageError` if an answer is missing."""
        mine = self.kept
        if missing := self._missing(mine):
            parts = [repr(missing[0]), '"not sure"', '"not sure"']
            raise UsageError(
                f"every line needs an answer before you commit, and {len(missing)} of "
                f"{len(mine.lines)} have none or half of one. "
                f"Write: .answer({', '.join(parts if self.question.threads else parts[:2])})"
            )
        mine.committed = True
        self.refresh()
        return self

    def votes(self, counts: Mapping[str, int]) -> Prediction:
        """Enter what a room said to the one line of `ask=`, and commit to what most said.

        >>> question = predict("mine", ["a"], ["work"], []).votes({"work": 7, "no span": 2})
        >>> question.kept.lines
        {'a': ['work', '']}
        """
        most = max(counts, key=lambda said: counts[said], default="")
        self.answer(self.question.lines[0].key, most).room = counts
        return self.commit()

    def then(self, view: Any, *given: Any, **more: Any) -> Then:
        """Call `view` with the rest once the prediction is committed; until then it is locked."""
        return self._then(lambda: view(*given, **more))

    def tell(self, part: str) -> Then:
        """Show a text of the lesson that says what happened; locked until the commit."""
        return self._then(lambda: Told(told(self.question.name, part)))

    def _then(self, make: Callable[[], Any]) -> Then:
        return Then(self.question.name, lambda: self.kept.committed, make)

    def show(self, trace: Trace | Make) -> Shown:
        """Show what happened against what was predicted; locked until `commit`.

        `trace` may be a function that makes one: it is called after the commit.
        """
        if not isinstance(trace, Trace) and not callable(trace):
            raise UsageError(f"show() needs a trace, got {trace!r:.60}. Write: .show(run(main()))")
        shown = Shown(self, trace)
        self._shown.add(shown)
        return shown

    def known(self) -> dict[str, Any]:
        """Give the question's name, and what is said where no Python hears of the commit."""
        return {"question": self.question.name, "after": UNHEARD}

    def everything(self) -> dict[str, Any]:
        """Give all that a page without Python needs: nothing else is ever answered."""
        return {"kind": "predict", "state": self._state(), "said": self._said(), **self.known(),
                "after": "Committed. What was locked below is open."}  # fmt: skip

    def refresh(self) -> None:
        """Bring what is on the screen up to date; what a commit has changed is kept."""
        if self.card.widget is not None:
            self.card.widget.said = self._said()
        ended, self._ended = self._ended, self.kept.committed
        for each in [self, *self._shown]:
            each.card.send()
            if ended != self._ended:
                each.keep()

    def __repr__(self) -> str:
        mine, rows = self.kept, []
        wide = max(17, *(len(visible(line.message)) for line in self.question.lines))
        for line in self.question.lines:
            said = " · ".join(filter(None, mine.lines[line.key]))
            if not mine.committed:
                free = (f"[{' | '.join(each[:-1])}]" for each in self.question.choices(line))
                said = f"you: {said}" if said else "   ".join(free)
            rows.append(f"  {line.number} {visible(line.message):{wide}} {said}")
        if mine.committed:
            after = "Go on to the next cell: what happened is no longer locked."
            return "\n".join(["You committed to these answers:", *rows, after])
        return "\n".join([self._title(), *rows, self._how()])

    def _how(self) -> str:
        first, name = self.question.lines[0], self.question.name
        example = [first.message, first.spans[0], *self.question.threads[:1]]
        on = f"predict({name!r})" if first.answer else "the prediction"
        answer = f"  .answer({', '.join(map(repr, example))})   one per line, then .commit()"
        return f'"not sure" is an answer too. Write on {on}:\n{answer}'

    def _title(self) -> str:
        thread = ", and which thread" if self.question.threads else ""
        return f"Before you run it: for each line, which spans{thread}?"

    def _state(self) -> dict[str, Any]:
        lines = [
            {"number": line.number, "key": line.key, "message": visible(line.message),
             "choices": self.question.choices(line)} for line in self.question.lines
        ]  # fmt: skip
        return {"title": self._title(), "lines": lines, "error": ""}

    def _said(self) -> dict[str, Any]:
        mine = self.kept
        return {"answers": mine.lines, "committed": mine.committed}

    def _hear(self, said: Mapping[str, Any]) -> None:
        """Take over what the reader chose in the browser."""
        answers = said.get("answers")
        if said == self._said() or not isinstance(answers, dict):
            return
        mine = self.kept
        before, mine.committed = mine.committed, bool(said.get("committed"))
        if not (before and mine.committed):  # what is committed is locked
            mine.lines = {key: list(map(str, pair)) for key, pair in answers.items()}
        self.refresh()

    def _line(self, line: str | int) -> Line:
        for each in self.question.lines:
            if line in (each.key, each.number):
                return each
        known = ", ".join(f"{each.number} or {each.key!r}" for each in self.question.lines)
        raise UsageError(f"a line is {known}, got {line!r:.60}")


class Shown(Shows):
    """What happened, line by line, each a hit or a miss; locked before the commit."""

    def __init__(self, prediction: Prediction, trace: Trace | Make) -> None:
        self._prediction, self._trace = prediction, trace
        self.card = Card("predict", lambda: {"result": self.state()})

    def state(self) -> dict[str, Any]:
        """Give what is shown, as plain data."""
        mine, asked = self._prediction.kept, self._prediction.question
        if not mine.committed:
            return {"locked": LOCKED}
        if not isinstance(self._trace, Trace):
            self._trace = self._trace()
        rows = list(marked(asked, mine.lines, self._trace))
        room = ", ".join(f"{said} {count}" for said, count in self._prediction.room.items())
        said = summary(asked, rows) + (f" · the room said: {room}" if room else "")
        return {"summary": said, "rows": rows}

    def known(self) -> dict[str, Any]:
        """Give, of each line, what is shown for each answer to it, once there is a trace."""
        asked, trace = self._prediction.question, self._trace
        marks = {"marks": every_mark(asked, trace)} if isinstance(trace, Trace) else {}
        return {"of": asked.name, **marks}

    def everything(self) -> dict[str, Any]:
        """Give what is shown before the commit, and after it whatever was answered."""
        if not isinstance(self._trace, Trace):
            self._trace = self._trace()
        return {"kind": "predict", "state": {"result": {"locked": LOCKED}}, **self.known()}

    def __repr__(self) -> str:
        state = self.state()
        if "locked" in state:
            return LOCKED
        texts = [text for row in state["rows"] for text in as_text(row)]
        return "\n".join([f"What happened: {state['summary']}", *texts])
