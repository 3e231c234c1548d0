//! A global subscriber is that of every thread.

use tracing::info;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    reference::init();
    info!("in the test");
    tokio::spawn(async { info!("in the task") }).await.unwrap();
    info!("the task has ended");
}
