//! A guard is dropped on another thread, and its entry stays on the stack of the first.

use std::thread;
use tracing::{info, info_span};

fn main() {
    reference::init();
    let outer = info_span!("outer");
    let _outer = outer.enter();
    let request = info_span!("request");
    let guard = request.enter();
    info!("in request");
    thread::scope(|threads| {
        threads.spawn(|| drop(guard));
    });
    info!("the entry stays");
    drop(request);
    info!("the entry hides outer");
}
