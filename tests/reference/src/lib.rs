//! The subscriber that all programs but `formats` and `thread_names` print through.

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
