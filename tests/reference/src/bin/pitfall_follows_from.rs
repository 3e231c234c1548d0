//! To follow from a span is not to be its child: nothing shows it, and nothing waits.

use tracing::{info, info_span};

fn main() {
    reference::init_lives();
    let request = info_span!("request");
    let cleanup = info_span!(parent: None, "cleanup");
    cleanup.follows_from(&request);
    drop(request);
    cleanup.in_scope(|| info!("cleaning up"));
}
