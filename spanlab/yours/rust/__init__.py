"""`rust(source)` and `%%rust`: a reader's Rust, built and run by cargo, as a trace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from spanlab.errors import BudgetExceeded, UsageError
from spanlab.traces import Trace
from spanlab.yours.rust.cargo import Project, Ran
from spanlab.yours.rust.program import FILE, whole
from spanlab.yours.rust.rows import traced

CALL = 'rust("info!(\\"hello\\");")'


def rust(source: Any, *, build: float = 600, seconds: float = 10, most: int = 100_000) -> Trace:
    """Build a Rust program, run it, and give what happened as a trace.

    `source` is its text, or the `Path` of its file: a whole program with `main`, or the body of
    one, which may await. Only cargo runs it, on this machine, with your rights. It has the crates
    of spanlab's lessons, and a subscriber of ours in place of its own, which sees every level.

    All views show its file and lines. No subscriber sees who starts a thread, or what a future
    waits for. `result` is what it printed.

    Raises `UsageError` with what the compiler says, `MissingPackage` where cargo or its crates
    are missing, and `BudgetExceeded` after so many `seconds` or records, with the `trace`.
    """
    if isinstance(source, os.PathLike):
        source = Path(source).read_text(encoding="utf-8")
    if not isinstance(source, str) or not source.strip():
        raise UsageError(f"rust() needs the text of a program, got {source!r:.60}. Write: {CALL}")
    with Project(whole(source)) as project:
        project.build(build)
        ran = project.run(seconds, most)
    return _given(ran, source, seconds, most)


def _given(ran: Ran, source: str, seconds: float, most: int) -> Trace:
    """Give the trace; what the program complained of is printed, as a program of Python does."""
    if "a global default trace dispatcher has already been set" in ran.complained:
        raise UsageError(
            "rust() has a subscriber of its own, and the program sets another one, by a call that "
            "is not seen from outside. Leave that call out."
        )
    trace = traced(ran.rows, {FILE: source})
    trace.result = ran.printed
    sys.stderr.write(ran.complained)
    if ran.timed_out or len(ran.rows) >= most:
        longer = f"seconds={seconds * 10:g}" if ran.timed_out else f"most={most * 10}"
        what = f"{seconds:g} seconds" if ran.timed_out else f"{most} records"
        error = BudgetExceeded(
            f"rust() expected an end of the program within {what}, and it was still running. "
            f"What it did is the `trace` of this error. Write: rust(source, {longer})"
        )
        error.trace = trace  # type: ignore[attr-defined]
        raise error
    return trace


def load_ipython_extension(shell: Any) -> None:
    """Give IPython the cell magic `%%rust`; a name after it gets the trace."""

    def magic(line: str, cell: str) -> Trace:
        trace = rust(cell)
        if name := line.strip():
            shell.user_ns[name] = trace
        return trace

    shell.register_magic_function(magic, "cell", "rust")


if shell := getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)():
    load_ipython_extension(shell)
