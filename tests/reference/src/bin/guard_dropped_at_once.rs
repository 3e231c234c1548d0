//! `let _` keeps nothing: the guard is dropped at the end of its own line.

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
    let _ = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
