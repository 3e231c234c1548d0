//! An order goes to a task, and from there to a thread: the exercise of lesson 12, solved.

use std::{sync::mpsc as std_mpsc, thread};
use tokio::sync::{mpsc, oneshot};
use tracing::{info, info_span, instrument, Instrument, Span};

type Job = (oneshot::Sender<()>, Span);

async fn pack() {
    info!("parcel packed");
}

#[instrument(skip_all)]
async fn order(to_packer: mpsc::Sender<Job>) {
    info!("order taken");
    let (reply, answer) = oneshot::channel();
    to_packer.send((reply, Span::current())).await.unwrap();
    answer.await.unwrap();
    info!("order done");
}

async fn packer(mut inbox: mpsc::Receiver<Job>, labels: std_mpsc::Sender<Job>) {
    while let Some((reply, span)) = inbox.recv().await {
        pack().instrument(span.clone()).await;
        labels.send((reply, span)).unwrap();
    }
}

fn printer(labels: std_mpsc::Receiver<Job>) {
    for (reply, span) in labels {
        span.in_scope(|| {
            let _label = info_span!("label").entered();
            info!("label printed");
        });
        reply.send(()).unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let (to_packer, inbox) = mpsc::channel(8);
    let (labels, queue) = std_mpsc::channel();
    let thread = thread::spawn(|| printer(queue));
    let packing = tokio::spawn(packer(inbox, labels));
    order(to_packer).await;
    packing.await.unwrap();
    thread.join().unwrap();
}
