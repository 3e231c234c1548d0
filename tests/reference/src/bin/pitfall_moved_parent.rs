//! The last handle of a span moves into `parent:`, and the span closes before it becomes a parent.

use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};
use tracing::{error, info_span};

fn main() {
    reference::init();
    set_hook(Box::new(|_| {}));
    let request = info_span!("request");
    let child = catch_unwind(AssertUnwindSafe(|| info_span!(parent: request, "child")));
    let message = child.unwrap_err().downcast::<String>().unwrap();
    error!("{}", message.lines().last().unwrap());
}
