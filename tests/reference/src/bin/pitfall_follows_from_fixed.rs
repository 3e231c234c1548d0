//! A parent is shown, and stays open for its child.

use tracing::{info, info_span};

fn main() {
    reference::init_lives();
    let request = info_span!("request");
    let cleanup = info_span!(parent: &request, "cleanup");
    drop(request);
    cleanup.in_scope(|| info!("cleaning up"));
}
