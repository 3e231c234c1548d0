//! A span around all that a task does: it is entered inside the task.

use std::future::Future;
use tracing::{info, info_span, instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    tokio::spawn(job()).await.unwrap();
}

#[instrument]
async fn job() {
    sub_task().await;
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
