//! near/nearcore#7172: an entered span moves into a callback that an event loop runs later.

use tracing::{info, info_span};

type Job = Box<dyn FnOnce()>;

fn trigger(queue: &mut Vec<Job>, n: i32) {
    let span = info_span!("trigger", n).entered();
    info!("triggered");
    queue.push(Box::new(move || {
        info!(parent: &*span, "callback");
        let child = info_span!("child");
        child.in_scope(|| info!("in child"));
    }));
}

fn main() {
    reference::init_either("trace");
    let mut queue = Vec::new();
    trigger(&mut queue, 1);
    info!("unrelated");
    trigger(&mut queue, 2);
    info!("unrelated again");
    for job in queue.drain(..) {
        job();
        info!("between");
    }
    info!("at the end");
}
