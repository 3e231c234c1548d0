//! A root hides the span around it.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let request = info_span!("request");
    let _request = request.enter();
    let detached = info_span!(parent: None, "detached");
    detached.in_scope(|| info!("not in request"));
}
