//! A cached object keeps the span of the first request, and works in it for all.

use std::sync::OnceLock;
use tracing::{info, instrument, Span};

struct Pool {
    span: Span,
}
static POOL: OnceLock<Pool> = OnceLock::new();

impl Pool {
    fn query(&self, n: u32) {
        self.span.in_scope(|| info!("query {n}"));
    }
}

#[instrument]
fn request(n: u32) {
    POOL.get_or_init(|| Pool { span: Span::current() }).query(n);
}

fn main() {
    reference::init();
    request(1);
    request(2);
}
