//! A root that follows from the span lets it close.

use tokio::task::JoinHandle;
use tracing::{info, info_span, instrument, Instrument, Span};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_lives();
    let child = request();
    info!("request has returned");
    child.await.unwrap();
}

#[instrument]
fn request() -> JoinHandle<()> {
    let span = info_span!(parent: None, "child");
    span.follows_from(Span::current());
    tokio::spawn(child().instrument(span))
}

async fn child() {
    info!("still working");
}
