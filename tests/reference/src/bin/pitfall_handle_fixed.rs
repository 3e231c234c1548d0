//! The span is around the task.

use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let span = info_span!("task");
    tokio::spawn(sub_task().instrument(span)).await.unwrap();
}

async fn sub_task() {
    info!("performing task");
}
