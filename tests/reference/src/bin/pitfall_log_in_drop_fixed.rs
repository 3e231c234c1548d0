//! The span is around all of the future, and is entered for its drop.

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
    let span = info_span!("request");
    let task = tokio::spawn(request().instrument(span));
    yield_now().await;
    task.abort();
    task.await.unwrap_err();
}

async fn request() {
    let _cleanup = Cleanup;
    pending::<()>().await;
}
