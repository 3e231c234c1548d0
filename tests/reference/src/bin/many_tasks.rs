//! Three tasks, each with a span of its own.

use std::future::Future;
use tokio::task::JoinSet;
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
    let mut tasks = JoinSet::new();
    for n in 0..3 {
        tasks.spawn(sub_task().instrument(info_span!("spawned sub_task", n)));
    }
    while tasks.join_next().await.is_some() {}
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
