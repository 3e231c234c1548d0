//! A thread of your own has an empty stack.

use std::thread;
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
    thread::spawn(|| info!("performing task")).join().unwrap();
}
