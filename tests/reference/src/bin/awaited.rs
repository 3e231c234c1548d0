//! 4. Awaited in place: the future is polled inside the polls of `work`.

use std::future::Future;
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
    sub_task().await;
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
