//! With one thread for tasks, a blocking job has a thread of its own all the same.

use tokio::task::spawn_blocking;
use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    spawn_blocking(|| info!("performing task")).await.unwrap();
}
