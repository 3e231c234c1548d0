//! Two spans with one name: one is inside another span, and one is a root.

use tracing::{info, info_span};

fn main() {
    reference::init();
    {
        let _one = info_span!("one").entered();
        info!("a");
        {
            let _two = info_span!("two").entered();
            info!("b");
        }
        info!("c");
    }
    let _two = info_span!("two").entered();
    info!("d");
}
