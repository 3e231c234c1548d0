//! A function that spawns what it is given, on a `JoinSet` of its own.

use std::future::Future;
use tokio::task::JoinSet;
use tracing::{info, instrument, Instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    run_both(fetch().in_current_span(), store().in_current_span()).await;
}

async fn run_both(
    first: impl Future<Output = ()> + Send + 'static,
    second: impl Future<Output = ()> + Send + 'static,
) {
    let mut tasks = JoinSet::new();
    tasks.spawn(first);
    tasks.spawn(second);
    while tasks.join_next().await.is_some() {}
    info!("both are done");
}

#[instrument]
async fn fetch() {
    info!("fetching");
}

#[instrument]
async fn store() {
    info!("storing");
}
