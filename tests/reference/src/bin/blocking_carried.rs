//! The span is taken along and entered there.

use tokio::task::spawn_blocking;
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
    spawn_blocking(task).await.unwrap();
}
