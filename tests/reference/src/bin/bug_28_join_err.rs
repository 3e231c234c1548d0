//! Join! goes on when one branch gives Err, try_join! drops the other; err events on the way.

use futures::future::{join_all, try_join_all};
use tokio::task::yield_now;
use tracing::{info, instrument};

struct Log(&'static str);
impl Drop for Log { fn drop(&mut self) { info!("dropped {}", self.0); } }

#[instrument(err)]
async fn fails(n: u32) -> Result<u32, String> {
    info!("will fail");
    Err(format!("no {n}"))
}

#[instrument]
async fn works(n: u32) -> Result<u32, String> {
    let _log = Log("works'");
    info!("begins");
    yield_now().await;
    info!("ends");
    Ok(n)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    let (a, b) = tokio::join!(fails(1), works(1));
    info!(a = a.is_ok(), b = b.is_ok(), "joined");
    let both = tokio::try_join!(fails(2), works(2));
    info!(ok = both.is_ok(), "try joined");
    let all = join_all([Box::pin(works(3)) as std::pin::Pin<Box<dyn std::future::Future<Output = _>>>, Box::pin(fails(3))]).await;
    info!(n = all.len(), "all");
    let all = try_join_all([Box::pin(works(4)) as std::pin::Pin<Box<dyn std::future::Future<Output = _>>>, Box::pin(fails(4))]).await;
    info!(ok = all.is_ok(), "try all");
}
