//! Two threads deep: the span is carried into the first, and a child of it into the second.

use std::thread;
use tokio::task::spawn_blocking;
use tracing::{info, info_span, instrument, Span};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    report().await;
}

#[instrument]
async fn report() {
    info!("starting report");
    let span = Span::current();
    let job = move || span.in_scope(render);
    spawn_blocking(job).await.unwrap();
    info!("report is done");
}

fn render() {
    info!("rendering");
    let span = info_span!("compress");
    let job = move || span.in_scope(compress);
    thread::spawn(job).join().unwrap();
}

fn compress() {
    info!("compressing");
}
