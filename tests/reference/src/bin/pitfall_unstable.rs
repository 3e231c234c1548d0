//! Built with `--cfg tokio_unstable` and tokio's feature `tracing`, the runtime makes a span for each task.

use tracing::{info, info_span};

async fn task() {
    info!("in task");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_filtered("info,tokio::task=trace,tokio::task::waker=off");
    let handle = info_span!("work").in_scope(|| tokio::spawn(task()));
    handle.await.unwrap();
}
