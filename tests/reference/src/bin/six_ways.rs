//! Six ways to carry a span into a task, and what each of them gives.

use tracing::{debug_span, info, instrument, Instrument};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let future = task("in_current_span").in_current_span();
    tokio::spawn(future).await.unwrap();
    tokio::spawn(named("async fn")).await.unwrap();
    let future = named("async fn, in_current_span").in_current_span();
    tokio::spawn(future).await.unwrap();
    tokio::spawn(inside("captured inside")).await.unwrap();
    let future = task("debug_span").instrument(debug_span!("carried"));
    tokio::spawn(future).await.unwrap();
    let span = debug_span!("carried").or_current();
    tokio::spawn(task("or_current").instrument(span))
        .await
        .unwrap();
}

async fn task(way: &str) {
    info!("{way}");
}

#[instrument(skip_all)]
async fn named(way: &str) {
    info!("{way}");
}

async fn inside(way: &str) {
    task(way).in_current_span().await;
}
