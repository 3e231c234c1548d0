//! The subscribers that all programs print through, except for those that are about formats.

use tracing_subscriber::{fmt::format::FmtSpan, EnvFilter};

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

/// Print what a filter lets through, as `init` does; or as `init_lives` does, where `LIVES` is set.
pub fn init_either(filter: &str) {
    let fmt = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_thread_ids(true)
        .with_env_filter(EnvFilter::new(filter));
    match std::env::var_os("LIVES") {
        Some(_) => fmt.with_span_events(FmtSpan::FULL).init(),
        None => fmt.pretty().init(),
    }
}

/// Print as `init` does what a filter lets through.
pub fn init_filtered(filter: &str) {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .pretty()
        .with_thread_ids(true)
        .with_target(false)
        .with_env_filter(EnvFilter::new(filter))
        .init();
}

/// Print as `init` does what happens on this thread, while the guard lives.
pub fn init_here() -> tracing::subscriber::DefaultGuard {
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .pretty()
        .with_thread_ids(true)
        .with_target(false)
        .finish();
    tracing::subscriber::set_default(subscriber)
}

/// The time of tokio's clock, which stands still while nobody sleeps: each run prints the same.
struct Clock(tokio::time::Instant);

impl tracing_subscriber::fmt::time::FormatTime for Clock {
    fn format_time(&self, w: &mut tracing_subscriber::fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(w, "2026-11-27T01:00:{:09.6}Z", self.0.elapsed().as_secs_f64())
    }
}

/// Print every event as one line with its time, as a service does, and some of what happens to spans.
pub fn init_service(spans: FmtSpan) {
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_timer(Clock(tokio::time::Instant::now()))
        .with_target(false)
        .with_span_events(spans)
        .init();
}
