//! The span is taken along and entered there.

use std::thread;
use tracing::{info, instrument, Span};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    let span = Span::current();
    let task = move || span.in_scope(|| info!("performing task"));
    thread::spawn(task).join().unwrap();
}
