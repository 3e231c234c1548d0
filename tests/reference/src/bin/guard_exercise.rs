//! The upload without a guard: what should have its span has it, and nothing else.

use tokio::task::yield_now;
use tracing::{info, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let upload = tokio::spawn(upload());
    let heartbeat = tokio::spawn(heartbeat());
    upload.await.unwrap();
    heartbeat.await.unwrap();
}

#[instrument]
async fn upload() {
    info!("packing");
    tokio::spawn(send().in_current_span()).await.unwrap();
    info!("done");
}

async fn send() {
    yield_now().await;
    info!("sending");
}

async fn heartbeat() {
    info!("heartbeat");
}
