"""`vary(main, on=[…])`: controls for "Change it"; log and graph follow each of them at once."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spanlab.errors import MissingPackage, UsageError
from spanlab.tokio.runtime import Runtime, run
from spanlab.traces import Trace
from spanlab.view.fmt import Entry, log
from spanlab.view.graph import graph
from spanlab.view.live import INSTALL, bundle, live
from spanlab.view.words import visible

Choices = Mapping[str, Any] | Iterable[Any]
BUTTONS = 6  # more choices than that are a slider
MOST = 200  # lines of the log that are shown


def vary(make: Callable[..., Any], /, **choices: Choices) -> Panel:
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
    return Panel(make, {name: _labelled(name, each) for name, each in choices.items()})


class Panel:
    """A program with what can be changed in it; a notebook shows it with controls."""

    def __init__(self, make: Callable[..., Any], choices: dict[str, dict[str, Any]]) -> None:
        self._make = make
        self._choices = choices
        self.picked = {name: next(iter(options)) for name, options in choices.items()}
        self._widget: Any = None
        self._draw()

    def pick(self, **labels: Any) -> Panel:
        """Choose as the controls do: `pick(on="CurrentThread()")`, by label."""
        wanted = {name: str(label) for name, label in labels.items()}
        for name, label in wanted.items():
            known = self._choices.get(name)
            if known is None or label not in known:
                choices = ", ".join(map(repr, known or self._choices))
                what = f"choices of {name!r} are" if known else "controls are"
                raise UsageError(f"the {what} {choices}, got {label if known else name!r:.60}")
        if wanted.items() - self.picked.items():
            before, self.picked = self.picked, self.picked | wanted
            try:
                self._draw()
            except BaseException:
                self.picked = before
                raise
            if self._widget is not None:
                self._widget.said = dict(self.picked)
                self._widget.state = self._state()
        return self

    def _draw(self) -> None:
        values = {name: self._choices[name][label] for name, label in self.picked.items()}
        takes = inspect.signature(self._make).parameters
        every = any(each.kind is each.VAR_KEYWORD for each in takes.values())
        on = {} if every or "on" in takes else {"on": values.pop("on", None)}
        made = self._make(**values)
        trace = made if isinstance(made, Trace) else run(made, **on)
        if trace is made and on.get("on") is not None:
            raise UsageError(
                "the choice on= needs a function that takes it, or that gives a future. "
                "Write: vary(lambda on: run(main(), on=on), on=[CurrentThread()])"
            )
        before = getattr(self, "trace", None)
        self.trace, self.log, self.figure = trace, log(trace), graph(trace)
        self._news = _compared(before, trace) if before is not None else ""

    def _hear(self, said: Mapping[str, Any]) -> None:
        wanted = {str(name): str(label) for name, label in said.items()}
        try:
            self.pick(**wanted)
            self._widget.state = self._state()  # also where an error goes by choosing back
        except Exception as error:  # the program is the reader's: the page shows what went wrong
            self._widget.state = {**self._state(), "error": f"{type(error).__name__}: {error}"}

    def _state(self) -> dict[str, Any]:
        controls = [
            {"name": name, "labels": list(options), "slider": len(options) > BUTTONS}
            for name, options in self._choices.items()
        ]
        entries, places = self.log.entries, self.trace.ran
        lines = [_plain(entry, places[entry.thread]) for entry in entries[:MOST]]
        figure = {"svg": self.figure.svg, "alt": self.figure.alt, "text": self.figure.text,
                  "missing": self.figure.missing}  # fmt: skip
        return {"controls": controls, "log": lines, "more": len(entries[MOST:]), "graph": figure,
                "news": self._news, "error": ""}  # fmt: skip

    def __repr__(self) -> str:
        picked = ", ".join(f"{name} = {label}" for name, label in self.picked.items())
        head = [f"With {picked}:", ""] if picked else []
        return "\n".join([*head, str(self.log), self.figure.alt, "", self.figure.text])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        html = "".join(each._repr_mimebundle_()["text/html"] for each in (self.log, self.figure))
        if self._widget is None:
            try:
                self._widget = live(
                    "spanlab.lesson", "vary", "lesson", self._state(), self.picked, self._hear
                )
            except MissingPackage:
                return bundle(None, f"{self!r}\n\n{INSTALL}", html)
        return bundle(self._widget, repr(self), html)


def _labelled(name: str, choices: Choices) -> dict[str, Any]:
    options = (
        dict(choices) if isinstance(choices, Mapping)
        else {_label(each): each for each in choices} if not isinstance(choices, str) else {}
    )  # fmt: skip
    if not options:
        raise UsageError(
            f"the choices of {name!r} are a list, a range or a dictionary, got {choices!r:.60}. "
            f"Write: vary(main, {name}=[1, 2, 4])"
        )
    return {str(label): value for label, value in options.items()}


def _label(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Runtime):
        return repr(value).replace(", Schedule()", "")
    return str(getattr(value, "__name__", None) or repr(value))


def _plain(entry: Entry, hue: int) -> dict[str, Any]:
    return {"number": entry.number, "before": _shown(entry.before), "thread": entry.on_thread,
            "after": _shown(entry.after.rstrip()), "hue": hue}  # fmt: skip


def _shown(text: str) -> str:
    return "\n".join(visible(line, 10_000) for line in text.split("\n"))


def _compared(before: Trace, after: Trace) -> str:
    """Say in one sentence what the last change did to the lines of the log."""
    old, new = (dict(_lines(trace)) for trace in (before, after))
    same = old.keys() & new.keys()
    threads = [message for message in new if message in same and old[message][0] != new[message][0]]
    spans = [message for message in new if message in same and old[message][1] != new[message][1]]
    said = [f"{_listed(threads)} moved to another thread" if threads else "no thread changed",
            f"{_listed(spans)} changed spans" if spans else "no spans changed"]  # fmt: skip
    came, went = len(new.keys() - same), len(old.keys() - same)
    said += [f"{came} new, {went} gone"] if came or went else []
    if list(old) != list(new) and old.keys() == new.keys():
        said.append("the order of the lines changed")
    return "Compared with before: " + "; ".join(said) + "."


def _lines(trace: Trace) -> Iterable[tuple[tuple[str, int], tuple[int, tuple[str, ...]]]]:
    seen: dict[str, int] = {}
    for event in trace.events:
        seen[event.message] = seen.get(event.message, 0) + 1
        yield (event.message, seen[event.message]), (event.thread, trace.scope(event))


def _listed(keys: list[tuple[str, int]]) -> str:
    counts = Counter(message for message, _ in keys)
    names = [f"“{visible(text)}”" + (f" (×{n})" if n > 1 else "") for text, n in counts.items()]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
