//! The message brings the span, and the work for it is instrumented with that span.

use tokio::sync::{mpsc, oneshot};
use tracing::{info, instrument, Instrument, Span};

type Job = (u32, oneshot::Sender<()>, Span);

async fn deliver(id: u32) {
    info!("mail {id} sent");
}

#[instrument(skip_all)]
async fn mailer(mut inbox: mpsc::Receiver<Job>) {
    while let Some((id, reply, span)) = inbox.recv().await {
        deliver(id).instrument(span).await;
        reply.send(()).unwrap();
    }
}

#[instrument(skip(tx))]
async fn request(id: u32, tx: mpsc::Sender<Job>) {
    info!("order taken");
    let (reply, answer) = oneshot::channel();
    tx.send((id, reply, Span::current())).await.unwrap();
    answer.await.unwrap();
    info!("order done");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let (tx, inbox) = mpsc::channel(8);
    tokio::spawn(mailer(inbox));
    request(7, tx.clone()).await;
    request(8, tx).await;
}
