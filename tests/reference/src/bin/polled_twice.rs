//! The future yields once: two polls, and the span is entered for both.

use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    tokio::spawn(sub_task().instrument(info_span!("spawned sub_task")))
        .await
        .unwrap();
}

async fn sub_task() {
    info!("first poll");
    tokio::task::yield_now().await;
    info!("second poll");
}
