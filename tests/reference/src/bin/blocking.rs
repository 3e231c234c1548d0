//! A thread of the blocking pool has an empty stack.

use tokio::task::spawn_blocking;
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
    spawn_blocking(|| info!("performing task")).await.unwrap();
}
