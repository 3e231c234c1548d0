//! A panic hook logs: it is called in the span of the task that panics, before anything is dropped.

use tracing::{error, info, info_span, Instrument};

struct Held(&'static str);

impl Drop for Held {
    fn drop(&mut self) {
        info!("{} is dropped", self.0);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    std::panic::set_hook(Box::new(|_| error!("a task has died")));
    let joined = tokio::spawn(work("joined").instrument(info_span!("joined")));
    info!("joined: {}", joined.await.is_err());
    tokio::spawn(work("alone"));
    tokio::task::yield_now().await;
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(attributed());
    while let Some(result) = tasks.join_next().await {
        info!("in a set: {}", result.is_err());
    }
    let aborted = tokio::spawn(waits().instrument(info_span!("aborted")));
    tokio::task::yield_now().await;
    aborted.abort();
    info!("aborted: {}", aborted.await.is_err());
}

async fn work(name: &'static str) {
    let _held = Held(name);
    info!("{} begins", name);
    tokio::task::yield_now().await;
    panic!("on purpose");
}

#[tracing::instrument]
async fn attributed() {
    let _held = Held("attributed");
    panic!("on purpose");
}

async fn waits() {
    let _held = Held("waits");
    std::future::pending::<()>().await;
}
