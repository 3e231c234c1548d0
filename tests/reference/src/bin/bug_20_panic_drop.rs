//! Panics: drop order and spans while unwinding, in a task, in nested spans, in a blocking thread, caught.

use futures::FutureExt;
use std::panic::{catch_unwind, AssertUnwindSafe};
use tracing::{error, info, info_span, instrument, Instrument};

struct Log(&'static str);
impl Drop for Log {
    fn drop(&mut self) {
        info!("dropped {}", self.0);
    }
}

#[instrument(err, ret)]
async fn outer() -> Result<u32, String> {
    let _log = Log("outer's");
    inner().await
}

#[instrument]
async fn inner() -> Result<u32, String> {
    let _log = Log("inner's");
    tokio::task::yield_now().await;
    let span = info_span!("guarded");
    let _guard = span.enter();
    let _log = Log("guarded's");
    panic!("boom")
}

#[instrument]
fn sync_panic() {
    let _log = Log("sync's");
    panic!("sync boom")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    reference::init_either("trace");
    let task = tokio::spawn(outer());
    if let Err(e) = task.await {
        error!(panic = e.is_panic(), "joined");
    }
    let span = info_span!("caught");
    let caught = AssertUnwindSafe(inner().instrument(span)).catch_unwind().await;
    info!(caught = caught.is_err(), "went on");
    let main_span = info_span!("main");
    let _guard = main_span.enter();
    let caught = catch_unwind(sync_panic);
    info!(caught = caught.is_err(), "and on");
    let blocking = tokio::task::spawn_blocking(|| { let s = info_span!("pool"); s.in_scope(sync_panic) }).await;
    info!(caught = blocking.is_err(), "end");
}
