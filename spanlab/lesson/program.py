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
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from spanlab.errors import UsageError
from spanlab.tokio.runtime import CurrentThread, OsThreads, Replay, Runtime, Seeded, VirtualThreads

CALLS = ("spawn_blocking", "thread")  # they call a closure
OPTIONS: dict[str, tuple[Any, ...]] = {
    "maker": ("tail block", "bound block", "manual span", "plain", "async fn"),
    "spawner": ("await", "spawn", "JoinSet", *CALLS),
    "fix": ("none", "instrument", "in_current_span", "or_current"),
    "runtime": ("CurrentThread", "VirtualThreads", "OsThreads"),
    "workers": (1, 2, 4, 16),
    "schedule": ("default", *(f"Seeded({seed})" for seed in range(1, 9)),
                 "Replay('0')", "Replay('1')"),
}  # fmt: skip
SCHEDULE = re.compile(r"Seeded\(\d{1,6}\)|Replay\('[01](?: [01]){0,9}'\)")  # these go as well
RUST_NAMES = {"debug_span": "debug_span!", "info": "", "info_span": "info_span!", "instrument": "",
              "Instrument": "sub_task().in", "Span": "Span::"}  # fmt: skip
PYTHON_NAMES = ("JoinSet", "Span", "debug_span", "in_current_span", "info", "info_span",
                "instrument", "spawn", "spawn_blocking", "spawn_thread")  # fmt: skip


class Program(NamedTuple):
    """One program in both languages, whole, so that it can be copied and run."""

    rust: str
    python: str


@dataclass(frozen=True)
class Choices:
    """What is chosen in the playground. Raises `UsageError` for what there is not."""

    maker: str = "tail block"
    spawner: str = "JoinSet"
    fix: str = "none"
    runtime: str = "VirtualThreads"
    workers: int = 16
    schedule: str = "default"

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            known = OPTIONS[name]
            other = name == "schedule" and isinstance(value, str) and SCHEDULE.fullmatch(value)
            if not other and (value not in known or type(value) is not type(known[0])):
                listed = ", ".join(map(repr, known))
                raise UsageError(f"the {name} is one of {listed}, got {value!r:.60}")

    @property
    def many(self) -> bool:
        """Tell whether there are workers."""
        return self.runtime != "CurrentThread"

    @property
    def on(self) -> str:
        """The runtime as it is written."""
        arguments = [str(self.workers)] if self.many else []
        if self.runtime == "VirtualThreads" and self.schedule != "default":
            arguments.append(self.schedule)
        return f"{self.runtime}({', '.join(arguments)})"

    def make_runtime(self) -> Runtime:
        """Make a new runtime of the chosen kind."""
        if not self.many:
            return CurrentThread()
        if self.runtime == "OsThreads":
            return OsThreads(self.workers)
        kind, _, inside = self.schedule.rstrip(")").partition("(")
        if kind == "default":
            return VirtualThreads(self.workers)
        schedule = Seeded(int(inside)) if kind == "Seeded" else Replay(inside.strip("'"))
        return VirtualThreads(self.workers, schedule)

    def notes(self) -> dict[str, str]:
        """Say of a choice why it looks otherwise than its name."""
        calls, found, said = self.spawner in CALLS, {}, texts()["note"]
        if calls:
            found["maker"] = said["function" if self.maker == "async fn" else "closure"]
        if self.fix == "or_current":
            found["fix"] = said["disabled"]
        elif calls and self.fix != "none":
            found["fix"] = said["in_scope"]
        return found

    def off(self) -> dict[str, str]:
        """Name what cannot be chosen now, each with the reason."""
        said = texts()["note"]
        if not self.many:
            return {"workers": said["one_thread"], "schedule": said["one_thread"]}
        return {"schedule": said["real"]} if self.runtime == "OsThreads" else {}


def program(
    maker: str = "tail block", spawner: str = "JoinSet", fix: str = "none",
    runtime: str = "VirtualThreads", workers: int = 16, schedule: str = "default",
) -> Program:  # fmt: skip
    """Write a program of the playground in Rust and in Python; nothing is run.

    The Rust has the lines for `Cargo.toml` on top, and is the whole of `src/main.rs`.

    >>> "tasks.spawn(sub_task());" in program().rust
    True
    """
    chosen = Choices(maker, spawner, fix, runtime, workers, schedule)
    rust, on = _body("rust", chosen), chosen.on
    names = ", ".join(name for name, sign in RUST_NAMES.items() if sign in rust)
    uses = [path for sign, path in texts()["rust"]["uses"].items() if sign in rust]
    flavor = f"worker_threads = {workers}" if chosen.many else 'flavor = "current_thread"'
    lines = [f"use {use};" for use in [*uses, f"tracing::{{{names}}}"]]
    rust = _filled(rust, USES="\n".join(lines), FLAVOR=flavor)
    names = ", ".join(sorted(re.findall(r"[A-Z]\w+", on)))
    return Program(rust, _python(chosen) + _filled(texts()["python"]["run"], RUNTIME=names, ON=on))


def _python(chosen: Choices) -> str:
    """Write the part of the Python that no runtime changes."""
    text = _body("python", chosen)
    used = [name for name in PYTHON_NAMES if re.search(rf"(?<!\.)\b{name}\b[(.\n]", text)]
    return _filled(text, USES=", ".join(used))


def _body(language: str, chosen: Choices) -> str:
    """Put the parts together, all but what is imported and where it runs."""
    parts, calls, fix = texts()[language], chosen.spawner in CALLS, chosen.fix
    maker, spawner = parts["maker"][chosen.maker], parts["spawner"][chosen.spawner]
    call, lines = parts["call"]["plain"], []
    uncalled = call.removesuffix("()") if calls and chosen.maker == "async fn" else call
    if fix != "none" and (calls or fix != "in_current_span"):
        lines.append(parts["span"][fix])
    if fix != "none" and calls:
        lines.append(_filled(parts["job"], CALL=uncalled))
        call = parts["call"]["in_scope"]
    else:
        call = uncalled if fix == "none" else parts["call"][fix]
    lines.append(_filled(spawner, CALL=call))
    kind = parts["closure" if calls else "future"]
    verb = "awaited" if chosen.spawner == "await" else "spawned"
    work = textwrap.indent("\n".join(lines), "    ").strip()
    return _filled(parts["program"], WORK=_filled(work, VERB=verb), MAKER=_filled(maker, **kind))


def _filled(text: str, **words: str) -> str:
    for word, value in words.items():
        text = text.replace(f"{word} ", f"{value} " if value else "").replace(word, value)
    return text


@cache
def texts() -> dict[str, Any]:
    """Read all texts, once."""
    file = files("spanlab.lesson") / "static" / "playground.toml"
    found: dict[str, Any] = _stripped(tomllib.loads(file.read_text(encoding="utf-8")))
    return found


def _stripped(found: Any) -> Any:
    if isinstance(found, str):
        return found.removesuffix("\n")
    return {name: _stripped(value) for name, value in found.items()}


@cache
def main_of(maker: str, spawner: str, fix: str) -> Callable[[], Any]:
    """Compile one of the fixed programs where `@instrument` and the stepper find its source."""
    source = _python(Choices(maker, spawner, fix)) + "\n"
    file = f"{maker} {spawner} {fix}.py".replace(" ", "_")
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "playground"}
    exec(compile(source, file, "exec"), scope)
    main: Callable[[], Any] = scope["main"]
    return main
