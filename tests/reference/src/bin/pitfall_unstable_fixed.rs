//! A level for what is not yours: then the spans of the runtime are not enabled.

use tracing::{info, info_span};

async fn task() {
    info!("in task");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_filtered("info");
    let handle = info_span!("work").in_scope(|| tokio::spawn(task()));
    handle.await.unwrap();
}
