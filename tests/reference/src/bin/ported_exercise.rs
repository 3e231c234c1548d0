//! A program from Python: what its context did by itself stands in words here.

use tokio::task::yield_now;
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    request().await;
}

async fn fetch() {
    info!("fetching");
}

async fn audit() {
    info!("auditing");
}

async fn load() {
    let fetching = tokio::spawn(fetch().in_current_span());
    yield_now().await;
    info!("loading");
    fetching.await.unwrap();
}

#[instrument]
async fn request() {
    let auditing = tokio::spawn(audit());
    load().instrument(info_span!("load")).await;
    auditing.await.unwrap();
}
