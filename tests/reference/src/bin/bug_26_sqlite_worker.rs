//! transact-rs/sqlx#2876: commands go to a worker thread of its own, and are executed there.

use std::{sync::mpsc, thread};
use tokio::sync::oneshot;
use tracing::{info, instrument};

struct Command { sql: &'static str, reply: oneshot::Sender<()> }

fn worker(inbox: mpsc::Receiver<Command>) {
    for command in inbox {
        info!(sql = command.sql, "executing");
        let _ = command.reply.send(());
    }
    info!("worker ends");
}

#[instrument(skip(worker))]
async fn request(n: u32, worker: mpsc::Sender<Command>) {
    let (reply, done) = oneshot::channel();
    worker.send(Command { sql: "select", reply }).unwrap();
    done.await.unwrap();
    info!("done");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    let (tx, rx) = mpsc::channel();
    let thread = thread::spawn(move || worker(rx));
    request(1, tx.clone()).await;
    request(2, tx).await;
    thread.join().unwrap();
}
