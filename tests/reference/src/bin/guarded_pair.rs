//! Two tasks, each with a guard held over an await: this run is right, others are not.

use tokio::task::{yield_now, JoinSet};
use tracing::{info, info_span, instrument, Span};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let mut tasks = JoinSet::new();
    tasks.spawn(guarded(info_span!("first"), "task 1"));
    tasks.spawn(guarded(info_span!("second"), "task 2"));
    while tasks.join_next().await.is_some() {}
}

async fn guarded(span: Span, name: &str) {
    let _guard = span.enter();
    yield_now().await;
    info!("{name}");
}
