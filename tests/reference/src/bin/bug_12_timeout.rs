//! A timeout around an instrumented future; the drop of what timed out; err/ret never fire.

use std::time::Duration;
use tokio::time::{sleep, timeout};
use tracing::{info, info_span, instrument, warn, Instrument};

struct OnDrop(&'static str);
impl Drop for OnDrop {
    fn drop(&mut self) {
        info!("dropped {}", self.0);
    }
}

#[instrument(ret, err)]
async fn slow(ms: u64) -> Result<u64, String> {
    let _d = OnDrop("slow");
    info!("begun");
    step(ms).await;
    info!("done");
    Ok(ms)
}

#[instrument]
async fn step(ms: u64) {
    let _d = OnDrop("step");
    sleep(Duration::from_millis(ms)).await;
    info!("slept");
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    reference::init_either("trace");
    let request = info_span!("request");
    async {
        match timeout(Duration::from_millis(10), slow(50)).await {
            Ok(_) => info!("in time"),
            Err(_) => warn!("timed out"),
        }
        match timeout(Duration::from_millis(100), slow(5)).await {
            Ok(_) => info!("in time"),
            Err(_) => warn!("timed out"),
        }
        let task = tokio::spawn(slow(70).in_current_span());
        match timeout(Duration::from_millis(10), task).await {
            Ok(_) => info!("in time"),
            Err(_) => warn!("timed out, and the task goes on"),
        }
        sleep(Duration::from_millis(200)).await;
        info!("later");
    }
    .instrument(request)
    .await;
}
