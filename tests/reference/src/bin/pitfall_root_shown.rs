//! An event without a parent, in all four formats: three show it in the current span.

use tracing::{info, info_span};
use tracing_subscriber::{fmt::layer, prelude::*, registry};

macro_rules! layer {
    () => {
        layer().with_ansi(false).without_time().with_target(false)
    };
}

fn main() {
    registry()
        .with(layer!())
        .with(layer!().compact())
        .with(layer!().pretty())
        .with(layer!().json())
        .init();

    let request = info_span!("request");
    let _request = request.enter();
    info!(parent: None, "detached");
}
