//! The future that loses a `select!` ends at an await, and logs nothing more.

use std::future::pending;
use tokio::task::yield_now;
use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_lives();
    tokio::select! {
        biased;
        () = slow() => {}
        () = yield_now() => info!("gave up"),
    }
}

#[instrument(ret)]
async fn slow() {
    info!("begun");
    pending::<()>().await;
    info!("done");
}
