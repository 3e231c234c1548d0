//! The span has a target of its own, which the filter lets through.

use tracing::{info, info_span};

fn main() {
    reference::init_filtered("info,server=warn,server::request=info");
    info!(target: "server", "listening");
    let request = info_span!(target: "server::request", "request", n = 1);
    let _request = request.enter();
    info!("in my handler");
}
