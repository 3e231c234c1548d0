//! tokio-rs/tokio#6106, linkerd/linkerd2-proxy#940: a cached object keeps its first span.

use std::sync::{Arc, OnceLock};
use tokio::task::yield_now;
use tracing::{info, instrument, Instrument, Span};

struct Pool {
    span: Span,
}
static POOL: OnceLock<Arc<Pool>> = OnceLock::new();

fn pool() -> &'static Arc<Pool> {
    POOL.get_or_init(|| {
        info!("opening the pool");
        Arc::new(Pool { span: Span::current() })
    })
}
impl Pool {
    async fn query(&self, n: i32) {
        async move {
            info!(n, "querying");
            yield_now().await;
            info!(n, "queried");
        }
        .instrument(self.span.clone())
        .await
    }
}

#[instrument]
async fn request(n: i32) {
    pool().query(n).await;
    info!("responded");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    request(1).await;
    request(2).await;
    let a = tokio::spawn(request(3));
    let b = tokio::spawn(request(4));
    a.await.unwrap();
    b.await.unwrap();
    info!("end");
}
