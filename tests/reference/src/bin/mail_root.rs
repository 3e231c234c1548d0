//! The service with a span for each mail, which is a root: no request waits for it in the tree.

use tracing::{info, info_span, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    tokio::join!(request(7), request(8));
}

#[instrument]
async fn request(id: u32) {
    info!("order taken");
    let span = info_span!(parent: None, "mail");
    tokio::spawn(send_mail().instrument(span)).await.unwrap();
    info!("order done");
}

async fn send_mail() {
    info!("mail sent");
}
