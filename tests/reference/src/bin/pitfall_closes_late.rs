//! A background task keeps a handle, and the span of the request cannot close.

use tokio::task::{yield_now, JoinHandle};
use tracing::{info, instrument, Instrument};

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
    tokio::spawn(connection().in_current_span())
}

async fn connection() {
    yield_now().await;
    info!("connection closed");
}
