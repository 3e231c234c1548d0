//! A guard held until the task has ended: the task is polled elsewhere all the same.

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
    let _guard = info_span!("spawning").entered();
    tasks.spawn(sub_task());
    while tasks.join_next().await.is_some() {}
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
