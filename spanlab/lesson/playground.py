"""`playground()`: choose how a future is made, who runs it and where, and see which spans it gets.

A panel with more panes: the program in both languages, and the reason for its last line.
"""

from __future__ import annotations

import json
import re
from typing import Any

from spanlab.causes.why import Why, why
from spanlab.lesson.panel import Panel
from spanlab.lesson.program import OPTIONS, Choices, main_of, program, texts
from spanlab.tokio.runtime import run
from spanlab.traces import Trace
from spanlab.view.fmt import log
from spanlab.view.words import listed

LAST = "performing task"  # the line that it is all about
ALWAYS = ("maker", "spawner", "fix")  # what `share` writes in any case


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


class Playground(Panel):
    """One program out of many, with its last run, its text, and the reason for its last line."""

    def __init__(self, chosen: Choices) -> None:
        choices = {name: {str(each): each for each in known} for name, known in OPTIONS.items()}
        super().__init__(self._play, choices, {n: str(each) for n, each in vars(chosen).items()})

    def _play(self, **values: Any) -> Trace:
        chosen = Choices(**values)
        main = main_of(chosen.maker, chosen.spawner, chosen.fix)
        trace = run(main(), on=chosen.make_runtime(), level="info")
        self.chosen, self.program, self.reason = chosen, program(chosen), why(trace, LAST)
        return trace

    def share(self) -> str:
        """Write the call that brings back what is chosen now, for a colleague or a lesson."""
        off, usual = self.chosen.off(), vars(Choices())
        given = [
            f"{name}={json.dumps(value)}" for name, value in vars(self.chosen).items()
            if name in ALWAYS or (name not in off and value != usual[name])
        ]  # fmt: skip
        return f"playground({', '.join(given)})"

    def _state(self) -> dict[str, Any]:
        (said, line), words = _said(self.reason), texts()
        return super()._state() | {
            "titles": words["title"], "labels": words["label"], "off": self.chosen.off(),
            "said": said, "notes": " ".join(self.chosen.notes()), "share": self.share(),
            "log": self._rows(log(self.trace, file=False, line=False)),
            "sources": [[title, _with_focus(text), line if title == "Python" else 0]
                        for title, text in self.program.items()],
        }  # fmt: skip

    def __repr__(self) -> str:
        parts = [self.share(), self.program["Python"], str(self.log).rstrip(), self.figure.alt,
                 self.figure.text, str(self.reason)]  # fmt: skip
        return "\n\n".join(dict.fromkeys(parts))


def _said(reason: Why) -> tuple[list[str], int]:
    """Give the sentence, what would change it, and the line that is guilty of it."""
    changes = [
        f"`{' '.join(change.after.split())}` in line {change.line}" for change in reason.fixes
    ]
    change = f"With {' and '.join(changes)} it is in {listed(reason.tree)}." if changes else ""
    guilty = next((step.line for step in reason.steps if step.key), 0)
    return [reason.sentence, change], guilty


def _with_focus(text: str) -> list[str]:
    """Give what stands before `work`, the functions that change, and what stands after them."""
    parts = r"(?ms)(.*?)(^(?:#\[|@)instrument.*?)(\n\n\nfrom .*|\Z)"
    return list(re.findall(parts, text)[0])
