//! A value that logs when it is dropped tells of the end.

use std::future::pending;
use tokio::task::yield_now;
use tracing::{info, instrument};

struct Ended;

impl Drop for Ended {
    fn drop(&mut self) {
        info!("ended");
    }
}

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
    let _ended = Ended;
    info!("begun");
    pending::<()>().await;
    info!("done");
}
