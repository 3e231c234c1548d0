//! The background task has a root span of its own.

use tokio::task::{yield_now, JoinHandle};
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_lives();
    let background = request();
    info!("response sent");
    background.await.unwrap();
}

#[instrument]
fn request() -> JoinHandle<()> {
    info!("serving");
    let span = info_span!(parent: None, "connection");
    tokio::spawn(connection().instrument(span))
}

async fn connection() {
    yield_now().await;
    info!("connection closed");
}
