//! The same, polled inside the span of its spawner.

use tracing::{info, instrument, Instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    tokio::spawn(sub_task().in_current_span()).await.unwrap();
}

#[instrument]
async fn sub_task() {
    info!("making sub task");
    info!("performing task");
}
