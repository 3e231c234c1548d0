//! `spawn_local` takes a future that holds an `entered()` guard over an await: it stays here.

use tokio::task::{spawn_local, yield_now, LocalSet};
use tracing::{info, info_span};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let tasks = LocalSet::new();
    tasks.run_until(both()).await;
}

async fn both() {
    let guilty = spawn_local(guilty());
    let innocent = spawn_local(innocent());
    guilty.await.unwrap();
    innocent.await.unwrap();
}

async fn guilty() {
    let _guard = info_span!("guilty").entered();
    info!("before");
    yield_now().await;
    info!("after");
}

async fn innocent() {
    info!("innocent");
}
