//! The event names its parent.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let outer = info_span!("outer");
    let _outer = outer.enter();
    let inner = info_span!("inner");
    let _inner = inner.enter();
    info!(parent: &outer, "meant for outer");
}
