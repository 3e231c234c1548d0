//! tower-rs/tower#557, databendlabs/databend#1227, LukeMathWalker/tracing-actix-web#87: a request goes to an actor by a channel.

use tokio::sync::{mpsc, oneshot};
use tracing::{info, info_span, instrument, Instrument, Span};

struct Message {
    n: u32,
    span: Span,
    reply: oneshot::Sender<u32>,
}

async fn actor(mut inbox: mpsc::Receiver<Message>) {
    info!("actor starts");
    while let Some(message) = inbox.recv().await {
        info!(n = message.n, "received"); // no span
        async {
            info!("processing"); // the span that came with the message
        }
        .instrument(message.span.clone())
        .await;
        let _ = message.reply.send(message.n * 2);
    }
    info!("actor ends");
}

#[instrument(skip(tx))]
async fn request(n: u32, tx: mpsc::Sender<Message>) {
    info!("sending");
    let (reply, answer) = oneshot::channel();
    let span = info_span!("message");
    tx.send(Message { n, span, reply }).await.ok().unwrap();
    let answer = answer.await.unwrap();
    info!(answer, "answered");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    let (tx, rx) = mpsc::channel(8);
    let actor = tokio::spawn(actor(rx));
    request(1, tx.clone()).await;
    let two = tokio::spawn(request(2, tx.clone()));
    let three = tokio::spawn(request(3, tx.clone()));
    two.await.unwrap();
    three.await.unwrap();
    drop(tx);
    actor.await.unwrap();
}
