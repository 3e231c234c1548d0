"""Rust's crate `futures`, and of `std` what belongs to it: many futures, panics, wakers."""
