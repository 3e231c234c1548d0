//! The futures of the language.
use crate::block::run;
use crate::spans::{root_span, span, span_at};
use crate::sync::run_sync;
use crate::{list, text};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use tracing::{info, instrument, Instrument, Span};

/// What `["err"]` makes a block end in.
#[derive(Debug)]
pub struct Failed;
pub type Outcome = Result<(), Failed>;
pub type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Logs when it is dropped.
pub struct OnDrop(pub String);
impl Drop for OnDrop {
    fn drop(&mut self) {
        info!("{}", self.0);
    }
}

#[instrument(skip_all)]
async fn afn(body: Vec<Value>) -> Outcome {
    run(body).await
}

/// The last expression is an async block: the attribute rewrites the block, not the function.
#[instrument(skip_all)]
fn mk(sync: Vec<Value>, body: Vec<Value>) -> Work {
    run_sync(&sync);
    Box::pin(async move { run(body).await })
}

/// Bound to a name first: the attribute wraps the plain function.
#[instrument(skip_all)]
fn mk_let(sync: Vec<Value>, body: Vec<Value>) -> Work {
    run_sync(&sync);
    let future: Work = Box::pin(async move { run(body).await });
    future
}

fn mk_manual(name: &Value, sync: Vec<Value>, body: Vec<Value>) -> Work {
    let _guard = span(name).entered();
    run_sync(&sync);
    Box::pin(async move { run(body).await })
}

fn owns(log: OnDrop, inner: Work) -> Work {
    Box::pin(async move {
        let _log = log;
        inner.await
    })
}

pub fn make(f: &Value) -> Work {
    match text(&f[0]) {
        "async" => run(list(&f[1])),
        "afn" => Box::pin(afn(list(&f[1]))),
        "mk" => mk(list(&f[1]), list(&f[2])),
        "mk_let" => mk_let(list(&f[1]), list(&f[2])),
        "mk_manual" => mk_manual(&f[1], list(&f[2]), list(&f[3])),
        "instr" => {
            let inner = make(&f[2]);
            Box::pin(inner.instrument(span(&f[1])))
        }
        "instr_root" => {
            let inner = make(&f[2]);
            Box::pin(inner.instrument(root_span(&f[1])))
        }
        "instr_at" => {
            let inner = make(&f[5]);
            Box::pin(inner.instrument(span_at(f)))
        }
        "cur" => {
            let inner = make(&f[1]);
            Box::pin(inner.in_current_span())
        }
        "or_cur" => {
            let inner = make(&f[1]);
            Box::pin(inner.instrument(Span::none().or_current()))
        }
        "follows" => {
            let inner = make(&f[2]);
            let span = root_span(&f[1]);
            span.follows_from(Span::current());
            Box::pin(inner.instrument(span))
        }
        "owns" => owns(OnDrop(text(&f[1]).to_string()), make(&f[2])),
        other => panic!("no future is called {other}"),
    }
}

pub fn all(futures: &Value) -> Vec<Work> {
    list(futures).iter().map(make).collect()
}
