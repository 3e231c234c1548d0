//! Tasks, and where they live.
use crate::block::{milliseconds, run, shared_statement, Locals};
use crate::future::{make, Failed, Outcome};
use crate::spans::span;
use crate::sync::{on_a_thread, run_sync};
use crate::{list, text};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::{Builder, Handle};
use tokio::task::{JoinError, LocalSet};
use tokio::time::timeout;
use tracing::{info, Instrument};

/// Says what a join gave back, where it was not a plain success.
fn report(name: &str, result: Result<Outcome, JoinError>) {
    match result {
        Ok(Ok(())) => {}
        Ok(Err(Failed)) => info!("{name} failed"),
        Err(error) if error.is_panic() => info!("{name} panicked"),
        Err(_) => info!("{name} cancelled"),
    }
}

/// The statements about tasks, and where they live.
pub async fn statement(st: &Value, locals: &mut Locals) -> Outcome {
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
