//! Two requests send their mails through an actor, which is in no span of theirs.

use tokio::sync::{mpsc, oneshot};
use tracing::{info, instrument};

type Job = (u32, oneshot::Sender<()>);

#[instrument(skip_all)]
async fn mailer(mut inbox: mpsc::Receiver<Job>) {
    while let Some((id, reply)) = inbox.recv().await {
        info!("mail {id} sent");
        reply.send(()).unwrap();
    }
}

#[instrument(skip(tx))]
async fn request(id: u32, tx: mpsc::Sender<Job>) {
    info!("order taken");
    let (reply, answer) = oneshot::channel();
    tx.send((id, reply)).await.unwrap();
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
