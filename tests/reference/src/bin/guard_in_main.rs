//! `main` is not spawned, so it may hold any guard across an await; on one thread it leaks too.

use tracing::{info, info_span};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let _guard = info_span!("guilty").entered();
    tokio::spawn(innocent()).await.unwrap();
}

async fn innocent() {
    info!("innocent");
}
