//! What carries the span is the handle: the waiting is in it, and the job is not.

use tokio::task::spawn_blocking;
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    let handle = spawn_blocking(|| info!("performing task"));
    let span = info_span!("waiting");
    handle.instrument(span).await.unwrap();
}
