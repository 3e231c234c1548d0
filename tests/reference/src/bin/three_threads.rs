//! Three threads with a span that was carried in: the order of lines varies, the parents do not.

use std::thread::{self, sleep, JoinHandle};
use std::time::Duration;
use tracing::{info, instrument, Span};

#[tokio::main(worker_threads = 16)]
async fn main() {
    reference::init();
    work().await;
}

#[instrument]
async fn work() {
    let threads = [1, 2, 3].map(start);
    for thread in threads {
        thread.join().unwrap();
    }
    info!("all done");
}

fn start(n: u32) -> JoinHandle<()> {
    info!("start {n}");
    let span = Span::current();
    thread::spawn(move || span.in_scope(|| job(n)))
}

fn job(n: u32) {
    info!("begin {n}");
    sleep(Duration::from_millis(1));
    info!("end {n}");
}
