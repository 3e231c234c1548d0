//! The handler has returned its stream when the server polls it, and the span has gone.

use async_stream::stream;
use futures::{pin_mut, Stream, StreamExt};
use tracing::{info, instrument};

fn body() -> impl Stream<Item = u32> {
    stream! {
        for n in 0..2 {
            info!("chunk {n}");
            yield n;
        }
    }
}

#[instrument]
async fn handler() -> impl Stream<Item = u32> {
    info!("handling");
    body()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let body = handler().await;
    pin_mut!(body);
    while body.next().await.is_some() {}
}
