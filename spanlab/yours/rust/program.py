"""A reader's snippet as a whole program, each line where it was."""

from __future__ import annotations

import re
from urllib.parse import urlencode

FILE = "src/main.rs"
BEFORE = (  # of the body of a program, on its first line
    "#[allow(unused_imports)] use {std::{future::Future, thread, time::Duration}, "
    "tokio::{sync::{mpsc, oneshot}, task::JoinSet, time::sleep}, tracing::*}; "
    "#[tokio::main] async fn main() { tracing_subscriber::fmt().init(); "
)
OWN = re.compile(r"\btracing_subscriber::[^;{}]*?\binit\w*\([^;{}]*;")  # sets a subscriber
LITERAL = re.compile(r"""//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'"\x27""", re.S)


def whole(source: str) -> str:
    """Give a program with a `main`."""
    is_whole = re.search(r"\bfn\s+main\s*\(", LITERAL.sub(_blank, source))
    return source if is_whole else f"{BEFORE}{source}\n}}"


def unwatched(program: str) -> str:
    """Put our subscriber, which is linked, in the place of the one that a program sets."""
    code = LITERAL.sub(_blank, program)  # as long as the program: what is in a text is no code
    for own in OWN.finditer(code):
        program = program[: own.start()] + _blank(own) + program[own.end() :]
    return f"{program}\nextern crate spanlab_records as _;\n"


def playground(source: str) -> str:
    """Give the address at which the Rust playground shows a program."""
    asked = {"version": "stable", "mode": "debug", "edition": "2021", "code": whole(source)}
    return f"https://play.rust-lang.org/?{urlencode(asked)}"


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])
