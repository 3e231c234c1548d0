//! A subscriber that is set for a scope is that of one thread: workers have none.

use tracing::info;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let _guard = reference::init_here();
    info!("in the test");
    tokio::spawn(async { info!("in the task") }).await.unwrap();
    info!("the task has ended");
}
