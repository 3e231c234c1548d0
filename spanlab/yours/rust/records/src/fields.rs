//! Fields as spanlab keeps them: numbers, booleans, texts, and what `Debug` gave as a text.
use serde_json::{json, Value};
use std::collections::HashMap;
use std::fmt::Debug;
use std::ops::Index;
use tracing::field::{Field, Visit};

/// All fields in order, the message first.
pub fn all(record: impl FnOnce(&mut dyn Visit)) -> Value {
    let mut found = Fields::default();
    record(&mut found);
    found.0.sort_by_key(|(name, _)| *name != "message");
    found.0.into_iter().map(|(_, field)| field).collect()
}

#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        self.0.push((field.name(), json!([field.name(), value])));
    }
    fn text(&mut self, field: &Field, text: String) {
        self.0.push((field.name(), json!([field.name(), text, "text"])));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format!("{value:?}"));
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.add(field, json!(value))
        } else {
            self.text(field, format!("{value:?}"))
        }
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, json!(value));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, json!(value));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, json!(value));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, json!(value));
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, value.to_string());
    }
}

/// Fields by name, as text; one that is not there is empty.
#[derive(Default)]
pub struct Texts(HashMap<&'static str, String>, String);

pub fn texts(record: impl FnOnce(&mut dyn Visit)) -> Texts {
    let mut found = Texts::default();
    record(&mut found);
    found
}

impl Index<&str> for Texts {
    type Output = String;
    fn index(&self, name: &str) -> &String {
        self.0.get(name).unwrap_or(&self.1)
    }
}

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_string());
    }
}
