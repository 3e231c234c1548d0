"""`vary`: controls of a program; its log and its graph follow each of them.

Everything on a panel is made from one run; a page that chooses quickly gets answers that say
which question they answer.
"""

from __future__ import annotations

import inspect
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Self

from spanlab.errors import UsageError
from spanlab.lesson.card import Card, Shows
from spanlab.lesson.program import label
from spanlab.tokio.runtime import run
from spanlab.traces import Trace
from spanlab.view.compare import pairs
from spanlab.view.fmt import Log, log
from spanlab.view.graph import graph
from spanlab.view.words import listed, visible

Labelled = Mapping[str, Any] | Iterable[Any]
Options = dict[str, dict[str, Any]]  # the values of each choice, by label
Seen = tuple[Trace, list[tuple[str, str]]]  # a run, and the parts of what was shown of it
MOST = 200  # lines of the log that are shown
STEPS = 40  # choices between which each step is put into words beforehand
KEPT = 12  # choices that a saved notebook knows: those that were looked at last
UNSEEN = (
    "Nobody looked at this choice before the notebook was saved. To see it run this cell again."
)


def vary(make: Callable[..., Any], /, **choices: Labelled) -> Panel:
    """Show log and graph of a program, and a control for each of the `choices`.

    `make` gets one of each by name, and gives a future or a trace. The choice `on` is the
    runtime, unless `make` takes it. Choices are a list, a range, or a dictionary by label;
    what comes first is chosen at first.

    >>> async def main(n):
    ...     info("hello", n=n)
    >>> print(vary(main, n=range(1, 9)).pick(n=3).log, end="")
       INFO  hello, n: 3
        at ...:2 on ThreadId(1)
    <BLANKLINE>
    """
    if not callable(make):
        raise UsageError(
            f"vary() needs a function, got {make!r:.60}. Write: vary(main, on=[CurrentThread()])"
        )
    labelled = {name: _labelled(name, each) for name, each in choices.items()}
    return Panel(make, labelled, {name: next(iter(each)) for name, each in labelled.items()})


class Panel(Shows):
    """A program with what can be chosen in it, and its last run; a notebook shows it with controls.

    `picked` has the label of each choice, `trace` the last run, `log` and `figure` what it shows.
    """

    def __init__(self, make: Callable[..., Any], choices: Options, picked: dict[str, str]) -> None:
        self._make, self._choices = make, choices
        self.card = Card(
            "panel", self._state, lambda: {"picked": self.picked}, self._hear, self.keep
        )
        self._seen = dict[str, Seen]()  # what was shown, by its labels
        self._news = "Choose, say which lines will change, and look."
        self._compared = lru_cache(STEPS * STEPS)(_compared)  # a notebook keeps them each time
        self._show(picked)

    def pick(self, **labels: Any) -> Self:
        """Choose as the controls do: `pick(on="CurrentThread()")`, by label."""
        with self.card.lock:
            self._choose(labels)
            self.card.send()
            self.keep()
        return self

    def _choose(self, labels: Mapping[str, Any]) -> None:
        """Run the program with other choices; what fails changes nothing."""
        wanted = self.picked | {name: str(label) for name, label in labels.items()}
        if wanted != self.picked:
            before = self.trace
            self._show(wanted)
            self._news = self._compared(before, self.trace)

    def _show(self, picked: dict[str, str]) -> None:
        for name, wanted in picked.items():
            known = self._choices.get(name)
            if known is None or wanted not in known:
                names = ", ".join(map(repr, known or self._choices))
                what = f"choices of {name!r} are" if known else "controls are"
                raise UsageError(f"the {what} {names}, got {wanted if known else name!r:.60}")
        trace = self._run({name: self._choices[name][each] for name, each in picked.items()})
        self.log, self.figure = log(trace), graph(trace)
        self.trace, self.picked = trace, picked
        self._seen[self._key()] = trace, list(_parts("", self._state()))

    def _key(self) -> str:
        return "\n".join(self.picked.values())

    def _run(self, values: dict[str, Any]) -> Trace:
        takes = inspect.signature(self._make).parameters.values()
        own = any(each.name == "on" or each.kind is each.VAR_KEYWORD for each in takes)
        on = None if own else values.pop("on", None)
        made = self._make(**values)
        if isinstance(made, Trace) and on is not None:
            raise UsageError(
                "the choice on= needs a function that takes it, or that gives a future. "
                "Write: vary(lambda on: run(main(), on=on), on=[CurrentThread()])"
            )
        return made if isinstance(made, Trace) else run(made, on=on)

    def _hear(self, said: Mapping[str, Any]) -> None:
        self._choose(dict(said.get("picked", {})))

    def _state(self) -> dict[str, Any]:
        figure = {part: getattr(self.figure, part) for part in ("svg", "alt", "text", "missing")}
        return {
            "turn": "", "error": "", "picked": self.picked, "said": ["", self._news],
            "controls": [[name, list(options)] for name, options in self._choices.items()],
            "log": self._rows(self.log), "more": len(self.log.entries[MOST:]), "graph": figure,
        }  # fmt: skip

    def _rows(self, printed: Log) -> list[dict[str, Any]]:
        places = self.trace.ran
        same = map(str, log(self.trace, file=False, line=False).entries)
        return [
            {"number": entry.number, "thread": entry.on_thread, "hue": places[entry.thread],
             "before": _shown(entry.before), "after": _shown(entry.after.rstrip()),
             "same": _shown(next(same))}
            for entry in printed.entries[:MOST]
        ]  # fmt: skip

    def known(self) -> dict[str, Any]:
        """Give what was looked at so far, of which a saved notebook goes on to know."""
        kept = dict(list(self._seen.items())[-KEPT:])
        return _packed(kept) | {"news": self._steps(kept), "unknown": UNSEEN}

    def _steps(self, seen: Mapping[str, Seen]) -> list[list[str]]:
        """Say what each step from one choice to another does, where they are few."""
        near = [trace for trace, _ in seen.values()] if len(seen) <= STEPS else []
        return [[self._compared(one, other) for other in near] for one in near]

    def everything(self) -> dict[str, Any]:
        """Give what is shown for each choice, and what is said of a step from one to another."""
        first, self._seen = dict(self.picked), {}
        for labels in self._everything():
            self._show(dict(zip(self._choices, labels, strict=True)))
        every = _packed(self._seen) | {"news": self._steps(self._seen)}
        self._show(first)
        unknown = "Real threads run otherwise each time, so this choice needs Python."
        shown = {"state": self._state(), "html": self.still(), "unknown": unknown}
        return {"kind": "panel", **shown, **every}

    def _everything(self) -> Iterable[Sequence[str]]:
        return product(*self._choices.values())

    def __repr__(self) -> str:
        picked = ", ".join(f"{name} = {label}" for name, label in self.picked.items())
        head = [f"With {picked}:", ""] if picked else []
        return "\n".join([*head, str(self.log), self.figure.alt, "", self.figure.text])

    def still(self) -> str:
        """Write log and graph."""
        both = (each._repr_mimebundle_()["text/html"] for each in (self.log, self.figure))
        return "".join(both)


def _packed(seen: Mapping[str, Seen]) -> dict[str, Any]:
    """Pack states: equal parts are there once, and each has the places of its own."""
    known, columns = defaultdict[str, dict[str, int]](dict), defaultdict[str, list[int]](list)
    for at, (_, parts) in enumerate(seen.values()):
        for place, text in parts:
            number = known[place].setdefault(text, len(known[place]))
            columns[place] += [0] * (at - len(columns[place])) + [number]
    return {
        "keys": list(seen),
        "columns": {part: at for part, at in columns.items() if len(known[part]) > 1},
        "parts": {part: list(map(json.loads, texts)) for part, texts in known.items()},
    }  # fmt: skip


def _parts(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """Take apart what has one shape in every state; what is picked stands in the key."""
    each_of = value.items() if isinstance(value, dict) and not place else enumerate(value)
    for name, part in each_of:
        here = f"{place}/{name}".lstrip("/")
        if isinstance(part, list) and name != "log":
            yield from _parts(here, part)
        elif name != "picked":
            yield here, json.dumps(part, ensure_ascii=False)


def _labelled(name: str, choices: Labelled) -> dict[str, Any]:
    each_of = () if isinstance(choices, str) else choices
    options = each_of if isinstance(each_of, Mapping) else {label(each): each for each in each_of}
    if not options:
        raise UsageError(
            f"the choices of {name!r} are a list, a range or a dictionary, got {choices!r:.60}. "
            f"Write: vary(main, {name}=[1, 2, 4])"
        )
    return {str(name): value for name, value in options.items()}


def _shown(text: str) -> str:
    return "\n".join(visible(line, 10_000) for line in text.split("\n"))


def _compared(before: Trace, after: Trace) -> str:
    """Say in one sentence what the last change did to the lines of the log."""
    found = list(pairs(after, before))
    both = [(pair, line) for pair in found if (line := pair.bug) and pair.fixed]
    threads = [line.message for pair, line in both if pair.elsewhere]
    moves = defaultdict[str, list[str]](list)
    for (_, old), new in both:
        if old and old.scope != new.scope:
            moves[f"from {listed(old.scope)} to {listed(new.scope)}"].append(new.message)
    spans = [f"{_listed(texts)} moved {move}" for move, texts in moves.items()]
    said = [f"{_listed(threads)} moved to another thread" if threads else "no thread changed"]
    said += spans[:3] or ["no spans changed"]
    came, went = (sum(pair[side] is None for pair in found) for side in (1, 0))
    order = [] if came or went else [pair.fixed.number for pair in found if pair.fixed]
    said += [f"{came} new, {went} gone"] if came or went else []
    said += ["the order of the lines changed"] if order != sorted(order) else []
    return f"Compared with before: {'; '.join(said)}."


def _listed(messages: Sequence[str]) -> str:
    shown = Counter(visible(message).replace("`", "'") for message in messages)
    names = [f"“{text}”" + (f" (×{times})" if times > 1 else "") for text, times in shown.items()]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
