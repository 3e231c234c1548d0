//! Each method that overrides another has the attribute itself.

use tracing::{info, instrument};

trait Service {
    #[instrument(skip_all)]
    async fn call(&self) {
        info!("as by default");
    }
}

struct Plain;
impl Service for Plain {}

struct Mine;
impl Service for Mine {
    #[instrument(skip_all)]
    async fn call(&self) {
        info!("in my way");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init();
    Plain.call().await;
    Mine.call().await;
}
