//! Blocks: the statements that may await, and what a block holds.
use crate::future::{all, make, OnDrop, Outcome, Failed, Work};
use crate::shared::{self, Message};
use crate::spans::span;
use crate::stream::{items, Items};
use crate::sync::run_sync;
use crate::{list, number, tasks, text};
use futures::future::{join_all, try_join_all, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, sleep, sleep_until, timeout};
use tracing::{info, Instrument, Span};

/// What is left in a block is dropped in this order, each by name.
#[derive(Default)]
pub struct Locals {
    pub streams: BTreeMap<String, Items>,
    pub pools: BTreeMap<String, FuturesUnordered<Work>>,
    pub sets: BTreeMap<String, JoinSet<Outcome>>,
    pub handles: BTreeMap<String, JoinHandle<Outcome>>,
    pub futures: BTreeMap<String, Work>,
}

pub fn run(statements: Vec<Value>) -> Work {
    Box::pin(async move {
        let mut locals = Locals::default();
        for st in &statements {
            statement(st, &mut locals).await?;
        }
        Ok(())
    })
}

fn say_if_one_failed(failed: bool) {
    if failed {
        info!("one failed");
    }
}

pub fn milliseconds(value: &Value) -> Duration {
    Duration::from_millis(number(value))
}

pub async fn statement(st: &Value, locals: &mut Locals) -> Outcome {
    let name = || text(&st[1]).to_string();
    match text(&st[0]) {
        "yield" => tokio::task::yield_now().await,
        "sleep" => sleep(milliseconds(&st[1])).await,
        "sleep_until" => sleep_until(shared::start() + milliseconds(&st[1])).await,
        "err" => return Err(Failed),
        "await" => drop(make(&st[1]).await),
        "try" => make(&st[1]).await?,
        "catch" => {
            if AssertUnwindSafe(make(&st[1])).catch_unwind().await.is_err() {
                info!("caught");
            }
        }
        "timeout" => {
            if timeout(milliseconds(&st[1]), make(&st[2])).await.is_err() {
                info!("timed out");
            }
        }
        "interval" => {
            let mut interval = interval(milliseconds(&st[1]));
            for _ in 0..number(&st[2]) {
                interval.tick().await;
                run(list(&st[3])).await?;
            }
        }
        "join2" => {
            let (a, b) = (make(&st[1]), make(&st[2]));
            let (a, b) = tokio::join!(a, b);
            say_if_one_failed(a.is_err() || b.is_err());
        }
        "join_all" => say_if_one_failed(join_all(all(&st[1])).await.iter().any(Outcome::is_err)),
        "try_join" => {
            let (a, b) = (make(&st[1]), make(&st[2]));
            say_if_one_failed(tokio::try_join!(a, b).is_err());
        }
        "try_join_all" => say_if_one_failed(try_join_all(all(&st[1])).await.is_err()),
        "select" => {
            let (a, b) = (make(&st[1]), make(&st[2]));
            tokio::select! { biased; _ = a => run_sync(&list(&st[3])), _ = b => run_sync(&list(&st[4])) }
        }
        "select_ref" => select_ref(st, locals).await,
        "let" => drop(locals.futures.insert(name(), make(&st[2]))),
        "await_var" => {
            if let Some(future) = locals.futures.remove(&name()) {
                let _ = future.await;
            }
        }
        "drop_var" => drop(locals.futures.remove(&name())),
        "await_in_scope" => {
            let span = span(&st[1]);
            let _guard = span.enter(); // compiles: `Entered` is Send in every 0.1 release
            run(list(&st[2])).await?;
        }
        "await_overlap" => {
            let a = span(&st[1]);
            let first = a.enter();
            run(list(&st[3])).await?;
            let b = span(&st[2]);
            let second = b.enter();
            run(list(&st[4])).await?;
            drop(first);
            run(list(&st[5])).await?;
            drop(second);
        }
        "dropping" => {
            let _log = OnDrop(name());
            run(list(&st[2])).await?;
        }
        _ => return tasks::statement(st, locals).await,
    }
    Ok(())
}

/// The future by name stays where it is if the other one is done first.
async fn select_ref(st: &Value, locals: &mut Locals) {
    let name = text(&st[1]);
    let Some(mut kept) = locals.futures.remove(name) else { return info!("{name} is gone") };
    let other = make(&st[2]);
    let done = tokio::select! {
        biased;
        _ = &mut kept => { run_sync(&list(&st[3])); true }
        _ = other => { run_sync(&list(&st[4])); false }
    };
    if !done {
        locals.futures.insert(name.to_string(), kept);
    }
}

/// The statements about channels, notifies, locks, streams and sets of futures.
pub async fn shared_statement(st: &Value, locals: &mut Locals) -> Outcome {
    let name = || text(&st[1]).to_string();
    match text(&st[0]) {
        "mpsc" | "oneshot" | "notify" | "mutex" => shared::make(st),
        "send" => shared::send(&name(), Message { n: number(&st[2]), span: Span::none() }).await,
        "send_in" => shared::send(&name(), Message { n: number(&st[2]), span: span(&st[3]) }).await,
        "flood" => {
            for n in 0..number(&st[2]) {
                shared::send(&name(), Message { n, span: Span::none() }).await;
            }
        }
        "recv" => {
            if let Some(mut taken) = shared::take(&name()) {
                shared::tell(&name(), taken.recv().await);
            }
        }
        "take" => {
            if let Some(mut taken) = shared::take(&name()) {
                for _ in 0..number(&st[2]) {
                    drop(taken.recv().await);
                }
                info!("{} taken", name());
            }
        }
        "serve" => {
            if let Some(mut taken) = shared::take(&name()) {
                while let Some(message) = taken.recv().await {
                    info!("{} got {}", name(), message.n);
                    let _ = run(list(&st[2])).instrument(message.span).await;
                }
                info!("{} ended", name());
            }
        }
        "question" => shared::question(&name()).await,
        "notified" => shared::notify(&name()).notified().await,
        "lock" => {
            let lock = shared::lock(&name());
            let _guard = lock.lock().await;
            run(list(&st[2])).await?;
        }
        "pool" => locals.pools.entry(name()).or_default().push(make(&st[2])),
        "pool_drain" => {
            if let Some(mut pool) = locals.pools.remove(&name()) {
                while let Some(outcome) = pool.next().await {
                    info!("{} gave {}", name(), if outcome.is_ok() { "a value" } else { "an error" });
                    run_sync(&list(&st[2]));
                }
            }
        }
        "stream" => drop(locals.streams.insert(name(), items(&st[2]))),
        "next" => {
            let got = locals.streams.get_mut(&name()).unwrap().next().await;
            tell_next(&name(), got);
        }
        "next_instr" => {
            let next = locals.streams.get_mut(text(&st[2])).unwrap().next();
            let got = next.instrument(span(&st[1])).await;
            tell_next(text(&st[2]), got);
        }
        "drop_stream" => drop(locals.streams.remove(&name())),
        "each" => {
            let mut items = items(&st[1]);
            while let Some(n) = items.next().await {
                info!("each {n}");
                run(list(&st[2])).await?;
            }
        }
        _ => run_sync(std::slice::from_ref(st)),
    }
    Ok(())
}

fn tell_next(name: &str, got: Option<u64>) {
    match got {
        Some(n) => info!("{name} gave {n}"),
        None => info!("{name} ended"),
    }
}
