//! A guard is dropped on another thread, and its span closes: its entry is current and names nothing.

use std::thread;
use tracing::{info, info_span, Span};

fn main() {
    reference::init();
    let outer = info_span!("outer");
    let _outer = outer.enter();
    let request = info_span!("request");
    let guard = request.enter();
    thread::scope(|threads| {
        threads.spawn(|| drop(guard));
    });
    Span::current().in_scope(|| info!("before the close"));
    drop(request);
    Span::current().in_scope(|| info!("after the close"));
}
