//! Where the span is rejected, the current one takes its place.

use tracing::{debug_span, info, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let span = debug_span!("task").or_current();
    tokio::spawn(sub_task().instrument(span)).await.unwrap();
}

async fn sub_task() {
    info!("performing task");
}
