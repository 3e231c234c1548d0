//! The filter rejects the span of the task, and with it the context.

use tracing::{debug_span, info, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let span = debug_span!("task");
    tokio::spawn(sub_task().instrument(span)).await.unwrap();
}

async fn sub_task() {
    info!("performing task");
}
