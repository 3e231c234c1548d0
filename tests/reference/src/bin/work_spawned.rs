//! `work` is a task itself: it awaits one future and spawns another.

use tracing::{info, instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    tokio::spawn(work()).await.unwrap();
}

#[instrument]
async fn work() {
    info!("starting work");
    sub_task("first").await;
    tokio::spawn(sub_task("second")).await.unwrap();
}

async fn sub_task(which: &str) {
    info!("performing {which}");
}
