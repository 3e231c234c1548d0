"""`prove(finding)`: a Rust test that fails as the source is, and passes when it is repaired."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

from spanlab.errors import UsageError
from spanlab.view.palette import static
from spanlab.yours.audit.file import File, Fn
from spanlab.yours.audit.found import Finding
from spanlab.yours.audit.source import Source, read

STARTS = re.compile(r"[^;{}]*\btracing_subscriber\b[^;]*;|[^;{}]*\bset_global_default\b[^;]*;")
RUST = static("proof.rs", "spanlab.yours.audit")
PARTS = dict(re.findall(r"^// --- (\w+)\n(.*?)\n(?=// ---|\Z)", RUST, re.S | re.M))
SHOWN = {"outlives": "outside", "current_captured": "closed", "guard_await": "own"}


def prove(finding: Finding, call: str = "") -> str:
    """Write a Rust test that fails as the source is and passes with the way that fits.

    It runs what `main` does, or what `call` says, with a layer that captures lines and spans, and
    goes at the end of the file that holds `main`. It needs `tracing-subscriber`.

    Raises `UsageError` for what is no finding, and where there is no `main` to run: then write
    the call.
    """
    if not isinstance(finding, Finding):
        raise UsageError(
            f'prove() needs a finding, got {finding!r:.60}. Write: prove(audit("src")[0])'
        )
    source, what = read(_crate(finding.file)), SHOWN.get(finding.kind, "inside")
    mains = [fn for fn in source.named.get("main", ()) if not fn.owner]
    if not mains and not call:
        raise UsageError(
            f"prove() runs `main`, and {finding.file.parent} has none. "
            f'Write: prove(finding, "{finding.fn}(…).await")'
        )
    if not finding.span or (what in ("inside", "outside") and not finding.messages):
        raise UsageError(
            f"prove() needs the span and a message of what runs there, line {finding.line} shows "
            "none. Write: finding.why"
        )
    run, attribute, wait = _run(mains[0] if mains else None, call)
    tested = f"{run.partition('{')[0].partition('-> ')[2] and 'let _ = '}what_main_does(){wait};"
    told = [f"const SPAN: &str = {_quoted(finding.span)};"]
    if what in ("inside", "outside"):
        start = re.split(r"[{\\]", finding.messages[0])[0]
        told.append(f"const MESSAGE: &str = {_quoted(start)};")
    if what == "own":
        rows = ", ".join(f"({first}, {last})" for first, last in _own(source, finding))
        told.append(f"const OWN: &[(u32, u32)] = &[{rows}];")
    head = f"{attribute}\n{'async ' * bool(wait)}fn line_{finding.line}_of_{finding.fn}() {{"
    body = indent("\n".join([tested, *told, PARTS[what]]), "    ")
    words = {"TESTED": f"{head}\n{body}\n}}", "RUN": run}
    return re.sub(
        r"    (RUN|TESTED)\b", lambda m: indent(words[m[1]], "    "), f"\n{PARTS['test']}\n"
    )


def _crate(file: Path) -> Path:
    above = (up for up in file.parents if (up / "Cargo.toml").exists())
    return next(above, file.parent)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _run(main: Fn | None, call: str) -> tuple[str, str, str]:
    """Write what is run: a function, the attribute of its test, and whether it awaits."""
    if call:
        waits = ".await" in call
        run = f"{'async ' * waits}fn what_main_does() {{\n    captured::begin();\n    {call};\n}}"
        return run, "#[tokio::test]" if waits else "#[test]", ".await" * waits
    assert main is not None
    text = main.file.text[main.body + 1 : main.end - 1].encode("latin-1").decode()
    body, begun = STARTS.subn("\n    captured::begin();", text, count=1)
    body = body if begun else f"\n    captured::begin();{body}"
    returns = f" -> {main.returns.strip()}" if main.returns else ""
    run = f"{'async ' * main.is_async}fn what_main_does(){returns} {{{body}}}"
    flavor = re.search(r"tokio::main(?:\((.*?)\))?\]", _head(main), re.S)
    if not main.is_async:
        return run, "#[test]", ""
    chosen = flavor[1] if flavor and flavor[1] else 'flavor = "multi_thread"'
    return run, f"#[tokio::test({chosen})]", ".await"


def _head(fn: Fn) -> str:
    return fn.file.text[fn.begin - len(fn.head) : fn.begin]


def _own(source: Source, finding: Finding) -> list[tuple[int, int]]:
    """Give the lines of a function and of all that it calls, in its file."""
    file = next(file for file in source.files if file.path == finding.file)
    at = [row.start() for row in re.finditer("^", file.text, re.M)][finding.line - 1]
    todo, seen = [fn for fn in [file.fn(at)] if fn], list[Fn]()
    while todo:
        fn = todo.pop()
        if fn not in seen:
            seen.append(fn)
            todo += [one for _, found in source.calls(fn.file, fn.body, fn.end) for one in found]
    return sorted((_line(fn.file, fn.begin), _line(fn.file, fn.end)) for fn in seen)


def _line(file: File, at: int) -> int:
    return file.line(at)
