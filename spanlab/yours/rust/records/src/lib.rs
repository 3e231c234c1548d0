//! Writes down what a subscriber sees, one row of JSON for each thing that happens.
//!
//! Tokio, built as `tokio_unstable`, says by spans of its own where a task is spawned, polled and
//! woken. `Hidden` keeps them from the registry, so that no span of the program has one as its
//! parent: the program sees the spans that it would see without.
mod fields;
mod layer;

use layer::{Out, Records};
use serde_json::json;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::Registry;

thread_local! {
    /// The tasks whose polls this thread is in, the inner last.
    static POLLS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    /// The last panic of this thread: its message, file and line.
    static PANIC: RefCell<(String, String, u32)> = const { RefCell::new((String::new(), String::new(), 0)) };
}

/// A span of tokio's own: no number of the registry is as high.
const FIRST: u64 = 0x801f_0000_0000_0000;

struct Task {
    number: Option<u64>, // none if the runtime began it for itself: its workers
    handles: usize,
    panicked: bool,
}

struct Hidden<S> {
    seen: S,
    out: Arc<Mutex<Out>>,
    tasks: Mutex<HashMap<u64, Task>>,
    made: AtomicU64,
}

fn is_tokios(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("tokio::") || metadata.module_path().is_some_and(|path| path.starts_with("tokio::"))
}

fn tells(metadata: &Metadata<'_>) -> bool {
    matches!(metadata.target(), "tokio::task" | "tokio::task::blocking" | "tokio::task::waker")
}

impl<S> Hidden<S> {
    fn number(&self, id: u64) -> Option<Option<u64>> {
        self.tasks.lock().unwrap().get(&id).map(|task| task.number)
    }
    fn write(&self, kind: &str, place: (&str, u64), what: serde_json::Value) {
        self.out.lock().unwrap().row(kind, place, what);
    }
    fn spawned(&self, attrs: &Attributes<'_>) -> Id {
        let told = fields::texts(|visit| attrs.record(visit));
        let (kind, line) = (told["kind"].as_str(), told["loc.line"].parse().unwrap_or(0));
        let id = FIRST + self.made.fetch_add(1, Relaxed);
        let mut out = self.out.lock().unwrap();
        // The first future that somebody blocks on is the main one.
        let number = match kind {
            _ if told["loc.file"].replace('\\', "/").contains("/tokio-") => None,
            "block_on" if !out.has_main => Some(0),
            _ => Some(out.next_task()),
        };
        out.has_main |= number == Some(0);
        if let Some(1..) = number {
            let to = match kind {
                "blocking" => "spawn_blocking()",
                "local" => "spawn_local()",
                "block_on" => "block_on()",
                _ => "spawn()",
            };
            let name = Some(&told["task.name"]).filter(|name| !name.is_empty()).map_or("a future", |name| name);
            out.row("spawn", (&told["loc.file"], line), json!([number, name, null, to]));
        }
        drop(out);
        self.tasks.lock().unwrap().insert(id, Task { number, handles: 1, panicked: false });
        Id::from_u64(id)
    }
}

impl<S: Subscriber> Subscriber for Hidden<S> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match (is_tokios(metadata), tells(metadata)) {
            (true, true) => Interest::always(),
            (true, false) => Interest::never(),
            _ => self.seen.register_callsite(metadata),
        }
    }
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if is_tokios(metadata) { tells(metadata) } else { self.seen.enabled(metadata) }
    }
    fn new_span(&self, attrs: &Attributes<'_>) -> Id {
        if is_tokios(attrs.metadata()) { self.spawned(attrs) } else { self.seen.new_span(attrs) }
    }
    fn record(&self, span: &Id, values: &Record<'_>) {
        if self.number(span.into_u64()).is_none() {
            self.seen.record(span, values)
        }
    }
    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.seen.record_follows_from(span, follows)
    }
    fn event(&self, event: &Event<'_>) {
        if !is_tokios(event.metadata()) {
            return self.seen.event(event);
        }
        let told = fields::texts(|visit| event.record(visit));
        if told["op"].starts_with("waker.wake") {
            if let Some(Some(number)) = told["task.id"].parse().ok().and_then(|id| self.number(id)) {
                self.write("wake", ("", 0), json!([number]));
            }
        }
    }
    fn enter(&self, span: &Id) {
        let Some(number) = self.number(span.into_u64()) else { return self.seen.enter(span) };
        if let Some(number) = number {
            POLLS.with(|polls| polls.borrow_mut().push(number));
            self.write("poll", ("", 0), json!([]));
        }
    }
    fn exit(&self, span: &Id) {
        let id = span.into_u64();
        match self.number(id) {
            None => return self.seen.exit(span),
            Some(None) => return,
            Some(_) => {}
        }
        self.tasks.lock().unwrap().get_mut(&id).unwrap().panicked |= std::thread::panicking();
        self.write("polled", ("", 0), json!([false, "a wake", null]));
        POLLS.with(|polls| polls.borrow_mut().pop());
    }
    fn clone_span(&self, id: &Id) -> Id {
        match self.tasks.lock().unwrap().get_mut(&id.into_u64()) {
            Some(task) => {
                task.handles += 1;
                id.clone()
            }
            None => self.seen.clone_span(id),
        }
    }
    fn try_close(&self, id: Id) -> bool {
        let mut tasks = self.tasks.lock().unwrap();
        let Some(task) = tasks.get_mut(&id.into_u64()) else {
            drop(tasks);
            return self.seen.try_close(id);
        };
        task.handles -= 1;
        if task.handles > 0 {
            return false;
        }
        let (number, panicked) = (task.number, task.panicked);
        tasks.remove(&id.into_u64());
        drop(tasks);
        let (said, file, line) = if panicked { PANIC.with(|panic| panic.take()) } else { Default::default() };
        if number.is_some() {
            let how = if panicked { "panicked" } else { "ok" };
            self.write("finish", (&file, line.into()), json!([number, how, said]));
        }
        true
    }
    fn current_span(&self) -> Current {
        self.seen.current_span()
    }
    unsafe fn downcast_raw(&self, id: std::any::TypeId) -> Option<*const ()> {
        self.seen.downcast_raw(id)
    }
}

/// Record all that happens from now on, where the environment names a file for it.
extern "C" fn start() {
    let Some(file) = std::env::var_os("SPANLAB_RECORDS").and_then(|path| File::create(path).ok()) else { return };
    let most = std::env::var("SPANLAB_MOST").ok().and_then(|most| most.parse().ok()).unwrap_or(u64::MAX);
    let out = Arc::new(Mutex::new(Out::new(file, most, Instant::now())));
    let level = std::env::var("SPANLAB_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(Level::TRACE);
    let seen = Registry::default().with(Records(out.clone(), level));
    let _ = tracing::subscriber::set_global_default(Hidden { seen, out, tasks: Mutex::default(), made: AtomicU64::new(0) });
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let (what, text) = (panic.payload(), panic.payload().downcast_ref::<&str>().map(|text| text.to_string()));
        let said = text.or_else(|| what.downcast_ref::<String>().cloned()).unwrap_or("Box<dyn Any>".into());
        let place = panic.location().map(|at| (at.file().to_string(), at.line())).unwrap_or_default();
        PANIC.with(|last| *last.borrow_mut() = (said, place.0, place.1));
        before(panic)
    }));
}

// It is called before `main`, so that no line of the program is another one.
#[used]
#[cfg_attr(any(target_os = "linux", target_os = "android", target_os = "freebsd"), link_section = ".init_array")]
#[cfg_attr(target_vendor = "apple", link_section = "__DATA,__mod_init_func")]
#[cfg_attr(windows, link_section = ".CRT$XCU")]
static START: extern "C" fn() = start;
