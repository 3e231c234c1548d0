//! One function makes a future and another awaits it.

use std::future::Future;
use tracing::{info, info_span, instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    let future = make().await;
    use_it(future).await;
}

#[instrument]
async fn make() -> impl Future<Output = ()> {
    info!("in make");
    sub_task()
}

#[instrument(skip_all)]
async fn use_it(future: impl Future<Output = ()>) {
    info!("in use_it");
    future.await;
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
