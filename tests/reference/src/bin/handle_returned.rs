//! The task is spawned in `work`, and its handle awaited in `main`.

use std::future::Future;
use tokio::task::JoinHandle;
use tracing::{info, info_span, instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    let handle = work().await;
    handle.await.unwrap();
}

#[instrument]
async fn work() -> JoinHandle<()> {
    info!("starting work");
    tokio::spawn(sub_task())
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
