//! A task is aborted, and what is logged on the way out is outside the span.

use std::future::pending;
use tokio::task::yield_now;
use tracing::{info, info_span, Instrument};

struct Cleanup;

impl Drop for Cleanup {
    fn drop(&mut self) {
        info!("cleaning up");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let task = tokio::spawn(request());
    yield_now().await;
    task.abort();
    task.await.unwrap_err();
}

async fn request() {
    let _cleanup = Cleanup;
    let span = info_span!("request");
    pending::<()>().instrument(span).await;
}
