//! The first request starts the actor in its own span, and the mail of the second is in it too.

use tokio::sync::{mpsc, oneshot};
use tracing::{info, instrument, Instrument};

type Job = (u32, oneshot::Sender<()>);

#[instrument(skip_all)]
async fn mailer(mut inbox: mpsc::Receiver<Job>) {
    while let Some((id, reply)) = inbox.recv().await {
        info!("mail {id} sent");
        reply.send(()).unwrap();
    }
}

#[instrument(skip_all, fields(id = id))]
async fn request(id: u32, mailers: &mut Vec<mpsc::Sender<Job>>) {
    info!("order taken");
    if mailers.is_empty() {
        let (tx, inbox) = mpsc::channel(8);
        tokio::spawn(mailer(inbox).in_current_span());
        mailers.push(tx);
    }
    let (reply, answer) = oneshot::channel();
    mailers[0].send((id, reply)).await.unwrap();
    answer.await.unwrap();
    info!("order done");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let mut mailers = Vec::new();
    request(7, &mut mailers).await;
    request(8, &mut mailers).await;
}
