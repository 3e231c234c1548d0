"""`rust(source)` and `%%rust`: a reader's Rust, built and run by cargo, as a trace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from spanlab.errors import BudgetExceeded, UsageError
from spanlab.field import Level
from spanlab.traces import Trace
from spanlab.yours.rust.cargo import Project
from spanlab.yours.rust.program import FILE
from spanlab.yours.rust.rows import traced


def rust(
    source: Any, *, level: Level | str = "trace", build: float = 600, seconds: float = 10,
    most: int = 100_000,
) -> Trace:  # fmt: skip
    """Build a Rust program, run it, and give what happened as a trace.

    `source` is its text, or the `Path` of its file: a whole program with `main`, or the body of
    one, which may await. Cargo builds it, with the crates of the lessons, and it runs with your
    rights. A subscriber of ours takes the place of its own, and enables all from `level` on;
    `fmt().init()` enables "info". `result` is what it printed. Nobody sees who starts a thread.

    Raises `UsageError` with what the compiler says, `MissingPackage` without cargo or its crates,
    with a link to the Rust playground, and `BudgetExceeded`, with the `trace`, where it goes on.
    """
    source = Path(source).read_text("utf-8") if isinstance(source, os.PathLike) else source
    if not isinstance(source, str) or not source.strip():
        raise UsageError(f"rust() needs the text of a program, got {source!r:.60}. "
                         "Write: rust('info!(\"hello\");')")  # fmt: skip
    with Project(source) as project:
        project.build(build)
        rows, ran = project.run(seconds, MOST=str(most), LEVEL=Level.parse(level).name)
    if "a global default trace dispatcher has already been set" in ran.stderr:
        raise UsageError(
            "rust() sets the subscriber, and so does the program, by a call that is not known from "
            "its name. Leave that call out, and write: rust(source)"
        )
    sys.stderr.write(ran.stderr)  # as a program of Python does
    trace = traced(rows, {FILE: source})
    trace.result = ran.stdout
    if ran.returncode is None or len(rows) >= most:
        slow = f"{seconds:g} seconds", f"seconds={seconds * 10:g}"
        what, more = slow if ran.returncode is None else (f"{most} records", f"most={most * 10}")
        error = BudgetExceeded(
            f"rust() expected the program to end within {what}, and it was still running. "
            f"What it did is the `trace` of this error. Write: rust(source, {more})"
        )
        error.trace = trace  # type: ignore[attr-defined]
        raise error
    return trace


def load_ipython_extension(shell: Any) -> None:
    """Give IPython the cell magic `%%rust`; a name after it gets the trace, or `_rust`."""

    def magic(line: str, cell: str) -> Trace:
        trace = rust(cell)
        shell.user_ns[line.strip() or "_rust"] = trace
        return trace

    shell.register_magic_function(magic, "cell", "rust")


if shell := getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)():
    load_ipython_extension(shell)
