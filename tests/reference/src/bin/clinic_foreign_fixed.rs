//! The foreign parent is repaired: the future of a call carries its span.

use futures::future::join_all;
use std::time::Duration;
use tokio::time::sleep;
use tracing::{info, info_span, Instrument};
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    reference::init_service(FmtSpan::NONE);
    info!("server started");
    join_all((1..=3).map(call)).await;
    sleep(Duration::from_millis(50)).await;
    call(4).await;
}

async fn call(id: u32) {
    sleep(Duration::from_millis(3 * id as u64)).await;
    let span = info_span!("method_call", id);
    answer(id).instrument(span).await;
}

async fn answer(id: u32) {
    info!("call begins");
    sleep(Duration::from_millis(5)).await;
    info!(call = id, "call ends");
}
