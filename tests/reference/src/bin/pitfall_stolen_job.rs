//! A thread of a pool that waits runs somebody else's job meanwhile, inside the span it is in.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tracing::{info, info_span};

fn main() {
    reference::init();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().unwrap();
    let mine_is_done = AtomicBool::new(false);
    pool.scope(|jobs| {
        info_span!("mine").in_scope(|| {
            jobs.spawn(|_| mine_is_done.store(true, SeqCst));
            jobs.spawn(|_| info!("a job of others"));
            while !mine_is_done.load(SeqCst) {
                rayon::yield_now();
            }
        });
    });
}
