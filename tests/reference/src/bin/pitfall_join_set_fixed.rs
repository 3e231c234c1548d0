//! What a `JoinSet` is given carries a span.

use tokio::task::JoinSet;
use tracing::{info, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let mut tasks = JoinSet::new();
    tasks.spawn(sub_task().in_current_span());
    tasks.join_next().await.unwrap().unwrap();
}

async fn sub_task() {
    info!("performing task");
}
