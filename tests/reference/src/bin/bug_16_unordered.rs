//! x86pup/conduwuit#345, influxdata/influxdb_iox#8364: FuturesUnordered and buffer_unordered.

use futures::{stream, stream::FuturesUnordered, StreamExt};
use std::time::Duration;
use tokio::time::sleep;
use tracing::{info, info_span, instrument, Instrument};

#[instrument]
async fn fetch(n: u64) -> u64 {
    info!("begins");
    sleep(Duration::from_millis(10 * (4 - n))).await;
    info!("ends");
    n
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    reference::init_either("trace");
    async {
        let mut set = FuturesUnordered::new();
        for n in 1..=3 {
            set.push(fetch(n));
        }
        while let Some(n) = set.next().await {
            async { info!(n, "got") }.instrument(info_span!("consume")).await;
            if n == 3 {
                set.push(fetch(0));
            }
        }
    }
    .instrument(info_span!("unordered"))
    .await;
    async {
        let mut found = stream::iter(1..=3).map(fetch).buffer_unordered(2);
        while let Some(n) = found.next().await {
            let consume = info_span!("consume");
            async { info!(n, "got"); sleep(Duration::from_millis(100)).await; }.instrument(consume).await;
        }
    }
    .instrument(info_span!("buffered"))
    .await;
}
