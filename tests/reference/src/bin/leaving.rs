//! One function, called in three ways: only the plain call is in the span.

use std::thread;
use tokio::task::spawn_blocking;
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
    perform("called");
    spawn_blocking(|| perform("blocking")).await.unwrap();
    thread::spawn(|| perform("own thread")).join().unwrap();
    info!("going on");
}

fn perform(way: &str) {
    info!("{way}");
}
