//! The orphan is repaired: what is spawned carries the current span.

use std::time::Duration;
use tokio::time::sleep;
use tracing::{info, instrument, Instrument};
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    reference::init_service(FmtSpan::NONE);
    info!("gateway started");
    for id in 1..=4 {
        add_tx(id).await;
        sleep(Duration::from_millis(50)).await;
    }
}

#[instrument]
async fn add_tx(id: u32) {
    info!("transaction received");
    let sent = tokio::spawn(send(id).in_current_span());
    sleep(Duration::from_millis(2)).await;
    info!("signature checked");
    sent.await.unwrap();
    info!("transaction accepted");
}

async fn send(id: u32) {
    sleep(Duration::from_millis(5)).await;
    info!(tx = id, "sent to the mempool");
}
