//! The span that is named as the parent is rejected: the child is a root.

use tracing::{debug_span, info, info_span};

fn main() {
    reference::init();
    let request = info_span!("request");
    let _request = request.enter();
    let detail = debug_span!("detail");
    let step = info_span!(parent: &detail, "step");
    step.in_scope(|| info!("in step"));
}
