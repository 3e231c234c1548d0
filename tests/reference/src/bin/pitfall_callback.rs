//! An entered span moves into a callback that waits in a queue, and is entered all the while.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let mut queue: Vec<Box<dyn FnOnce()>> = Vec::new();
    let span = info_span!("trigger").entered();
    queue.push(Box::new(move || {
        info!("in the callback");
        drop(span);
    }));
    info!("unrelated");
    for callback in queue {
        callback();
    }
}
