//! The first program, with the code in the place of the attribute that it writes on `sub_task`.

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
    tasks.spawn(sub_task());
    while tasks.join_next().await.is_some() {}
}

fn sub_task() -> impl Future<Output = ()> {
    info!("making sub task");
    async move {
        let span = info_span!("sub_task");
        let block = async move {
            info!("performing task");
        };
        block.instrument(span).await
    }
}
