//! A span that is made before another and entered inside it.

use tracing::{info, info_span};

fn main() {
    reference::init();
    let inner = info_span!("inner");
    let outer = info_span!("outer");
    let _outer = outer.enter();
    let _inner = inner.enter();
    info!("in inner");
}
