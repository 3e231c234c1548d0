//! One thread, four notes: each is polled by somebody else.

use std::future::Future;
use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    day().await;
}

#[instrument]
async fn day() {
    let later = note("a");
    tokio::spawn(night(later)).await.unwrap();
    tokio::spawn(note("b")).await.unwrap();
    night(note("c")).await;
    note("d").await;
}

#[instrument(skip_all)]
async fn night(future: impl Future<Output = ()>) {
    future.await;
}

async fn note(text: &str) {
    info!("{text}");
}
