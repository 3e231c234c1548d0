//! The guard is dropped before the await.

use tokio::task::yield_now;
use tracing::{info, info_span};

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
    {
        let _guard = span.enter();
        info!("before");
    }
    yield_now().await;
    span.in_scope(|| info!("after"));
}

async fn innocent() {
    info!("innocent");
}
