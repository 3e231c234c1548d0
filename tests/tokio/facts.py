"""What `tests/conformance/ASYNC.md` recorded of the real crates, and how programs here say it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spanlab import CurrentThread, Future, Pending, run, set_panic_hook

TEXT = (Path(__file__).parents[1] / "conformance" / "ASYNC.md").read_text(encoding="utf-8")
PROGRAM = re.compile(r"^// (\w+-\w+)\n(?:(?!^// \w+-\w+$).*\n)*?// => (.*)$", re.M)
RECORDED = dict(PROGRAM.findall(TEXT))

said: list[str] = []
programs: dict[str, Callable[[], Any]] = {}


def p(*words: Any) -> None:
    """Say words, Rust's way."""
    said.extend(str(word).lower() if isinstance(word, bool) else str(word) for word in words)


class D:
    """Says so when it is dropped."""

    def __init__(self, name: Any) -> None:
        self.name = name

    def __del__(self) -> None:
        p(f"drop-{self.name}")


class Polls(Future[Any]):
    """Says so at each poll of a future."""

    def __init__(self, name: Any, inner: Any) -> None:
        self.name = name
        self.inner = inner

    def send(self, value: None, /) -> Pending:
        p(f"poll-{self.name}")
        pending: Pending = self.inner.send(None)
        return pending

    def close(self) -> None:
        self.inner.close()


def fact(program: Callable[[], Any]) -> Callable[[], Any]:
    """Take a program by the name of what it says again: `mpsc_1` is `mpsc-1`."""
    programs[program.__name__.replace("_", "-")] = program
    return program


def says(name: str) -> str:
    """Run a program, and give what it has said by the end of its main future."""
    said.clear()
    set_panic_hook(lambda panic: None)
    run(programs[name](), on=CurrentThread())
    words = " ".join(said)
    said.clear()
    return words
