//! The parent is borrowed, and lives on.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let request = info_span!("request");
    let child = info_span!(parent: &request, "child");
    child.in_scope(|| info!("in child"));
}
