//! The same events under each format and many of its settings.

#![cfg_attr(rustfmt, rustfmt_skip)]

use tracing::field::Empty;
use tracing::subscriber::with_default;
use tracing::{debug, debug_span, error, error_span, info, info_span, trace, warn, Level};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::FmtSpan;

macro_rules! section {
    ($body:ident, $title:literal, |$fmt:ident| $subscriber:expr) => {{
        println!("== {} ==", $title);
        let $fmt = fmt()
            .with_ansi(false)
            .without_time()
            .with_max_level(Level::TRACE);
        with_default($subscriber.finish(), $body);
    }};
}

fn main() {
    section!(emit, "full", |f| f);
    section!(emit, "full, all on", |f| f
        .with_thread_ids(true).with_thread_names(true).with_file(true).with_line_number(true));
    section!(emit, "full, file alone", |f| f.with_target(false).with_file(true));
    section!(emit, "full, line alone", |f| f.with_target(false).with_line_number(true));
    section!(emit, "compact", |f| f.compact());
    section!(emit, "compact, all on", |f| f.compact()
        .with_thread_ids(true).with_thread_names(true).with_file(true).with_line_number(true));
    section!(emit, "compact, file alone", |f| f.compact().with_target(false).with_file(true));
    section!(emit, "compact, target and line", |f| f.compact().with_line_number(true));
    section!(emit, "compact, all off", |f| f.compact().with_target(false));
    section!(emit, "pretty", |f| f.pretty());
    section!(emit, "pretty, all on", |f| f.pretty().with_thread_ids(true).with_thread_names(true));
    section!(emit, "pretty, names", |f| f.pretty().with_target(false).with_thread_names(true));
    section!(emit, "pretty, no line", |f| f.pretty().with_line_number(false).with_thread_ids(true));
    section!(emit, "pretty, no file", |f| f.pretty().with_file(false).with_thread_ids(true));
    section!(emit, "pretty, all off", |f| f.pretty()
        .with_target(false).with_file(false).with_line_number(false));
    section!(emit, "json", |f| f.json());
    section!(emit, "json, all on", |f| f.json()
        .with_thread_ids(true).with_thread_names(true).with_file(true).with_line_number(true));
    section!(emit, "json, flat", |f| f.json().flatten_event(true).with_target(false));
    section!(emit, "json, no span", |f| f.json().with_current_span(false));
    section!(emit, "json, no list", |f| f.json().with_span_list(false));
    section!(emit, "json, neither", |f| f.json().with_current_span(false).with_span_list(false));
    section!(live, "full, lives", |f| f.with_span_events(FmtSpan::FULL));
    section!(live, "compact, lives", |f| f.compact().with_span_events(FmtSpan::FULL));
    section!(live, "pretty, lives", |f| f.pretty().with_span_events(FmtSpan::FULL));
    section!(live, "json, lives", |f| f.json().with_span_events(FmtSpan::FULL));
    section!(live, "full, active", |f| f.with_span_events(FmtSpan::ACTIVE));
    section!(live, "full, new and close", |f| f.with_span_events(FmtSpan::NEW | FmtSpan::CLOSE));
}

fn emit() {
    messages();
    values();
    hostile();
    spans();
    parents();
    later();
}

/// Levels, targets, and where the message stands.
fn messages() {
    trace!("a trace");
    debug!("a debug");
    info!("an info");
    warn!("a warning");
    error!("an error");
    info!(target: "elsewhere::deep", "another target");
    info!(answer = 42, "the message comes first");
    info!(answer = 42, message = "the message stays behind");
    info!(only = 1, fields = true);
    info!("dotted.name" = 1, "a quoted name" = 2, "a name");
    info!("log.line" = 7, "log.file" = "f.rs", "hidden fields");
    info!("two\nlines\tand a tab");
    info!("");
}

/// Every type of value.
fn values() {
    info!(zero = 0, negative = -3, min = i64::MIN, max = u64::MAX, "integers");
    info!(wide = 1i128 << 100, "more than 64 bits");
    info!(whole = 1.0, tenth = 0.1, minus = -0.0, third = 1.0 / 3.0, "floats");
    info!(a = 1e15, b = 1e16, c = 1e21, d = 1.5e300, e = 123456789012345680.0, "large floats");
    info!(a = 1e-3, b = 1e-4, c = 1e-5, d = 1e-6, e = 1.25e-7, "small floats");
    info!(nan = f64::NAN, inf = f64::INFINITY, minus = f64::NEG_INFINITY, "no numbers");
    info!(yes = true, no = false, "bools");
    info!(plain = "text", quotes = "a \"b\" 'c' \\", newline = "a\nb\tc\rd", "strings");
    info!(e = "é", cjk = "日本", emoji = "🦀👩‍👩‍👧", combining = "e\u{301}", "unicode");
    info!(d = %"plain", n = %"a\nb", i = %7, f = %1.5, "with Display");
    info!(s = ?"te\"xt", i = ?7, f = ?1.0, list = ?[1, 2], tuple = ?("a", 1.5), "with Debug");
    info!(none = None::<i32>, empty = Empty, there = Some(1), "what is not there");
}

/// Characters that do harm in a terminal or on a page.
fn hostile() {
    info!("escape \x1b[31m bell \x07 back \x08 feed \x0c delete \x7f c1 \u{9b}31m bidi \u{202e}");
    info!(text = "escape \x1b[31m bell \x07 delete \x7f c1 \u{9b} bidi \u{202e} bom \u{feff}");
    info!(shown = %"escape \x1b[31m bell \x07 bidi \u{202e}", "with Display");
    info!("<script>alert('&amp;')</script>");
    let span = info_span!("<b>\x1b[31m\u{202e}</b>", message = "escape \x1b[31m", k = %"\x1b[0m");
    span.in_scope(|| info!("in a hostile span"));
}

/// Spans in spans, with fields.
fn spans() {
    let outer = info_span!("outer", b = "two", a = 1, name = "mine");
    let _outer = outer.enter();
    info!("in outer");
    let inner = debug_span!(target: "elsewhere", "inner");
    let _inner = inner.enter();
    info!(k = 1, "in inner");
    let leaf = error_span!("leaf one", x = %"raw text", y = ?"text", z = 1.0, wide = 1u128 << 90);
    let _leaf = leaf.enter();
    warn!(only = 1);
    info_span!("hiding", "log.a" = 1, "log.b" = "two", "log.c" = ?"three").in_scope(|| info!("hi"));
}

/// Parents by hand.
fn parents() {
    let other = info_span!("other", o = 1);
    let child = info_span!(parent: &other, "child", c = 2);
    info!(parent: &child, "a parent, and nothing is current");
    info!(parent: None, "no parent, and nothing is current");
    let current = info_span!("current", k = 3);
    let _current = current.enter();
    info!(parent: &child, "a parent, and another is current");
    info!(parent: None, "no parent, and one is current");
    info_span!(parent: None, "root", r = 4).in_scope(|| info!("in a root"));
}

/// Fields that get their value later.
fn later() {
    let span = info_span!("later", a = 1, b = Empty, z = Empty);
    let _span = span.enter();
    info!("before");
    span.record("b", "x");
    info!("after b");
    span.record("a", 2);
    info!("after a again");
    span.record("unknown", 3);
    info!("after an unknown field");
    let empty = info_span!("empty", only = Empty);
    let _empty = empty.enter();
    info!("nothing yet");
    empty.record("only", 1);
    info!("now one");
}

/// Spans from their making to their end.
fn live() {
    let outer = info_span!("outer", a = 1);
    let root = debug_span!(parent: None, "root");
    let guard = outer.clone().entered();
    {
        let inner = info_span!("inner", b = Empty);
        let _inner = inner.enter();
        inner.record("b", 2);
        info!("in inner");
        let _again = outer.enter();
        info!("outer is entered twice");
        let _root = root.enter();
        info!("in root");
    }
    drop(root);
    let never = info_span!("never entered");
    drop(outer);
    drop(guard);
    drop(never);
}
