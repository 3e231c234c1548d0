"""`playground`: one small program with everything in it that can be chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from spanlab.causes.story import Step
from spanlab.causes.why import Why, why
from spanlab.lesson.panel import Panel
from spanlab.lesson.program import OPTIONS, Choices, main_of, program, texts
from spanlab.tokio.runtime import run
from spanlab.traces import Trace
from spanlab.view.fmt import log
from spanlab.view.words import listed

LAST = "performing task"  # the line that the playground is all about


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
        self.chosen, self.program = chosen, program(chosen)
        self.reason = why(trace, LAST, rust=self.program["Rust"])
        return trace

    def _steps(self, seen: object) -> list[list[str]]:
        """Say nothing of steps: what it shows has its own reason."""
        return []

    def known(self) -> dict[str, Any]:
        """Give what was looked at, and what has no effect on which runtime."""
        return super().known() | {"off": texts()["off"]}

    def everything(self) -> dict[str, Any]:
        """Give what is shown for each choice; real threads have no answer that stays."""
        return super().everything() | {"off": texts()["off"]}

    def _key(self) -> str:
        off = self.chosen.off()  # what has no effect goes by the first that there is
        return "\n".join(
            next(iter(self._choices[n])) if n in off else v for n, v in self.picked.items()
        )

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
