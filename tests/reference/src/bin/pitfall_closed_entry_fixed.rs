//! The guard is dropped on its thread, and the span is entered on the other one.

use std::thread;
use tracing::{info, info_span, Span};

fn main() {
    reference::init();
    let outer = info_span!("outer");
    let _outer = outer.enter();
    let request = info_span!("request");
    request.in_scope(|| info!("before the close"));
    thread::scope(|threads| {
        threads.spawn(|| drop(request.enter()));
    });
    drop(request);
    Span::current().in_scope(|| info!("after the close"));
}
