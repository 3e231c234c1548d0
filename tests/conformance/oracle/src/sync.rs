//! The statements that need no await.
use crate::spans::{child_span, enabled_at, event_at, root_span, span, span_at};
use crate::{list, number, shared, text};
use serde_json::Value;
use std::panic::{catch_unwind, AssertUnwindSafe};
use tracing::{dispatcher, info, instrument, Dispatch, Span};

pub fn run_sync(statements: &[Value]) {
    for st in statements {
        match text(&st[0]) {
            "ev" => info!("{}", text(&st[1])),
            "ev_root" => info!(parent: None, "{}", text(&st[1])),
            "scope" => {
                let _guard = span(&st[1]).entered();
                run_sync(&list(&st[2]));
            }
            "in_scope" => span(&st[1]).in_scope(|| run_sync(&list(&st[2]))),
            "overlap" => {
                let a = span(&st[1]).entered();
                run_sync(&list(&st[3]));
                let b = span(&st[2]).entered();
                run_sync(&list(&st[4]));
                drop(a);
                run_sync(&list(&st[5]));
                drop(b);
            }
            "twice" => {
                let span = span(&st[1]);
                let _outer = span.enter();
                {
                    let _inner = span.enter();
                    run_sync(&list(&st[2]));
                }
                run_sync(&list(&st[3]));
            }
            "child_of_current" => {
                let current = Span::current();
                let _a = root_span(&st[1]).entered();
                let _b = child_span(&st[2], &current).entered();
                run_sync(&list(&st[3]));
            }
            "sync_fn" => sync_fn(list(&st[1])),
            "thread" => {
                let body = list(&st[1]);
                on_a_thread(move || run_sync(&body));
            }
            "panic" => panic!("on purpose"),
            "catch_sync" => {
                if catch_unwind(AssertUnwindSafe(|| run_sync(&list(&st[1])))).is_err() {
                    info!("caught");
                }
            }
            "ev_at" => event_at(st),
            "scope_at" => {
                let _guard = span_at(st).entered();
                run_sync(&list(&st[5]));
            }
            "if_enabled" => {
                if enabled_at(st) {
                    run_sync(&list(&st[3]));
                }
            }
            "try_send" => shared::try_send(text(&st[1]), number(&st[2])),
            "try_recv" => shared::try_recv(text(&st[1])),
            "close" => shared::close(text(&st[1])),
            "drop_tx" => shared::drop_tx(text(&st[1])),
            "drop_rx" => shared::drop_rx(text(&st[1])),
            "answer" => shared::answer(text(&st[1]), number(&st[2])),
            "notify_one" => shared::notify(text(&st[1])).notify_one(),
            "notify_waiters" => shared::notify(text(&st[1])).notify_waiters(),
            "try_lock" => shared::try_lock(text(&st[1]), || run_sync(&list(&st[2]))),
            other => panic!("no statement is called {other}"),
        }
    }
}

#[instrument(skip_all)]
fn sync_fn(body: Vec<Value>) {
    run_sync(&body);
}

/// Runs to its end on a thread of its own, which has this thread's subscriber and none of its spans.
pub fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let dispatch = dispatcher::get_default(Dispatch::clone);
    std::thread::spawn(move || dispatcher::with_default(&dispatch, work)).join().unwrap()
}
