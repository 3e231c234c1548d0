//! An async clean-up: Drop spawns a task, in the current span of the drop.

use tokio::task::yield_now;
use tracing::{info, info_span, instrument, Instrument};

struct Session(u32);
impl Drop for Session {
    fn drop(&mut self) {
        let n = self.0;
        info!(n, "dropping");
        tokio::spawn(async move { info!(n, "closed bare") });
        tokio::spawn(async move { info!(n, "closed in span") }.in_current_span());
    }
}

#[instrument]
async fn request(n: u32) {
    let _session = Session(n);
    info!("serving");
    if n == 2 {
        std::future::pending::<()>().await;
    }
    yield_now().await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    request(1).await;
    let two = tokio::spawn(request(2));
    yield_now().await;
    two.abort();
    let _ = two.await;
    yield_now().await;
    let moved = Session(3);
    let task = tokio::spawn(async move { let _moved = moved; yield_now().await; }.instrument(info_span!("mover")));
    task.await.unwrap();
    yield_now().await;
    yield_now().await;
    info!("end");
    let _left = tokio::spawn(request(2));
    yield_now().await;
}
