//! 0xPlaygrounds/rig#1108: a guard inside `async_stream::stream!`.

use async_stream::stream;
use futures::{pin_mut, StreamExt};
use tokio::task::yield_now;
use tracing::{info, info_span};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    let task = tokio::spawn(innocent());
    {
        let numbers = numbers();
        pin_mut!(numbers);
        while let Some(n) = numbers.next().await {
            info!(n, "consumed");
        }
    }
    info!("after the stream");
    task.await.unwrap();
}

fn numbers() -> impl futures::Stream<Item = i32> {
    stream! {
        let agent = info_span!("agent");
        let _guard = agent.enter();
        for n in 0..2 {
            info!(n, "produced");
            yield n;
            yield_now().await;
        }
    }
}

async fn innocent() {
    info!("innocent");
    yield_now().await;
    info!("innocent again");
}
