//! A stuck span, after hyperium/h2#868: a connection is kept, and its span in that of its first user.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::{info, info_span, instrument, Span};
use tracing_subscriber::fmt::format::FmtSpan;

struct Connection {
    span: Span,
}

impl Connection {
    fn open() -> Self {
        let span = info_span!("connection");
        span.in_scope(|| info!("connected"));
        Connection { span }
    }
    fn ping(&self) {
        self.span.in_scope(|| info!("ping"));
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    reference::init_service(FmtSpan::NONE);
    let pool = Mutex::new(None);
    for id in 1..=8 {
        request(id, &pool).await;
        sleep(Duration::from_millis(50)).await;
    }
    pool.lock().await.as_ref().map(Connection::ping);
}

#[instrument(skip(pool))]
async fn request(id: u32, pool: &Mutex<Option<Connection>>) {
    info!("request begins");
    pool.lock().await.get_or_insert_with(Connection::open);
    sleep(Duration::from_millis(10)).await;
    info!("request ends");
}
