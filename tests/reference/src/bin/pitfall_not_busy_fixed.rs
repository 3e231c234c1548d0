//! Awaited in place, the child is polled inside the span.

use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_lives();
    request().await;
}

#[instrument]
async fn request() {
    let child = child().instrument(info_span!("child"));
    child.await;
}

async fn child() {
    info!("hard work");
}
