"""`playground()`: choose how a future is made, who runs it and where, and see which spans it gets.

Everything on the panel is made from one run of one program; a page that chooses quickly gets
answers that say which question they answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from threading import RLock
from typing import Any

from spanlab.causes.why import Why, why
from spanlab.errors import MissingPackage, UsageError
from spanlab.lesson.program import OPTIONS, Choices, main_of, program, texts
from spanlab.tokio.runtime import run
from spanlab.view.fmt import Entry, log
from spanlab.view.graph import graph
from spanlab.view.live import INSTALL, bundle, live
from spanlab.view.words import visible

LAST = "performing task"  # the line that it is all about


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


class Playground:
    """One program out of many, with its last run; a notebook shows it with controls."""

    def __init__(self, picked: Choices) -> None:
        self._lock = RLock()  # choices come from the page's thread and from the reader's cells
        self._widget: Any = None
        self._draw(picked)

    def pick(self, **choices: Any) -> Playground:
        """Choose as the controls do: `pick(spawner="await", fix="none")`."""
        if unknown := sorted(choices.keys() - OPTIONS.keys()):
            known = ", ".join(OPTIONS)
            raise UsageError(f"the controls are {known}, got {unknown[0]!r:.60}")
        with self._lock:
            self._draw(replace(self.picked, **choices))
            if self._widget is not None:
                self._widget.state = self._state("")
        return self

    def share(self) -> str:
        """Write the call that brings back what is chosen now, for a colleague or a lesson."""
        off, usual = self.picked.off(), asdict(Choices())
        given = [
            f"{name}={json.dumps(value)}" for name, value in asdict(self.picked).items()
            if name in ("maker", "spawner", "fix") or (name not in off and value != usual[name])
        ]  # fmt: skip
        return f"playground({', '.join(given)})"

    def _draw(self, picked: Choices) -> None:
        main = main_of(picked.maker, picked.spawner, picked.fix)
        runtime = picked.make_runtime()
        self.trace = run(main(), on=runtime, level="info")
        self.picked, self.program = picked, program(**asdict(picked))
        self.log, self.figure = log(self.trace), graph(self.trace)
        self.reason = why(self.trace, LAST)

    def _hear(self, said: Mapping[str, Any]) -> None:
        """Follow the page. It may say anything: what cannot be chosen changes nothing."""
        with self._lock:
            error, turn = "", str(said.get("turn", ""))[:40]
            try:
                self._draw(Choices(**dict(said.get("picked", {}))))
            except Exception as wrong:  # the page has to get an answer, or it would wait for one
                error = f"{type(wrong).__name__}: {wrong}"
            self._widget.state = self._state(turn) | {"error": error}

    def _state(self, turn: str) -> dict[str, Any]:
        places, words = self.trace.ran, texts()
        figure, short = self.figure, log(self.trace, file=False, line=False)
        controls = [
            {"name": name, "title": words["title"][name],
             "options": [[value, words["label"].get(str(value), str(value))] for value in values]}
            for name, values in OPTIONS.items()
        ]  # fmt: skip
        return {
            "turn": turn, "controls": controls, "picked": asdict(self.picked), "error": "",
            "off": self.picked.off(), "notes": self.picked.notes(), "share": self.share(),
            "rust": _with_focus(self.program.rust), "python": _with_focus(self.program.python),
            "log": [_row(entry, places[entry.thread]) for entry in short.entries],
            "graph": {"svg": figure.svg, "alt": figure.alt, "text": figure.text,
                      "missing": figure.missing},
            "reason": _said(self.reason),
        }  # fmt: skip

    def __repr__(self) -> str:
        parts = [self.share(), self.program.python, str(self.log).rstrip(), self.figure.alt,
                 self.figure.text, str(self.reason)]  # fmt: skip
        return "\n\n".join(dict.fromkeys(parts))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        html = "".join(each._repr_mimebundle_()["text/html"] for each in (self.log, self.figure))
        with self._lock:
            if self._widget is None:
                try:
                    said = {"turn": "", "picked": asdict(self.picked)}
                    self._widget = live(
                        "spanlab.lesson", "playground", "lesson", self._state(""), said, self._hear
                    )
                except MissingPackage:
                    return bundle(None, f"{self!r}\n\n{INSTALL}", html)
        return bundle(self._widget, repr(self), html)


def _said(reason: Why) -> dict[str, Any]:
    """Give the sentence, the line that is guilty of it, and what would change it."""
    guilty = [step.line for step in reason.steps if step.key]
    changes = [
        f"`{' '.join(change.after.split())}` in line {change.line}" for change in reason.fixes
    ]
    spans = " < ".join(f"`{name}`" for name in reason.tree) or "no span"
    change = f"With {' and '.join(changes)} it is in {spans}." if changes else ""
    return {"sentence": reason.sentence, "line": guilty[0] if guilty else 0, "change": change}


def _with_focus(text: str) -> list[str]:
    """Give what stands before `work`, the functions that change, and what stands after them."""
    start = re.search(r"^(#\[|@)instrument", text, re.M)
    at = start.start() if start else 0
    middle, tail, after = text[at:].partition("\n\n\nfrom ")
    return [text[:at], middle, tail + after]


def _row(entry: Entry, hue: int) -> dict[str, Any]:
    before, after = ("\n".join(visible(line, 200) for line in part.split("\n"))
                     for part in (entry.before, entry.after.rstrip()))  # fmt: skip
    return {"number": entry.number, "before": before, "thread": entry.on_thread, "after": after,
            "hue": hue}  # fmt: skip
