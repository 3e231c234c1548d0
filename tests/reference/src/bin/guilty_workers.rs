//! `guilty_guard` on workers, as many as `WORKERS` says: the order of polls is a race.

use tokio::runtime::Builder;
use tokio::task::yield_now;
use tracing::{info, info_span};

fn main() {
    reference::init();
    let workers = std::env::var("WORKERS").map_or(2, |count| count.parse().unwrap());
    let runtime = Builder::new_multi_thread().worker_threads(workers).build();
    runtime.unwrap().block_on(async {
        let guilty = tokio::spawn(guilty());
        let innocent = tokio::spawn(innocent());
        guilty.await.unwrap();
        innocent.await.unwrap();
    });
}

async fn guilty() {
    let span = info_span!("guilty");
    let _guard = span.enter();
    info!("before");
    yield_now().await;
    info!("after");
}

async fn innocent() {
    info!("innocent");
}
