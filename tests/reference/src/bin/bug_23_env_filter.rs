//! tokio-rs/tracing#1586, #1181, #3254: EnvFilter directives on targets and spans.

use tracing::{debug, debug_span, info, info_span};

fn main() {
    reference::init_either("warn,app=info,app::db=off,[checkout]=debug");
    let request = info_span!(target: "app", "request");
    let _r = request.enter();
    info!(target: "app", "in request");
    info!(target: "lib", "lib in request");
    debug!(target: "lib", "debug outside checkout");
    {
        let checkout = info_span!(target: "lib", "checkout");
        let _c = checkout.enter();
        debug!(target: "lib", "debug in checkout");
        let db = info_span!(target: "app::db", "query");
        let _d = db.enter();
        info!(target: "app", "after the query");
        let d = debug_span!(target: "lib", "detail");
        d.in_scope(|| debug!(target: "lib", "in detail"));
    }
    info!(target: "lib", "lib again");
    tracing::warn!(target: "app::db", "off is off");
}
