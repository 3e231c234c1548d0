//! rs-ipfs/rust-ipfs#314, tokio-rs/tracing#734: in_scope around the making of a future.

use tracing::{info, info_span, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    request().await;
}

#[instrument]
async fn request() {
    let span = info_span!("step");
    span.in_scope(|| step(1)).await;
    span.in_scope(|| {
        info!("making");
        step(2)
    })
    .await;
    let future = {
        let _guard = span.enter();
        helper(3)
    };
    future.await;
    let (a, b) = span.in_scope(|| (step(4), helper(5)));
    tokio::join!(a, b);
    let fns = span.in_scope(|| vec![step(6), step(7)]);
    futures::future::join_all(fns).await;
}

async fn step(n: i32) {
    info!(n, "stepping");
}

#[instrument]
async fn helper(n: i32) {
    info!("helping");
}
