//! The span is entered, and closed inside the other.

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
    step.in_scope(|| info!("in step"));
    drop(step);
    drop(guard);
}
