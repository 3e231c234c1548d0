//! The program of 1 on one thread: the thread is not the cause.

use std::future::Future;
use tokio::task::JoinSet;
use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
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

#[instrument]
fn sub_task() -> impl Future<Output = ()> {
    info!("making sub task");
    async {
        info!("performing task");
    }
}
