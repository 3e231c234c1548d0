//! A task that waits on its way: each of its polls may be on another worker.

use std::{thread::sleep, time::Duration};
use tokio::task::{yield_now, JoinSet};
use tracing::{info, instrument};

#[tokio::main(worker_threads = 2)]
async fn main() {
    reference::init();
    let mut tasks = JoinSet::new();
    for n in 1..=3 {
        tasks.spawn(work(n));
    }
    while tasks.join_next().await.is_some() {}
}

#[instrument]
async fn work(n: u32) {
    info!("starting work");
    sleep(Duration::from_millis(5));
    yield_now().await;
    info!("going on");
}
