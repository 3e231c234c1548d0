//! 2. The block has a name before it is returned: now the attribute sees a plain function.

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

#[allow(clippy::let_and_return)] // the `let` is the point
#[instrument]
fn sub_task() -> impl Future<Output = ()> {
    info!("making sub task");
    let fut = async {
        info!("performing task");
    };
    fut
}
