//! abdolence/axum-streams-rs#85 and tower-http users: a handler returns a stream; the server polls it after the span.

use async_stream::stream;
use futures::{Stream, StreamExt};
use tokio::task::yield_now;
use tracing::{info, info_span, instrument, Span};

fn body() -> impl Stream<Item = i32> {
    stream! {
        for n in 0..2 {
            info!(n, "chunk");
            yield n;
            yield_now().await;
        }
        query().await;
    }
}

#[instrument]
async fn query() {
    info!("last query");
}

#[instrument]
async fn handler() -> impl Stream<Item = i32> {
    info!("handling");
    body()
}

#[instrument]
async fn fixed() -> impl Stream<Item = i32> {
    info!("handling");
    tracing_futures::Instrument::instrument(body(), Span::current())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    let server = tokio::spawn(async {
        let body = tracing::Instrument::instrument(handler(), info_span!("request")).await;
        futures::pin_mut!(body);
        while let Some(n) = body.next().await {
            info!(n, "sent");
        }
        let body = tracing::Instrument::instrument(fixed(), info_span!("request")).await;
        futures::pin_mut!(body);
        while let Some(n) = body.next().await {
            info!(n, "sent");
        }
    });
    server.await.unwrap();
}
