//! The guard is made inside the block: it covers the poll, and its span is a root.

use std::future::Future;
use tokio::task::JoinSet;
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
    let mut tasks = JoinSet::new();
    tasks.spawn(sub_task());
    while tasks.join_next().await.is_some() {}
}

fn sub_task() -> impl Future<Output = ()> {
    info!("making sub task");
    async {
        let _guard = info_span!("sub_task").entered();
        info!("performing task");
    }
}
