//! Each job brings the span that it belongs to, and the thread may be inside what it likes.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tracing::{info, info_span};

fn main() {
    reference::init();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().unwrap();
    let mine_is_done = AtomicBool::new(false);
    let theirs = info_span!("theirs");
    pool.scope(|jobs| {
        info_span!("mine").in_scope(|| {
            jobs.spawn(|_| mine_is_done.store(true, SeqCst));
            jobs.spawn(|_| theirs.in_scope(|| info!("a job of others")));
            while !mine_is_done.load(SeqCst) {
                rayon::yield_now();
            }
        });
    });
}
