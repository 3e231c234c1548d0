//! actix/actix-web#1531, ginger51011/pandoras_pot#52: LocalSet / spawn_local, and what is around run_until.

use tokio::task::{spawn_local, yield_now, LocalSet};
use tracing::{info, info_span, instrument, Instrument};

#[instrument]
async fn handler(n: u32) {
    info!("handling");
    yield_now().await;
    info!("handled");
}

async fn server() {
    info!("server starts");
    let a = spawn_local(handler(1));
    let b = spawn_local(handler(2).in_current_span());
    a.await.unwrap();
    b.await.unwrap();
    info!("server ends");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    // instrumented around the set: every local task is polled inside `arbiter`
    LocalSet::new().run_until(server()).instrument(info_span!("arbiter")).await;
    // instrumented inside: they are not
    LocalSet::new().run_until(server().instrument(info_span!("inside"))).await;
}
