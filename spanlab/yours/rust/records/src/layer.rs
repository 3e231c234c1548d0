//! The rows, and the layer that writes those of spans and events.
use crate::{fields, POLLS};
use serde_json::{json, Value};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Where rows go, one after the other; each thread and span has its number from here.
pub struct Out {
    file: File,
    left: u64,
    zero: Instant,
    threads: HashSet<u64>,
    spans: HashMap<u64, u64>,
    made: u64,
    tasks: u64,
    pub has_main: bool,
}

impl Out {
    pub fn new(file: File, most: u64, zero: Instant) -> Self {
        let (threads, spans) = (HashSet::new(), HashMap::new());
        Out { file, left: most, zero, threads, spans, made: 0, tasks: 0, has_main: false }
    }
    pub fn next_task(&mut self) -> u64 {
        self.tasks += 1;
        self.tasks
    }
    /// Write a row: its kind, time, thread, task, file, line, and what it says.
    pub fn row(&mut self, kind: &str, (file, line): (&str, u64), what: Value) {
        let now = std::thread::current();
        let id = format!("{:?}", now.id());
        let thread = id.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        let time = self.zero.elapsed().as_nanos() as u64;
        if self.threads.insert(thread) {
            self.line(json!(["thread", time, thread, null, "", 0, now.name().unwrap_or("")]));
        }
        let task = POLLS.with(|polls| polls.borrow().last().copied());
        let mut row = vec![json!(kind), json!(time), json!(thread), json!(task), json!(file), json!(line)];
        row.extend(what.as_array().into_iter().flatten().cloned());
        self.line(Value::Array(row));
    }
    fn line(&mut self, row: Value) {
        let _ = self.file.write_all(format!("{row}\n").as_bytes());
        self.left -= 1;
        if self.left == 0 {
            std::process::abort();
        }
    }
    fn new_span(&mut self, id: &Id) -> u64 {
        self.made += 1;
        self.spans.insert(id.into_u64(), self.made); // the registry uses its numbers again
        self.made
    }
    fn span(&self, id: &Id) -> Option<u64> {
        self.spans.get(&id.into_u64()).copied()
    }
}

/// What is below the level is disabled for the program, as by a subscriber of its own.
pub struct Records(pub Arc<Mutex<Out>>, pub Level);

impl Records {
    /// Nobody sees the line that enters or exits: it has the file of the span, and no line.
    fn of<S>(&self, kind: &str, id: &Id, ctx: Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let file = ctx.metadata(id).and_then(|about| about.file()).unwrap_or("?");
        let mut out = self.0.lock().unwrap();
        let span = out.span(id);
        out.row(kind, (file, 0), json!([span]));
    }
}

fn place<'a>(metadata: &Metadata<'a>) -> (&'a str, u64) {
    (metadata.file().unwrap_or(""), metadata.line().unwrap_or(0).into())
}

fn level(metadata: &Metadata<'_>) -> u64 {
    [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR]
        .iter()
        .position(|level| level == metadata.level())
        .map_or(0, |at| at as u64 + 1)
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Records {
    fn enabled(&self, about: &Metadata<'_>, _: Context<'_, S>) -> bool {
        about.level() <= &self.1
    }
    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let parent = ctx.span(id).and_then(|span| span.parent().map(|parent| parent.id()));
        let (about, told) = (attrs.metadata(), fields::all(|visit| attrs.record(visit)));
        let mut out = self.0.lock().unwrap();
        let (parent, span) = (parent.and_then(|parent| out.span(&parent)), out.new_span(id));
        let named = !attrs.is_contextual();
        let row = json!([span, parent, about.name(), level(about), about.target(), told, named]);
        out.row("new", place(about), row);
    }
    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let told = fields::all(|visit| values.record(visit));
        let mut out = self.0.lock().unwrap();
        let span = out.span(id);
        out.row("record", ("", 0), json!([span, told]));
    }
    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        let mut out = self.0.lock().unwrap();
        if let (Some(span), Some(before)) = (out.span(id), out.span(follows)) {
            out.row("follows", ("", 0), json!([span, before]));
        }
    }
    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let parent = ctx.event_span(event).map(|span| span.id());
        let current = ctx.lookup_current().map(|span| span.id());
        let (about, told) = (event.metadata(), fields::all(|visit| event.record(visit)));
        let mut out = self.0.lock().unwrap();
        let [parent, current] = [parent, current].map(|id| id.and_then(|id| out.span(&id)));
        let row = json!([level(about), about.target(), told, parent, current, !event.is_contextual()]);
        out.row("event", place(about), row);
    }
    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        self.of("enter", id, ctx);
    }
    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        self.of("exit", id, ctx);
    }
    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        self.of("close", &id, ctx);
    }
}
