//! The streams of the language: what they give are numbers.
use crate::block::{statement, Locals};
use crate::future::{make, Work};
use crate::shared::{receiver, Message, Rx};
use crate::spans::span;
use crate::{list, number, text};
use async_stream::stream;
use futures::stream::{self, FuturesUnordered, Stream, StreamExt};
use serde_json::Value;
use std::pin::Pin;
use tokio_stream::wrappers::{ReceiverStream, UnboundedReceiverStream};
use tracing_futures::Instrument;

pub type Items = Pin<Box<dyn Stream<Item = u64> + Send>>;

/// Statements with `["emit", n]` between them, also under a guard that stays entered over the yield.
fn generate(body: Vec<Value>) -> impl Stream<Item = u64> {
    stream! {
        let mut locals = Locals::default();
        for st in &body {
            match text(&st[0]) {
                "emit" => yield number(&st[1]),
                "emit_in_scope" => {
                    let span = span(&st[1]);
                    let _guard = span.enter();
                    for st in &list(&st[2]) {
                        match text(&st[0]) {
                            "emit" => yield number(&st[1]),
                            _ => statement(st, &mut locals).await.unwrap(),
                        }
                    }
                }
                _ => statement(st, &mut locals).await.unwrap(),
            }
        }
    }
}

/// Gives its number when it is done, well or not.
async fn indexed(index: usize, future: Work) -> u64 {
    let _ = future.await;
    index as u64
}

fn received(name: &str) -> Items {
    let n = |message: Message| message.n;
    match receiver(name) {
        None => Box::pin(stream::empty()),
        Some(Rx::Bounded(rx)) => Box::pin(ReceiverStream::new(rx).map(n)),
        Some(Rx::Unbounded(rx)) => Box::pin(UnboundedReceiverStream::new(rx).map(n)),
    }
}

pub fn items(s: &Value) -> Items {
    match text(&s[0]) {
        "gen" => Box::pin(generate(list(&s[1]))),
        "iter" => Box::pin(stream::iter(0..number(&s[1]))),
        "receiver" => received(text(&s[1])),
        "unordered" => {
            let all = list(&s[1]).iter().enumerate().map(|(i, f)| indexed(i, make(f))).collect::<FuturesUnordered<_>>();
            Box::pin(all)
        }
        "buffered" => {
            let all = stream::iter(list(&s[2]).into_iter().enumerate()).map(|(i, f)| indexed(i, make(&f)));
            Box::pin(all.buffer_unordered(number(&s[1]) as usize))
        }
        "s_instr" => {
            let inner = items(&s[2]);
            Box::pin(inner.instrument(span(&s[1])))
        }
        "s_cur" => Box::pin(items(&s[1]).in_current_span()),
        other => panic!("no stream is called {other}"),
    }
}
