//! A function has returned, and its span waits for a child that has not.

use tokio::task::JoinHandle;
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_lives();
    let child = request();
    info!("request has returned");
    child.await.unwrap();
}

#[instrument]
fn request() -> JoinHandle<()> {
    let span = info_span!("child");
    tokio::spawn(child().instrument(span))
}

async fn child() {
    info!("still working");
}
