//! The list `spans` of JSON is that of the thread, not that of the event.

use tracing::{info, info_span};
use tracing_subscriber::fmt::{fmt, format::FmtSpan};

fn main() {
    fmt()
        .json()
        .without_time()
        .with_target(false)
        .with_span_events(FmtSpan::CLOSE)
        .init();

    let request = info_span!("request");
    let guard = request.enter();
    let step = info_span!("step");
    info!(parent: &step, "in step");
    drop(guard);
    drop(step);
}
