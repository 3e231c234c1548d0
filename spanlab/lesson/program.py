"""What can be chosen in the playground, and the program that comes of it, in Rust and in Python.

`static/playground.toml` has the texts that every program is put together from. The Python that is
shown is the Python that runs. `spawn_blocking` and a thread call a function and poll nothing: for
them a closure stands where a future stood.
"""

from __future__ import annotations

import linecache
import re
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any

from spanlab.tokio import runtime as runtimes

CALLS = ("spawn_blocking", "thread")  # they call a closure
SCHEDULES: dict[str, Callable[[], runtimes.Schedule]] = {
    "default": runtimes.Schedule,
    **{f"Seeded({seed})": partial(runtimes.Seeded, seed) for seed in range(1, 9)},
    **{f"Replay('{first}')": partial(runtimes.Replay, first) for first in "01"},
}
OPTIONS: dict[str, tuple[Any, ...]] = {
    "maker": ("tail block", "bound block", "manual span", "plain", "async fn"),
    "spawner": ("await", "spawn", "JoinSet", *CALLS),
    "fix": ("none", "instrument", "in_current_span", "or_current"),
    "runtime": ("CurrentThread", "VirtualThreads", "OsThreads"),
    "workers": (1, 2, 4, 16),
    "schedule": tuple(SCHEDULES),
}


@dataclass(frozen=True)
class Choices:
    """What is chosen in the playground: one of each of the `OPTIONS`."""

    maker: str = "tail block"
    spawner: str = "JoinSet"
    fix: str = "none"
    runtime: str = "VirtualThreads"
    workers: int = 16
    schedule: str = "default"

    def make_runtime(self) -> runtimes.Runtime:
        """Make a new runtime of the chosen kind."""
        if self.runtime == "CurrentThread":
            return runtimes.CurrentThread()
        if self.runtime == "OsThreads":
            return runtimes.OsThreads(self.workers)
        return runtimes.VirtualThreads(self.workers, SCHEDULES[self.schedule]())

    def notes(self) -> list[str]:
        """Say why a choice looks otherwise than its name."""
        said = texts()[self.kind]["note"]
        found = (said.get(self.maker, said["maker"]), said.get(self.fix, said["fix"]))
        return [note for note in found if note]

    def off(self) -> dict[str, str]:
        """Name what cannot be chosen now, each with the reason."""
        return dict(texts()["off"].get(self.runtime, {}))

    @property
    def kind(self) -> str:
        """What is given to who runs it: a future, or a closure."""
        return "closure" if self.spawner in CALLS else "future"


def label(value: Any) -> str:
    """Name a choice as it is written."""
    if isinstance(value, runtimes.Runtime):
        return repr(value).replace(", Schedule()", "")
    return value if isinstance(value, str) else str(getattr(value, "__name__", None) or repr(value))


def program(chosen: Choices) -> dict[str, str]:
    """Write a program of the playground in Rust and in Python, each whole; nothing is run.

    The Rust has the lines for `Cargo.toml` on top, and is the whole of `src/main.rs`.

    >>> "tasks.spawn(sub_task());" in program(Choices())["Rust"]
    True
    """
    rust, on, parts = _body("rust", chosen), label(chosen.make_runtime()), texts()
    paths = [path for sign, path in parts["rust"]["uses"].items() if sign in rust]
    uses = "\n".join(f"use {path};" for path in [*paths, f"tracing::{{{_names('rust', rust)}}}"])
    one, many = 'flavor = "current_thread"', f"worker_threads = {chosen.workers}"
    rust = _filled(rust, USES=uses, FLAVOR=one if "workers" in chosen.off() else many)
    names = ", ".join(sorted(re.findall(r"[A-Z]\w+", on)))
    ran = _filled(parts["python"]["run"], RUNTIME=names, ON=on)
    return {"Rust": rust, "Python": _python(chosen) + ran}


def _python(chosen: Choices) -> str:
    """Write the part of the Python that no runtime changes."""
    text = _body("python", chosen)
    return _filled(text, USES=_names("python", text))


def _names(language: str, text: str) -> str:
    """List what is imported, each by its sign in a program."""
    signs = texts()[language]["names"]
    return ", ".join(name for sign, name in signs.items() if sign in text)


def _body(language: str, chosen: Choices) -> str:
    """Put the parts together, all but what is imported and where it runs."""
    parts, name = texts()[language], "sub_task"
    made = name if chosen.kind == "closure" and chosen.maker == "async fn" else f"{name}()"
    before, call = parts[chosen.kind]["fix"][chosen.fix]
    work = textwrap.indent(before + parts["spawner"][chosen.spawner], "    ").strip()
    verb = "awaited" if chosen.spawner == "await" else "spawned"
    words = {"WORK": work, "MAKER": parts["maker"][chosen.maker], "CALL": call, "MADE": made}
    return _filled(parts["program"], **words, VERB=verb, **parts[chosen.kind]["words"])


def _filled(text: str, **words: str) -> str:
    for word, value in words.items():
        text = text.replace(f"{word} ", f"{value} " if value else "").replace(word, value)
    return text


@cache
def texts() -> dict[str, Any]:
    """Read all texts, once."""
    file = files("spanlab.lesson") / "static" / "playground.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def main_of(maker: str, spawner: str, fix: str) -> Any:
    """Compile one of the fixed programs where `@instrument` and the stepper find its source."""
    source = _python(Choices(maker, spawner, fix)) + "\n"
    file = f"{maker} {spawner} {fix}.py".replace(" ", "_")
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "playground"}
    exec(compile(source, file, "exec"), scope)
    return scope["main"]
