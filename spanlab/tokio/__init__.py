"""In Rust: the crate `tokio`. Nothing in here knows of a span."""
