//! The span is around the handle, and not around the task.

use std::future::Future;
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    let span = info_span!("spawned sub_task");
    tokio::spawn(sub_task()).instrument(span).await.unwrap();
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
