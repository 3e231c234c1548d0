"""`prove(finding)`: a Rust test that fails as the source is, and passes when it is repaired."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent, indent

from spanlab.errors import UsageError
from spanlab.yours.audit.file import File, Fn
from spanlab.yours.audit.found import Finding
from spanlab.yours.audit.source import Source, read

STARTS = re.compile(r"[^;{}]*\btracing_subscriber\b[^;]*;|[^;{}]*\bset_global_default\b[^;]*;")
TEST = """
#[cfg(test)]
mod proof {
    #[allow(unused_imports)]
    use super::*;

    mod captured {
        use std::fmt::Debug;
        use std::sync::Mutex;
        use tracing::field::{Field, Visit};
        use tracing::{span, Event, Id, Subscriber};
        use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
        use tracing_subscriber::registry::LookupSpan;

        type Line = (String, u32, Vec<&'static str>); // a message, its line, the spans around it
        pub static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());
        pub static OPEN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

        struct Capture;

        impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
            fn on_new_span(&self, new: &span::Attributes<'_>, _: &Id, _: Context<'_, S>) {
                OPEN.lock().unwrap().push(new.metadata().name());
            }

            fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
                let mut message = Message(String::new());
                event.record(&mut message);
                let scope = context.event_scope(event).into_iter().flatten();
                let spans = scope.map(|span| span.name()).collect();
                let line = event.metadata().line().unwrap_or(0);
                LINES.lock().unwrap().push((message.0, line, spans));
            }

            fn on_close(&self, id: Id, context: Context<'_, S>) {
                let name = context.span(&id).map(|span| span.name());
                let mut open = OPEN.lock().unwrap();
                if let Some(at) = open.iter().position(|one| Some(*one) == name) {
                    open.remove(at);
                }
            }
        }

        struct Message(String);

        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }

        pub fn begin() {
            let subscriber = tracing_subscriber::registry().with(Capture);
            tracing::subscriber::set_global_default(subscriber).expect("one proof at a time");
        }
    }

    // What `main` does; its subscriber is the one that captures.
    RUN

    TESTED
}
"""
WHAT = {
    "inside": """
        let lines = captured::LINES.lock().unwrap();
        let mut lines = lines.iter().filter(|line| line.0.starts_with(MESSAGE)).peekable();
        assert!(lines.peek().is_some(), "no line says {MESSAGE:?}");
        for (message, line, spans) in lines {
            assert!(spans.contains(&SPAN), "{message:?} of line {line} is in {spans:?}");
        }
        """,
    "outside": """
        for (message, line, spans) in captured::LINES.lock().unwrap().iter() {
            let wrong = message.starts_with(MESSAGE) && spans.contains(&SPAN);
            assert!(!wrong, "{message:?} of line {line} is in {spans:?}");
        }
        """,
    "closed": """
        assert!(!captured::OPEN.lock().unwrap().contains(&SPAN), "{SPAN:?} is still open");
        """,
    "own": """
        for (message, line, spans) in captured::LINES.lock().unwrap().iter() {
            let own = OWN.iter().any(|(first, last)| (first..=last).contains(&line));
            assert!(own || !spans.contains(&SPAN), "{message:?} of line {line} is in {spans:?}");
        }
        """,
}
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
    body = indent("\n".join([tested, *told, dedent(WHAT[what]).strip()]), "    ")
    words = {"TESTED": f"{head}\n{body}\n}}", "RUN": run}
    return re.sub(r"    (RUN|TESTED)\b", lambda m: indent(words[m[1]], "    "), TEST)


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
