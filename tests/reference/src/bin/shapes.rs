//! Fifteen ways to write a function, and what `#[instrument]` makes of each.
//!
//! Each function is called inside the span `caller`; its future is polled inside `poller`.

use std::future::{ready, Future};
use std::pin::Pin;
use tracing::{info, info_span, instrument, Instrument};

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! show {
    ($($call:expr),* $(,)?) => {$(
        let future = info_span!("caller").in_scope(|| $call);
        let _ = future.instrument(info_span!("poller")).await;
    )*};
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    show!(
        async_fn(),
        async_block(),
        boxed_async_block(),
        boxed_inner_async_fn(),
        block_bound_first(),
        block_in_if(true),
        block_in_match(true),
        block_in_a_call(),
        block_instrumented(),
        block_in_current_span(),
        outside_async_fn(),
        closure(),
        spawned(),
        ready_future(),
        early_return(true),
    );
}

async fn outside() {
    info!("outside: in the future");
}

fn wrap(future: impl Future<Output = ()>) -> impl Future<Output = ()> {
    future
}

#[instrument]
async fn async_fn() {
    info!("async_fn: before any await");
    outside().await;
}

#[instrument]
fn async_block() -> impl Future<Output = ()> {
    info!("async_block: at the call");
    async {
        info!("async_block: in the future");
    }
}

#[instrument]
fn boxed_async_block() -> Boxed {
    info!("boxed_async_block: at the call");
    Box::pin(async {
        info!("boxed_async_block: in the future");
    })
}

#[instrument]
fn boxed_inner_async_fn() -> Boxed {
    async fn task() {
        info!("boxed_inner_async_fn: in the future");
    }
    info!("boxed_inner_async_fn: at the call");
    Box::pin(task())
}

#[instrument]
#[allow(clippy::let_and_return)]
fn block_bound_first() -> impl Future<Output = ()> {
    info!("block_bound_first: at the call");
    let fut = async {
        info!("block_bound_first: in the future");
    };
    fut
}

#[instrument]
fn block_in_if(yes: bool) -> Boxed {
    info!("block_in_if: at the call");
    if yes {
        Box::pin(async {
            info!("block_in_if: in the future");
        })
    } else {
        Box::pin(ready(()))
    }
}

#[instrument]
fn block_in_match(yes: bool) -> Boxed {
    info!("block_in_match: at the call");
    match yes {
        true => Box::pin(async {
            info!("block_in_match: in the future");
        }),
        false => Box::pin(ready(())),
    }
}

#[instrument]
fn block_in_a_call() -> impl Future<Output = ()> {
    info!("block_in_a_call: at the call");
    wrap(async {
        info!("block_in_a_call: in the future");
    })
}

#[instrument]
fn block_instrumented() -> impl Future<Output = ()> {
    info!("block_instrumented: at the call");
    async {
        info!("block_instrumented: in the future");
    }
    .instrument(info_span!("by hand"))
}

#[instrument]
fn block_in_current_span() -> impl Future<Output = ()> {
    info!("block_in_current_span: at the call");
    async {
        info!("block_in_current_span: in the future");
    }
    .in_current_span()
}

#[instrument]
fn outside_async_fn() -> impl Future<Output = ()> {
    info!("outside_async_fn: at the call");
    outside()
}

#[instrument]
fn closure() -> impl Future<Output = ()> {
    info!("closure: at the call");
    let make = || async {
        info!("closure: in the future");
    };
    make()
}

#[instrument]
fn spawned() -> tokio::task::JoinHandle<()> {
    info!("spawned: at the call");
    tokio::spawn(async {
        info!("spawned: in the future");
    })
}

#[instrument]
fn ready_future() -> impl Future<Output = ()> {
    info!("ready_future: at the call");
    ready(())
}

#[instrument]
fn early_return(early: bool) -> Boxed {
    info!("early_return: at the call");
    if early {
        return Box::pin(outside());
    }
    Box::pin(async {
        info!("early_return: in the future");
    })
}
