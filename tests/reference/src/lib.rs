//! The subscribers that all programs print through, except for those that are about formats.

use tracing_subscriber::fmt::format::FmtSpan;

/// Print every event as a few lines, with the thread it happened on and without the time.
pub fn init() {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .pretty()
        .with_thread_ids(true)
        .with_target(false)
        .init();
}

/// Print every event as one line, and also what happens to spans.
pub fn init_lives() {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_span_events(FmtSpan::FULL)
        .init();
}
