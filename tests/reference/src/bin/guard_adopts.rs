//! A span that is made while another task's guard is held becomes its child.

use tokio::task::yield_now;
use tracing::{info, info_span, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let guilty = tokio::spawn(guilty());
    let innocent = tokio::spawn(innocent());
    guilty.await.unwrap();
    innocent.await.unwrap();
}

async fn guilty() {
    let span = info_span!("guilty");
    let _guard = span.enter();
    info!("before");
    yield_now().await;
    info!("after");
}

#[instrument]
async fn innocent() {
    info!("innocent");
}
