//! Runs small programs under directives of `EnvFilter` or `Targets` and prints what a layer saw of them:
//! one JSON line in, one JSON line out. `{"parse": text}` asks only whether the text is one that is taken.
#[path = "../layer.rs"]
mod layer;

use layer::Log;
use serde_json::{json, Value};
use std::io::BufRead;
use tracing::{dispatcher, event, field, span, Dispatch, Level, Span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{filter::Targets, registry, EnvFilter, Layer};

pub fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

macro_rules! at {
    ($target:expr, $level:expr, $call:ident $($rest:tt)*) => {
        match $target {
            "app" => at!(@ "app", $level, $call $($rest)*),
            "app::db" => at!(@ "app::db", $level, $call $($rest)*),
            "apple" => at!(@ "apple", $level, $call $($rest)*),
            "lib" => at!(@ "lib", $level, $call $($rest)*),
            other => panic!("no target is called {other}"),
        }
    };
    (@ $target:literal, $level:expr, $call:ident $($rest:tt)*) => {
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
macro_rules! make {
    ($target:literal, $level:expr, $name:expr, $fields:expr, $user:expr) => {
        match $name {
            "s0" => make!(@ $target, $level, "s0", $fields, $user),
            "s1" => make!(@ $target, $level, "s1", $fields, $user),
            "s2" => make!(@ $target, $level, "s2", $fields, $user),
            other => panic!("no span is called {other}"),
        }
    };
    (@ $target:literal, $level:expr, $name:literal, $fields:expr, $user:expr) => {
        match $fields {
            "" => span!(target: $target, $level, $name),
            "user" => span!(target: $target, $level, $name, user = $user),
            "user, ok" => span!(target: $target, $level, $name, user = $user, ok = true),
            other => panic!("no fields are {other}"),
        }
    };
}
macro_rules! tell {
    ($target:literal, $level:expr, $message:expr, $fields:expr, $user:expr) => {
        match $fields {
            "" => event!(target: $target, $level, "{}", $message),
            "user" => event!(target: $target, $level, user = $user, "{}", $message),
            other => panic!("no fields are {other}"),
        }
    };
}
macro_rules! ask {
    ($target:literal, $level:expr,) => { tracing::enabled!(target: $target, $level) };
}

/// Calls a function with the value of `user`: `{"i": -1}`, `{"f": 1.5}`, `{"b": true}`, `{"s": "a"}`, `{"d": "a"}`, null.
fn valued<T>(value: &Value, call: impl FnOnce(&dyn field::Value) -> T) -> T {
    let Some((kind, value)) = value.as_object().and_then(|kinds| kinds.iter().next()) else {
        return call(&field::Empty);
    };
    match kind.as_str() {
        "i" => call(&value.as_i64().unwrap()),
        "f" => call(&value.as_f64().unwrap()),
        "b" => call(&value.as_bool().unwrap()),
        "s" => call(&text(value)),
        "d" => call(&field::debug(text(value))),
        other => panic!("no value is {other}"),
    }
}

/// `[target, level, name, fields, user]`
fn made(of: &Value) -> Span {
    valued(&of[4], |user| at!(text(&of[0]), text(&of[1]), make text(&of[2]), text(&of[3]), user))
}

fn run(body: &Value, log: &Log, around: Option<&Span>) {
    for st in body.as_array().expect("a list") {
        match text(&st[0]) {
            "event" => valued(&st[5], |user| at!(text(&st[1]), text(&st[2]), tell text(&st[3]), text(&st[4]), user)),
            "enabled" => {
                let is = at!(text(&st[1]), text(&st[2]), ask);
                log.0.lock().unwrap().records.push(json!(["enabled", is]));
            }
            "span" => {
                let span = made(&st[1]);
                let _entered = span.enter();
                run(&st[2], log, Some(&span));
            }
            "record" => valued(&st[1], |user| {
                if let Some(span) = around {
                    span.record("user", user);
                }
            }),
            "overlap" => {
                let a = made(&st[1]).entered();
                run(&st[3], log, Some(&a));
                let b = made(&st[2]).entered();
                run(&st[4], log, Some(&b));
                drop(a);
                run(&st[5], log, Some(&b));
            }
            "child" => {
                let a = made(&st[1]);
                let b = made(&st[2]);
                let child = span!(target: "app", parent: &a, Level::INFO, "child");
                let _b = b.enter();
                event!(target: "app", parent: &a, Level::ERROR, "explicit");
                let _child = child.enter();
                run(&st[3], log, Some(&child));
            }
            "thread" => {
                let dispatch = dispatcher::get_default(Dispatch::clone);
                std::thread::scope(|scope| {
                    scope.spawn(|| dispatcher::with_default(&dispatch, || run(&st[1], log, None)));
                });
            }
            other => panic!("no statement is called {other}"),
        }
    }
}

fn records(program: &Value) -> Vec<Value> {
    let (log, all) = (Log::default(), Log::default());
    log.0.lock().unwrap().thread(); // the main thread is number 0
    let directives = text(&program["filter"]);
    let dispatch = match text(&program["how"]) {
        "run" => Dispatch::new(registry().with(EnvFilter::new(directives)).with(log.clone())),
        "layer" => Dispatch::new(registry().with(all).with(log.clone().with_filter(EnvFilter::new(directives)))),
        "targets" => Dispatch::new(registry().with(directives.parse::<Targets>().unwrap()).with(log.clone())),
        other => panic!("no filter is set by {other}"),
    };
    dispatcher::with_default(&dispatch, || run(&program["body"], &log, None));
    log.records()
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let program: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let answer = match program["parse"].as_str() {
            Some(directives) => json!({
                "parse": directives,
                "env": EnvFilter::try_new(directives).is_ok(),
                "targets": directives.parse::<Targets>().is_ok(),
            }),
            None => json!({"id": program["id"], "records": records(&program)}),
        };
        println!("{answer}");
    }
}
