//! Three threads, one of them without a name, each event in all four formats.

use tracing::info;
use tracing_subscriber::{fmt::layer, prelude::*, registry};

macro_rules! layer {
    () => {
        layer()
            .with_ansi(false)
            .without_time()
            .with_thread_names(true)
    };
}

fn main() {
    registry()
        .with(layer!())
        .with(layer!().compact().with_thread_ids(true))
        .with(layer!().pretty().with_file(false).with_line_number(false))
        .with(layer!().json())
        .init();

    info!("on the main thread");
    let named = std::thread::Builder::new().name("a long thread name".into());
    let thread = named.spawn(|| info!("on a named thread"));
    thread.unwrap().join().unwrap();
    std::thread::spawn(|| info!("on an unnamed thread"))
        .join()
        .unwrap();
    info!("on the main thread again");
}
