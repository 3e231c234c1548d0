//! A task is spawned, and the span of its spawner stays behind.

use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    tokio::spawn(sub_task()).await.unwrap();
}

async fn sub_task() {
    info!("performing task");
}
