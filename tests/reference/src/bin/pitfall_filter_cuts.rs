//! A filter silences a library, and cuts out the span that the library makes for each request.

use tracing::{info, info_span};

fn main() {
    reference::init_filtered("info,server=warn");
    info!(target: "server", "listening");
    let request = info_span!(target: "server", "request", n = 1);
    let _request = request.enter();
    info!("in my handler");
}
