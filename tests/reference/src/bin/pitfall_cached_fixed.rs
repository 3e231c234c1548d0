//! What is cached keeps no span: each call is in the span of who calls.

use std::sync::OnceLock;
use tracing::{info, instrument};

struct Pool;
static POOL: OnceLock<Pool> = OnceLock::new();

impl Pool {
    fn query(&self, n: u32) {
        info!("query {n}");
    }
}

#[instrument]
fn request(n: u32) {
    POOL.get_or_init(|| Pool).query(n);
}

fn main() {
    reference::init();
    request(1);
    request(2);
}
