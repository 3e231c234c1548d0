//! The span that is none hides nothing when it is entered.

use tracing::{info, info_span, Span};

fn main() {
    reference::init();
    let request = info_span!("request");
    let _request = request.enter();
    let detached = Span::none();
    detached.in_scope(|| info!("still in request"));
}
