//! A guard in a stream is held over each yield: the consumer works inside the span.

use async_stream::stream;
use futures::{pin_mut, Stream, StreamExt};
use tracing::{info, info_span};

fn numbers() -> impl Stream<Item = u32> {
    stream! {
        let span = info_span!("numbers");
        let _guard = span.enter();
        for n in 0..2 {
            info!("produced {n}");
            yield n;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    let numbers = numbers();
    pin_mut!(numbers);
    while let Some(n) = numbers.next().await {
        info!("consumed {n}");
    }
}
