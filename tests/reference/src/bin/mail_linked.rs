//! The service with a span for each mail, a root that is linked to the request that sent it.

use tracing::{info, info_span, instrument, Instrument, Span};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    tokio::join!(request(7), request(8));
}

#[instrument]
async fn request(id: u32) {
    info!("order taken");
    let span = info_span!(parent: None, "mail");
    span.follows_from(Span::current());
    tokio::spawn(send_mail().instrument(span)).await.unwrap();
    info!("order done");
}

async fn send_mail() {
    info!("mail sent");
}
