//! The maker gives the future the span that is current while it is made.

use std::future::Future;
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    info!("starting work");
    tokio::spawn(sub_task()).await.unwrap();
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        perform().await;
    }
    .in_current_span()
}

async fn perform() {
    info!("performing task");
}
