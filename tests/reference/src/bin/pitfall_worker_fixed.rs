//! The command brings the span along.

use std::sync::mpsc;
use std::thread;
use tracing::{info, instrument, Span};

fn worker(inbox: mpsc::Receiver<(u32, Span)>) {
    for (n, span) in inbox {
        span.in_scope(|| info!("executing {n}"));
    }
}

#[instrument(skip_all)]
fn request(inbox: mpsc::Sender<(u32, Span)>) {
    info!("asking");
    inbox.send((1, Span::current())).unwrap();
}

fn main() {
    reference::init();
    let (sender, inbox) = mpsc::channel();
    let worker = thread::spawn(move || worker(inbox));
    request(sender);
    worker.join().unwrap();
}
