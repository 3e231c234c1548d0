//! It looks broken and is not, after davidbarsky/tracing-tree#25: entered and exited again and again.

use futures::future::join_all;
use std::time::Duration;
use tokio::time::{interval, sleep};
use tracing::{info, instrument};
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    reference::init_service(FmtSpan::ACTIVE);
    let beat = tokio::spawn(heartbeat());
    join_all((1..=3).map(upload)).await;
    sleep(Duration::from_millis(20)).await;
    beat.abort();
}

#[instrument]
async fn upload(id: u32) {
    info!("upload begins");
    for part in 1..=2 {
        sleep(Duration::from_millis(4 + id as u64)).await;
        info!(part, "part sent");
    }
    info!("upload ends");
}

async fn heartbeat() {
    let mut beats = interval(Duration::from_millis(10));
    loop {
        beats.tick().await;
        info!("still alive");
    }
}
