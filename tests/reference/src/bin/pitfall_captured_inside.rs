//! The current span is asked for inside the task, where there is none.

use tracing::{info, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let task = async { sub_task().in_current_span().await };
    tokio::spawn(task).await.unwrap();
}

async fn sub_task() {
    info!("performing task");
}
