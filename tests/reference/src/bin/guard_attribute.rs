//! No guard: the attribute enters the span for every poll.

use tokio::task::yield_now;
use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let guilty = tokio::spawn(guilty());
    let innocent = tokio::spawn(innocent());
    guilty.await.unwrap();
    innocent.await.unwrap();
}

#[instrument]
async fn guilty() {
    info!("before");
    yield_now().await;
    info!("after");
}

async fn innocent() {
    info!("innocent");
}
