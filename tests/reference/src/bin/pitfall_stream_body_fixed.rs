//! The stream takes the span along: it is entered for each item.

use async_stream::stream;
use futures::{pin_mut, Stream, StreamExt};
use tracing::{info, instrument, Span};

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
    tracing_futures::Instrument::instrument(body(), Span::current())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let body = handler().await;
    pin_mut!(body);
    while body.next().await.is_some() {}
}
