//! An instrumented `async fn`: its span is made at the first poll.

use tracing::{info, instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    tokio::spawn(sub_task()).await.unwrap();
}

#[instrument]
async fn sub_task() {
    info!("making sub task");
    info!("performing task");
}
