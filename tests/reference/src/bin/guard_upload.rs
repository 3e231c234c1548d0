//! A held guard: one line gets its span by luck, another by mistake.

use tokio::task::yield_now;
use tracing::{info, info_span};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let upload = tokio::spawn(upload());
    let heartbeat = tokio::spawn(heartbeat());
    upload.await.unwrap();
    heartbeat.await.unwrap();
}

async fn upload() {
    let span = info_span!("upload");
    let _guard = span.enter();
    info!("packing");
    tokio::spawn(send()).await.unwrap();
    info!("done");
}

async fn send() {
    yield_now().await;
    info!("sending");
}

async fn heartbeat() {
    info!("heartbeat");
}
