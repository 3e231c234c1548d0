//! Five ways to write `sub_task`: called inside the span `caller`, polled inside `poller`.

use std::future::Future;
use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    call_and_poll(block_last).await;
    call_and_poll(bound_first).await;
    call_and_poll(in_a_call).await;
    call_and_poll(async_call).await;
    call_and_poll(async_fn).await;
}

async fn call_and_poll<F: Future<Output = ()>>(maker: fn() -> F) {
    let future = info_span!("caller").in_scope(maker);
    future.instrument(info_span!("poller")).await;
}

#[instrument(name = "sub_task")]
fn block_last() -> impl Future<Output = ()> {
    info!("making sub task");
    async {
        info!("performing task");
    }
}

#[instrument(name = "sub_task")]
#[allow(clippy::let_and_return)] // the `let` is the point
fn bound_first() -> impl Future<Output = ()> {
    info!("making sub task");
    let fut = async {
        info!("performing task");
    };
    fut
}

fn limited(future: impl Future<Output = ()>) -> impl Future<Output = ()> {
    info!("setting a limit");
    future
}

#[instrument(name = "sub_task")]
fn in_a_call() -> impl Future<Output = ()> {
    info!("making sub task");
    limited(async {
        info!("performing task");
    })
}

async fn perform() {
    info!("performing task");
}

#[instrument(name = "sub_task")]
fn async_call() -> impl Future<Output = ()> {
    info!("making sub task");
    perform()
}

#[instrument(name = "sub_task")]
async fn async_fn() {
    info!("making sub task");
    perform().await;
}
