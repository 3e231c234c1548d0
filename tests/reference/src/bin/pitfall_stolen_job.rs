//! A thread of a pool that waits runs somebody else's job meanwhile, inside the span it is in.

use rayon::{Scope, ThreadPoolBuilder};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tracing::{info, info_span};

static MINE_IS_DONE: AtomicBool = AtomicBool::new(false);

fn in_mine(jobs: &Scope<'static>) {
    jobs.spawn(|_| MINE_IS_DONE.store(true, SeqCst));
    jobs.spawn(|_| info!("a job of others"));
    while !MINE_IS_DONE.load(SeqCst) {
        rayon::yield_now();
    }
}

fn main() {
    reference::init();
    let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().unwrap();
    pool.scope(|jobs| info_span!("mine").in_scope(|| in_mine(jobs)));
}
