//! The span is made in `main`, outside `work`, and used in the same place as before.

use std::future::Future;
use tracing::{info, info_span, instrument, Instrument, Span};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    info!("in main");
    let span = info_span!("spawned sub_task");
    work(span).await;
}

#[instrument(skip_all)]
async fn work(span: Span) {
    info!("starting work");
    tokio::spawn(sub_task().instrument(span)).await.unwrap();
}

fn sub_task() -> impl Future<Output = ()> {
    let _guard = info_span!("sub_task").entered();
    info!("making sub task");
    async {
        info!("performing task");
    }
}
