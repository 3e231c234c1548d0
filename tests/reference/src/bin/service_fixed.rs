//! The service with one call more: each mail is in the request that sent it.

use tracing::{info, instrument, Instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    tokio::join!(request(7), request(8));
}

#[instrument]
async fn request(id: u32) {
    info!("order taken");
    tokio::spawn(send_mail().in_current_span()).await.unwrap();
    info!("order done");
}

async fn send_mail() {
    info!("mail sent");
}
