"""A reader's snippet as a whole program, each line where it was."""

from __future__ import annotations

import re
from urllib.parse import urlencode

FILE = "src/main.rs"
BEFORE = (  # of the body of a program, on its first line
    "#[allow(unused_imports)] use {std::{future::Future, thread, time::Duration}, "
    "tokio::{sync::{mpsc, oneshot}, task::JoinSet, time::sleep}, tracing::*}; "
    "#[tokio::main] async fn main() { "
)
OWN = re.compile(r"\btracing_subscriber::[^;{}]*?\binit\w*\([^;{}]*;")  # sets a subscriber
LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"', re.S)


def whole(source: str) -> str:
    """Give the program that is built; it has no subscriber of its own."""
    code = LITERAL.sub(_blank, source)  # as long as the source: what is in a text is no code
    text = source
    for own in reversed(list(OWN.finditer(code))):
        text = text[: own.start()] + _blank(source[slice(*own.span())]) + text[own.end() :]
    if not re.search(r"\bfn\s+main\s*\(", code):
        text = f"{BEFORE}{text}\n}}"
    return f"{text}\nextern crate spanlab_records as _;\n"


def playground(source: str) -> str:
    """Give the address at which the Rust playground shows a program."""
    code = whole(source).removesuffix("extern crate spanlab_records as _;\n")
    code = source if code.rstrip() == source.rstrip() else code
    asked = {"version": "stable", "mode": "debug", "edition": "2021", "code": code}
    return f"https://play.rust-lang.org/?{urlencode(asked)}"


def _blank(found: str | re.Match[str]) -> str:
    """Leave nothing of a text but its lines."""
    return re.sub(r"[^\n]", " ", found if isinstance(found, str) else found[0])
