//! The block is the last expression, with the call that wrapped it inside.

use std::future::Future;
use tokio::task::JoinSet;
use tracing::{info, instrument};

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

fn limited(future: impl Future<Output = ()>) -> impl Future<Output = ()> {
    info!("setting a limit");
    future
}

#[instrument]
fn sub_task() -> impl Future<Output = ()> {
    info!("making sub task");
    async {
        let task = async {
            info!("performing task");
        };
        limited(task).await;
    }
}
