//! No guard: the future carries the span.

use tokio::task::yield_now;
use tracing::{info, info_span, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let guilty = tokio::spawn(guilty().instrument(info_span!("guilty")));
    let innocent = tokio::spawn(innocent());
    guilty.await.unwrap();
    innocent.await.unwrap();
}

async fn guilty() {
    info!("before");
    yield_now().await;
    info!("after");
}

async fn innocent() {
    info!("innocent");
}
