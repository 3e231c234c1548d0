//! Each job brings the span that it belongs to, and the thread may be inside what it likes.

use rayon::{Scope, ThreadPoolBuilder};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tracing::{info, info_span};

static MINE_IS_DONE: AtomicBool = AtomicBool::new(false);

fn in_mine(jobs: &Scope<'static>) {
    jobs.spawn(|_| MINE_IS_DONE.store(true, SeqCst));
    let theirs = info_span!(parent: None, "theirs");
    jobs.spawn(move |_| theirs.in_scope(|| info!("a job of others")));
    while !MINE_IS_DONE.load(SeqCst) {
        rayon::yield_now();
    }
}

fn main() {
    reference::init();
    let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().unwrap();
    pool.scope(|jobs| info_span!("mine").in_scope(|| in_mine(jobs)));
}
