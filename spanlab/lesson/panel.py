"""`vary` and `playground`: controls; log and graph, reason and text follow each of them at once.

Everything on a panel is made from one run; a page that chooses quickly gets answers that say
which question they answer.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Self

from spanlab.causes.story import Step
from spanlab.causes.why import Why, why
from spanlab.errors import UsageError
from spanlab.lesson.apart import apart
from spanlab.lesson.card import Card
from spanlab.lesson.program import OPTIONS, Choices, label, main_of, program, texts
from spanlab.tokio.runtime import run
from spanlab.traces import Trace
from spanlab.view.compare import pairs
from spanlab.view.fmt import Log, log
from spanlab.view.graph import graph
from spanlab.view.words import listed, visible

Labelled = Mapping[str, Any] | Iterable[Any]
Options = dict[str, dict[str, Any]]  # the values of each choice, by label
MOST = 200  # lines of the log that are shown
STEPS = 40  # choices between which each step is put into words beforehand
LAST = "performing task"  # the line that the playground is all about


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


def playground(
    maker: str = "tail block", spawner: str = "JoinSet", fix: str = "none",
    runtime: str = "VirtualThreads", workers: int = 16, schedule: str = "default",
) -> Playground:  # fmt: skip
    """Show one small program with everything in it that can be chosen.

    The Rust, the Python, the log, the graph and the reason follow each choice. `workers` and
    `schedule` have no effect on a runtime that has none. `.trace` is the last run, for any other
    view; `.share()` is the call that brings back what is chosen now.

    Raises `UsageError`, with the list, for a choice that there is not.

    >>> playground(fix="in_current_span").pick(spawner="thread").share()
    'playground(maker="tail block", spawner="thread", fix="in_current_span")'
    """
    return Playground(Choices(maker, spawner, fix, runtime, workers, schedule))


class Panel:
    """A program with what can be chosen in it, and its last run; a notebook shows it with controls.

    `picked` has the label of each choice, `trace` the last run, `log` and `figure` what it shows.
    """

    def __init__(self, make: Callable[..., Any], choices: Options, picked: dict[str, str]) -> None:
        self._make, self._choices = make, choices
        self._card = Card("panel", self._state, lambda: {"picked": self.picked}, self._hear)
        self._news = "Choose, say which lines will change, and look."
        self._show(picked)

    def pick(self, **labels: Any) -> Self:
        """Choose as the controls do: `pick(on="CurrentThread()")`, by label."""
        with self._card.lock:
            self._choose(labels)
            self._card.send()
        return self

    def _choose(self, labels: Mapping[str, Any]) -> None:
        """Run the program with other choices; what fails changes nothing."""
        wanted = self.picked | {name: str(label) for name, label in labels.items()}
        if wanted != self.picked:
            before = self.trace
            self._show(wanted)
            self._news = _compared(before, self.trace)

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

    def everything(self) -> dict[str, Any]:
        """Give what is shown for each choice, and what is said of a step from one to another.

        Equal parts are there once: a choice has the places of its own among those of all.
        """
        first, traces, states = dict(self.picked), list[Trace](), dict[str, dict[str, Any]]()
        for labels in self._everything():
            self._show(dict(zip(self._choices, labels, strict=True)))
            traces += [self.trace] if len(traces) <= STEPS else []
            states["\n".join(labels)] = self._state()
        self._show(first)
        near = traces if len(traces) <= STEPS else []
        news = [[_compared(one, other) for other in near] for one in near]
        return {"kind": "panel", "state": self._state(), "news": news, **apart(states)}

    def _everything(self) -> Iterable[Sequence[str]]:
        return product(*self._choices.values())

    def __repr__(self) -> str:
        picked = ", ".join(f"{name} = {label}" for name, label in self.picked.items())
        head = [f"With {picked}:", ""] if picked else []
        return "\n".join([*head, str(self.log), self.figure.alt, "", self.figure.text])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        both = (each._repr_mimebundle_()["text/html"] for each in (self.log, self.figure))
        return self._card.bundle(repr(self), "".join(both))


class Playground(Panel):
    """One program out of many, with its last run, its text, and the reason for its last line."""

    def __init__(self, chosen: Choices) -> None:
        choices = {name: {str(each): each for each in known} for name, known in OPTIONS.items()}
        super().__init__(self._play, choices, {n: str(each) for n, each in vars(chosen).items()})

    def _play(self, **values: Any) -> Trace:
        chosen = Choices(**values)
        main = main_of(chosen.maker, chosen.spawner, chosen.fix)
        trace = run(main(), on=chosen.make_runtime(), level="info")
        self.chosen, self.program = chosen, program(chosen)
        self.reason = why(trace, LAST, rust=self.program["Rust"])
        return trace

    def everything(self) -> dict[str, Any]:
        """Give what is shown for each choice; real threads have no answer that stays."""
        return super().everything() | {"off": texts()["off"]}

    def _everything(self) -> Iterable[Sequence[str]]:
        """List each choice once: where one has no effect, with the first that there is."""
        *rest, runtimes, workers, schedules = map(list, self._choices.values())
        for runtime in runtimes:
            off = texts()["off"].get(runtime, {})
            own = [workers[:1] if "workers" in off else workers,
                   schedules[:1] if "schedule" in off else schedules]  # fmt: skip
            yield from product(*rest, [runtime], *own) if runtime != "OsThreads" else ()

    def share(self) -> str:
        """Write the call that brings back what is chosen now, for a colleague or a lesson."""
        off, usual = self.chosen.off(), vars(Choices())
        given = [
            f"{name}={json.dumps(value)}" for name, value in vars(self.chosen).items()
            if name in ("maker", "spawner", "fix") or (name not in off and value != usual[name])
        ]  # fmt: skip
        return f"playground({', '.join(given)})"

    def _state(self) -> dict[str, Any]:
        (said, at), words = _said(self.reason), texts()
        return super()._state() | {
            "titles": words["title"], "labels": words["label"], "off": self.chosen.off(),
            "said": said, "notes": " ".join(self.chosen.notes()), "share": self.share(),
            "log": self._rows(log(self.trace, file=False, line=False)),
            "sources": [[title, _with_focus(text), at[title]]
                        for title, text in self.program.items()],
        }  # fmt: skip

    def __repr__(self) -> str:
        parts = [self.share(), self.program["Python"], str(self.log).rstrip(), self.figure.alt,
                 self.figure.text, str(self.reason)]  # fmt: skip
        return "\n\n".join(dict.fromkeys(parts))


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


def _said(reason: Why) -> tuple[list[str], dict[str, int]]:
    """Give the sentence, what would change it, Rust first, and the line that is guilty of it."""
    known = {"Rust": reason.rust, "Python": reason.fixes}
    changes = [
        " and ".join(f"`{' '.join(fix.after.split())}` in line {fix.line}" for fix in fixes)
        + f" of the {title}" * bool(reason.rust)
        for title, fixes in known.items()
        if fixes
    ]
    change = f"With {', or '.join(changes)}, it is in {listed(reason.tree)}." if changes else ""
    key = next((step for step in reason.steps if step.key), Step(""))
    return [reason.sentence, change], {"Rust": key.rust[1], "Python": key.line}


def _with_focus(text: str) -> list[str]:
    """Give what stands before `work`, the functions that change, and what stands after them."""
    parts = r"(?ms)(.*?)(^(?:#\[|@)instrument.*?)(\n\n\nfrom .*|\Z)"
    return list(re.findall(parts, text)[0])
