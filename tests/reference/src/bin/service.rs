//! A service takes two orders. Its log cannot say whose mail was sent.

use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    tokio::join!(request(7), request(8));
}

#[instrument]
async fn request(id: u32) {
    info!("order taken");
    tokio::spawn(send_mail()).await.unwrap();
    info!("order done");
}

async fn send_mail() {
    info!("mail sent");
}
