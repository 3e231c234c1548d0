//! The future is made in `work` and awaited in `main`.

use std::future::Future;
use tracing::{info, info_span, instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    let future = work().await;
    future.await;
}

#[instrument]
async fn work() -> impl Future<Output = ()> {
    info!("starting work");
    sub_task()
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
