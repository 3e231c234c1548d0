//! A request goes to an actor by a channel, and the actor is in no span of it.

use tokio::sync::mpsc;
use tracing::{info, instrument};

async fn actor(mut inbox: mpsc::Receiver<u32>) {
    while let Some(n) = inbox.recv().await {
        info!("handling {n}");
    }
}

#[instrument(skip_all)]
async fn request(inbox: mpsc::Sender<u32>) {
    info!("asking");
    inbox.send(1).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let (sender, inbox) = mpsc::channel(8);
    let actor = tokio::spawn(actor(inbox));
    request(sender).await;
    actor.await.unwrap();
}
