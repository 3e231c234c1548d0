//! What the tasks of a program share: channels, notifies and locks, by name, in one table for the whole program.
use crate::{number, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot, Notify};
use tokio::time::Instant;
use tracing::{info, Span};

/// A message brings a span along, or `Span::none()`.
pub struct Message {
    pub n: u64,
    pub span: Span,
}

#[derive(Clone)]
enum Tx {
    Bounded(mpsc::Sender<Message>),
    Unbounded(mpsc::UnboundedSender<Message>),
}

pub enum Rx {
    Bounded(mpsc::Receiver<Message>),
    Unbounded(mpsc::UnboundedReceiver<Message>),
}

#[derive(Default)]
struct Table {
    senders: BTreeMap<String, Tx>,
    receivers: BTreeMap<String, Rx>,
    answers: BTreeMap<String, oneshot::Sender<u64>>,
    questions: BTreeMap<String, oneshot::Receiver<u64>>,
    notifies: BTreeMap<String, Arc<Notify>>,
    locks: BTreeMap<String, Arc<tokio::sync::Mutex<()>>>,
    start: Option<Instant>,
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

fn table() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Forgets what the program before had.
pub fn clear() {
    let old = std::mem::take(&mut *table());
    drop(old);
}
pub fn set_start() {
    table().start = Some(Instant::now());
}
pub fn start() -> Instant {
    table().start.unwrap()
}

/// `["mpsc", name, capacity or 0]`, `["oneshot", name]`, `["notify", name]`, `["mutex", name]`
pub fn make(st: &Value) {
    let name = text(&st[1]).to_string();
    let mut table = table();
    match text(&st[0]) {
        "mpsc" => {
            let (tx, rx) = channel(number(&st[2]) as usize);
            table.senders.insert(name.clone(), tx);
            table.receivers.insert(name, rx);
        }
        "oneshot" => {
            let (tx, rx) = oneshot::channel();
            table.answers.insert(name.clone(), tx);
            table.questions.insert(name, rx);
        }
        "notify" => drop(table.notifies.insert(name, Arc::default())),
        _ => drop(table.locks.insert(name, Arc::default())),
    }
}

fn channel(capacity: usize) -> (Tx, Rx) {
    if capacity == 0 {
        let (tx, rx) = mpsc::unbounded_channel();
        return (Tx::Unbounded(tx), Rx::Unbounded(rx));
    }
    let (tx, rx) = mpsc::channel(capacity);
    (Tx::Bounded(tx), Rx::Bounded(rx))
}

impl Rx {
    pub async fn recv(&mut self) -> Option<Message> {
        match self {
            Rx::Bounded(rx) => rx.recv().await,
            Rx::Unbounded(rx) => rx.recv().await,
        }
    }
}

/// A receiver out of the table, back there when this is dropped.
pub struct Taken {
    name: String,
    rx: Option<Rx>,
}
impl Taken {
    pub async fn recv(&mut self) -> Option<Message> {
        self.rx.as_mut().unwrap().recv().await
    }
}
impl Drop for Taken {
    fn drop(&mut self) {
        table().receivers.insert(std::mem::take(&mut self.name), self.rx.take().unwrap());
    }
}

/// Gives the receiver, for good.
pub fn receiver(name: &str) -> Option<Rx> {
    table().receivers.remove(name)
}
/// Gives the receiver for a while; says so if somebody else has it.
pub fn take(name: &str) -> Option<Taken> {
    let rx = receiver(name);
    if rx.is_none() {
        info!("{name} is taken");
    }
    rx.map(|rx| Taken { name: name.to_string(), rx: Some(rx) })
}
pub fn tell(name: &str, message: Option<Message>) {
    match message {
        Some(message) => info!("{name} got {}", message.n),
        None => info!("{name} ended"),
    }
}

pub async fn send(name: &str, message: Message) {
    let tx = table().senders.get(name).cloned();
    let sent = match tx {
        None => return info!("{name} has no sender"),
        Some(Tx::Bounded(tx)) => tx.send(message).await.is_ok(),
        Some(Tx::Unbounded(tx)) => tx.send(message).is_ok(),
    };
    if !sent {
        info!("{name} is closed");
    }
}
pub fn try_send(name: &str, n: u64) {
    let tx = table().senders.get(name).cloned();
    let message = Message { n, span: Span::none() };
    match tx {
        None => info!("{name} has no sender"),
        Some(Tx::Bounded(tx)) => match tx.try_send(message) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => info!("{name} is full"),
            Err(mpsc::error::TrySendError::Closed(_)) => info!("{name} is closed"),
        },
        Some(Tx::Unbounded(tx)) => {
            if tx.send(message).is_err() {
                info!("{name} is closed");
            }
        }
    }
}
pub fn try_recv(name: &str) {
    let Some(mut taken) = take(name) else { return };
    let got = match taken.rx.as_mut().unwrap() {
        Rx::Bounded(rx) => rx.try_recv(),
        Rx::Unbounded(rx) => rx.try_recv(),
    };
    match got {
        Ok(message) => tell(name, Some(message)),
        Err(mpsc::error::TryRecvError::Empty) => info!("{name} is empty"),
        Err(mpsc::error::TryRecvError::Disconnected) => tell(name, None),
    }
}
pub fn close(name: &str) {
    match table().receivers.get_mut(name) {
        None => {}
        Some(Rx::Bounded(rx)) => rx.close(),
        Some(Rx::Unbounded(rx)) => rx.close(),
    }
}
pub fn drop_tx(name: &str) {
    let tx = table().senders.remove(name);
    let answer = table().answers.remove(name);
    drop((tx, answer)); // not under the lock: it wakes who waits
}
pub fn drop_rx(name: &str) {
    let rx = table().receivers.remove(name);
    let question = table().questions.remove(name);
    drop((rx, question));
}

pub fn answer(name: &str, n: u64) {
    let tx = table().answers.remove(name);
    if tx.is_none_or(|tx| tx.send(n).is_err()) {
        info!("nobody asks {name}");
    }
}
pub async fn question(name: &str) {
    let rx = table().questions.remove(name);
    match rx {
        None => info!("{name} is taken"),
        Some(rx) => match rx.await {
            Ok(n) => info!("{name} got {n}"),
            Err(_) => info!("{name} ended"),
        },
    }
}

pub fn notify(name: &str) -> Arc<Notify> {
    table().notifies[name].clone()
}
pub fn lock(name: &str) -> Arc<tokio::sync::Mutex<()>> {
    table().locks[name].clone()
}
pub fn try_lock(name: &str, work: impl FnOnce()) {
    let lock = lock(name);
    let guard = lock.try_lock();
    match guard {
        Ok(_guard) => work(),
        Err(_) => info!("{name} is locked"),
    };
}
