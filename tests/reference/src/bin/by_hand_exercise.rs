//! The span is made at the call and entered twice: for the call, and in the future.

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
    let span = info_span!("sub_task");
    span.in_scope(|| info!("making sub task"));
    async move {
        let _guard = span.enter();
        info!("performing task");
    }
}
