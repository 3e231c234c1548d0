//! One round of mails serves two requests: it is linked to both, and a child of neither.

use tokio::sync::mpsc;
use tracing::{info, info_span, instrument, Instrument, Span};

#[instrument(skip_all)]
async fn mailer(mut inbox: mpsc::Receiver<Span>) {
    let round = info_span!(parent: None, "round");
    round.follows_from(&inbox.recv().await.unwrap());
    round.follows_from(&inbox.recv().await.unwrap());
    deliver().instrument(round).await;
}

async fn deliver() {
    info!("two mails sent");
}

#[instrument(skip(tx))]
async fn request(id: u32, tx: mpsc::Sender<Span>) {
    info!("order taken");
    tx.send(Span::current()).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let (tx, inbox) = mpsc::channel(8);
    let round = tokio::spawn(mailer(inbox));
    request(7, tx.clone()).await;
    request(8, tx).await;
    round.await.unwrap();
}
