//! The `Layer` that writes down what it sees.
use serde_json::{json, Value};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Everything the layer saw, in order, with small stable numbers for spans and threads.
#[derive(Clone, Default)]
pub struct Log(pub Arc<Mutex<State>>);

impl Log {
    pub fn records(&self) -> Vec<Value> {
        self.0.lock().unwrap().records.clone()
    }
}

#[derive(Default)]
pub struct State {
    pub records: Vec<Value>,
    spans: HashMap<u64, usize>,
    made: usize,
    threads: Vec<std::thread::ThreadId>,
}

impl State {
    fn span(&self, id: &Id) -> usize {
        self.spans[&id.into_u64()]
    }
    pub fn thread(&mut self) -> usize {
        let id = std::thread::current().id();
        self.threads.iter().position(|seen| *seen == id).unwrap_or_else(|| {
            self.threads.push(id);
            self.threads.len() - 1
        })
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

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let parent = ctx.span(id).and_then(|span| span.parent().map(|parent| parent.id()));
        let mut state = self.0.lock().unwrap();
        let number = state.made;
        state.made += 1;
        state.spans.insert(id.into_u64(), number); // the registry reuses ids
        let (parent, thread) = (parent.map(|parent| state.span(&parent)), state.thread());
        state.records.push(json!(["new", number, attrs.metadata().name(), parent, thread]));
    }
    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        let mut state = self.0.lock().unwrap();
        let record = json!(["enter", state.span(id), state.thread()]);
        state.records.push(record);
    }
    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        let mut state = self.0.lock().unwrap();
        let record = json!(["exit", state.span(id), state.thread()]);
        state.records.push(record);
    }
    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut state = self.0.lock().unwrap();
        let record = json!(["close", state.span(&id)]);
        state.records.push(record);
    }
    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        let mut state = self.0.lock().unwrap();
        let record = json!(["follows", state.span(id), state.span(follows)]);
        state.records.push(record);
    }
    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let scope: Vec<&str> = ctx.event_scope(event).map(|scope| scope.map(|span| span.name()).collect()).unwrap_or_default();
        let mut state = self.0.lock().unwrap();
        let record = json!(["event", message.0, scope, state.thread()]);
        state.records.push(record);
    }
}
