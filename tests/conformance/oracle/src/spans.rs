//! Spans and events by name: the macros want names, targets and levels at compile time, so each has its own callsite.

macro_rules! span_named {
    ($name:expr $(, parent: $parent:expr)?) => {
        match $name {
            "s0" => info_span!($(parent: $parent,)? "s0"),
            "s1" => info_span!($(parent: $parent,)? "s1"),
            "s2" => info_span!($(parent: $parent,)? "s2"),
            "s3" => info_span!($(parent: $parent,)? "s3"),
            "s4" => info_span!($(parent: $parent,)? "s4"),
            "s5" => info_span!($(parent: $parent,)? "s5"),
            other => panic!("no span is called {other}"),
        }
    };
}

/// Calls a macro with a target and a level that are known at compile time.
macro_rules! at {
    ($target:expr, $level:expr, $call:ident $($rest:tt)*) => {
        match $target {
            "app" => at!(@level "app", $level, $call $($rest)*),
            "app::db" => at!(@level "app::db", $level, $call $($rest)*),
            "lib" => at!(@level "lib", $level, $call $($rest)*),
            other => panic!("no target is called {other}"),
        }
    };
    (@level $target:literal, $level:expr, $call:ident $($rest:tt)*) => {
        match $level {
            "trace" => $call!($target, Level::TRACE, $($rest)*),
            "debug" => $call!($target, Level::DEBUG, $($rest)*),
            "info" => $call!($target, Level::INFO, $($rest)*),
            "warn" => $call!($target, Level::WARN, $($rest)*),
            "error" => $call!($target, Level::ERROR, $($rest)*),
            other => panic!("no level is called {other}"),
        }
    };
}
macro_rules! event_there {
    ($target:literal, $level:expr, $message:expr) => { tracing::event!(target: $target, $level, "{}", $message) };
}
macro_rules! enabled_there {
    ($target:literal, $level:expr,) => { tracing::enabled!(target: $target, $level) };
}
macro_rules! span_there {
    ($target:literal, $level:expr, $name:expr, $user:expr) => {
        match $name {
            "s0" => tracing::span!(target: $target, $level, "s0", user = $user),
            "s1" => tracing::span!(target: $target, $level, "s1", user = $user),
            "s2" => tracing::span!(target: $target, $level, "s2", user = $user),
            other => panic!("no span with a target is called {other}"),
        }
    };
}

use crate::{number, text};
use serde_json::Value;
use tracing::{info_span, Level, Span};

/// The span that `[_, name]` asks for.
pub fn span(name: &Value) -> Span {
    span_named!(text(name))
}
pub fn root_span(name: &Value) -> Span {
    span_named!(text(name), parent: None)
}
pub fn child_span(name: &Value, parent: &Span) -> Span {
    span_named!(text(name), parent: parent)
}
/// `[_, target, level, name, user, …]`
pub fn span_at(st: &Value) -> Span {
    at!(text(&st[1]), text(&st[2]), span_there text(&st[3]), number(&st[4]))
}
/// `[_, target, level, message]`
pub fn event_at(st: &Value) {
    at!(text(&st[1]), text(&st[2]), event_there text(&st[3]))
}
/// `[_, target, level, …]`
pub fn enabled_at(st: &Value) -> bool {
    at!(text(&st[1]), text(&st[2]), enabled_there)
}
