"""In Rust: the crate `tracing`. Nothing in here knows of a runtime."""
