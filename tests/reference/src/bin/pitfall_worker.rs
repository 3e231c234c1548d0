//! Commands go to a thread of its own, which is in no span of who gave them.

use std::sync::mpsc;
use std::thread;
use tracing::{info, instrument};

fn worker(inbox: mpsc::Receiver<u32>) {
    for n in inbox {
        info!("executing {n}");
    }
}

#[instrument(skip_all)]
fn request(inbox: mpsc::Sender<u32>) {
    info!("asking");
    inbox.send(1).unwrap();
}

fn main() {
    reference::init();
    let (sender, inbox) = mpsc::channel();
    let worker = thread::spawn(move || worker(inbox));
    request(sender);
    worker.join().unwrap();
}
