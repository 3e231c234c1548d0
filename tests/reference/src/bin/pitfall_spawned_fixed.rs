//! The task takes the span along that is current at the spawn.

use tracing::{info, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    tokio::spawn(sub_task().in_current_span()).await.unwrap();
}

async fn sub_task() {
    info!("performing task");
}
