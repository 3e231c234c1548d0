//! The message brings the span along.

use tokio::sync::mpsc;
use tracing::{info, instrument, Instrument, Span};

async fn actor(mut inbox: mpsc::Receiver<(u32, Span)>) {
    while let Some((n, span)) = inbox.recv().await {
        async move { info!("handling {n}") }.instrument(span).await;
    }
}

#[instrument(skip_all)]
async fn request(inbox: mpsc::Sender<(u32, Span)>) {
    info!("asking");
    inbox.send((1, Span::current())).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let (sender, inbox) = mpsc::channel(8);
    let actor = tokio::spawn(actor(inbox));
    request(sender).await;
    actor.await.unwrap();
}
