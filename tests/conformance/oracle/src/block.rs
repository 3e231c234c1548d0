//! Blocks: the statements that may await, and what a block holds.
use crate::future::{all, make, OnDrop, Outcome, Failed, Work};
use crate::shared::{self, Message};
use crate::spans::span;
use crate::stream::{items, Items};
use crate::sync::{on_a_thread, run_sync};
use crate::{list, number, text};
use futures::future::{join_all, try_join_all, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::task::{JoinError, JoinHandle, JoinSet, LocalSet};
use tokio::time::{interval, sleep, sleep_until, timeout};
use tracing::{info, Instrument, Span};

/// What is left in a block is dropped in this order, each by name.
#[derive(Default)]
pub struct Locals {
    streams: BTreeMap<String, Items>,
    pools: BTreeMap<String, FuturesUnordered<Work>>,
    sets: BTreeMap<String, JoinSet<Outcome>>,
    handles: BTreeMap<String, JoinHandle<Outcome>>,
    futures: BTreeMap<String, Work>,
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

/// Says what a join gave back, where it was not a plain success.
fn report(name: &str, result: Result<Outcome, JoinError>) {
    match result {
        Ok(Ok(())) => {}
        Ok(Err(Failed)) => info!("{name} failed"),
        Err(error) if error.is_panic() => info!("{name} panicked"),
        Err(_) => info!("{name} cancelled"),
    }
}

fn say_if_one_failed(failed: bool) {
    if failed {
        info!("one failed");
    }
}

fn milliseconds(value: &Value) -> Duration {
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
        _ => return task_statement(st, locals).await,
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

/// The statements about tasks, and where they live.
async fn task_statement(st: &Value, locals: &mut Locals) -> Outcome {
    let name = || text(&st[1]).to_string();
    match text(&st[0]) {
        "spawn" => drop(locals.handles.insert(name(), tokio::spawn(make(&st[2])))),
        "spawn_local" => drop(locals.handles.insert(name(), tokio::task::spawn_local(make(&st[2])))),
        "join" => {
            let handle = locals.handles.remove(&name()).unwrap();
            report(&name(), handle.await);
        }
        "join_instr" => {
            let handle = locals.handles.remove(text(&st[2])).unwrap();
            report(text(&st[2]), handle.instrument(span(&st[1])).await);
        }
        "join_timeout" => join_timeout(st, locals).await,
        "abort" => {
            if let Some(handle) = locals.handles.get(&name()) {
                handle.abort();
            }
        }
        "detach" => drop(locals.handles.remove(&name())),
        "set_spawn" => {
            let future = make(&st[2]);
            locals.sets.entry(name()).or_default().spawn(future);
        }
        "set_drain" => {
            if let Some(mut set) = locals.sets.remove(&name()) {
                while let Some(result) = set.join_next().await {
                    report(&name(), result);
                    run_sync(&list(&st[2]));
                }
            }
        }
        "blocking" => {
            let body = list(&st[1]);
            tokio::task::spawn_blocking(move || run_sync(&body)).await.unwrap();
        }
        "local" => {
            let (before, block) = (st[1].clone(), run(list(&st[2])));
            HereOnly(async move {
                let set = LocalSet::new();
                list(&before).iter().for_each(|f| drop(set.spawn_local(make(f))));
                set.run_until(block).await
            })
            .await?;
        }
        "local_all" => {
            let all = st[1].clone();
            HereOnly(async move {
                let set = LocalSet::new();
                list(&all).iter().for_each(|f| drop(set.spawn_local(make(f))));
                set.await
            })
            .await;
        }
        "thread_spawn" => {
            let (handle, future) = (Handle::current(), st[2].clone());
            let spawned = on_a_thread(move || {
                let _entered = handle.enter();
                tokio::spawn(make(&future))
            });
            locals.handles.insert(name(), spawned);
        }
        "thread_block_on" => {
            let (handle, future) = (Handle::current(), st[1].clone());
            let _ = on_a_thread(move || handle.block_on(make(&future)));
        }
        "runtime" => {
            let future = st[1].clone();
            on_a_thread(move || {
                let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
                let _ = runtime.block_on(make(&future));
            });
        }
        _ => return shared_statement(st, locals).await,
    }
    Ok(())
}

/// The handle by name stays where it is if the time is over first.
async fn join_timeout(st: &Value, locals: &mut Locals) {
    let name = text(&st[2]);
    let Some(handle) = locals.handles.get_mut(name) else { return info!("{name} is gone") };
    match timeout(milliseconds(&st[1]), handle).await {
        Ok(result) => {
            locals.handles.remove(name);
            report(name, result);
        }
        Err(_) => info!("{name} is late"),
    }
}

/// `LocalSet` stays on its thread, and so does every task of a current-thread runtime.
struct HereOnly<F>(F);
unsafe impl<F> Send for HereOnly<F> {}
impl<F: Future> Future for HereOnly<F> {
    type Output = F::Output;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        unsafe { self.map_unchecked_mut(|this| &mut this.0) }.poll(cx)
    }
}

/// The statements about channels, notifies, locks, streams and sets of futures.
async fn shared_statement(st: &Value, locals: &mut Locals) -> Outcome {
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
