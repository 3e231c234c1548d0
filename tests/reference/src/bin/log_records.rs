//! Records of the crate `log`, as libraries write that know nothing of spans, in all four formats.

use tracing::info_span;
use tracing_subscriber::{fmt::layer, prelude::*, registry, EnvFilter};

macro_rules! layer {
    () => {
        layer().with_ansi(false).without_time()
    };
}

fn main() {
    registry()
        .with(EnvFilter::new("info,hyper::pool=debug"))
        .with(layer!())
        .with(layer!().compact())
        .with(layer!().pretty())
        .with(layer!().json())
        .init();

    log::info!(target: "hyper", "starting");
    let request = info_span!("request", n = 1);
    let _request = request.enter();
    log::warn!(target: "hyper", "connection {} lost", 3);
    log::debug!(target: "hyper", "not this");
    log::debug!(target: "hyper::pool", "reuse idle");
    log::error!(target: "hyper::pool", "two\nlines");
}
