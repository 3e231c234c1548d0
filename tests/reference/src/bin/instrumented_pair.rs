//! The same two tasks with their spans carried, on the same one thread.

use tokio::task::{yield_now, JoinSet};
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let mut tasks = JoinSet::new();
    tasks.spawn(perform("task 1").instrument(info_span!("first")));
    tasks.spawn(perform("task 2").instrument(info_span!("second")));
    while tasks.join_next().await.is_some() {}
}

async fn perform(name: &str) {
    yield_now().await;
    info!("{name}");
}
