//! Where the named parent is rejected, the current span takes its place.

use tracing::{debug_span, info, info_span};

fn main() {
    reference::init();
    let request = info_span!("request");
    let _request = request.enter();
    let detail = debug_span!("detail").or_current();
    let step = info_span!(parent: &detail, "step");
    step.in_scope(|| info!("in step"));
}
