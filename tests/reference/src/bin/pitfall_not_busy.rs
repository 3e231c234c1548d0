//! A span waits while its child works: it is not entered in the child's task.

use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_lives();
    request().await;
}

#[instrument]
async fn request() {
    let child = child().instrument(info_span!("child"));
    tokio::spawn(child).await.unwrap();
}

async fn child() {
    info!("hard work");
}
