//! A span is entered a second time, and does not become current by that.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let outer = info_span!("outer");
    let _outer = outer.enter();
    let inner = info_span!("inner");
    let _inner = inner.enter();
    outer.in_scope(|| info!("meant for outer"));
}
