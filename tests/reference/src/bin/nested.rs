//! 0. Two spans, one inside the other.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let outer = info_span!("outer");
    let _outer = outer.enter();
    info!("in outer");
    let inner = info_span!("inner");
    let _inner = inner.enter();
    info!("in inner");
}
