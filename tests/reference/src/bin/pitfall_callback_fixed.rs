//! The callback owns the span, and enters it when it runs.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let mut queue: Vec<Box<dyn FnOnce()>> = Vec::new();
    let span = info_span!("trigger");
    queue.push(Box::new(move || {
        span.in_scope(|| info!("in the callback"));
    }));
    info!("unrelated");
    for callback in queue {
        callback();
    }
}
