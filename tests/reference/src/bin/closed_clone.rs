//! The race behind "tried to clone a span that already closed", held open by a layer: the last
//! handle is gone, the span is still in the registry, and its entry is on another thread's stack.

use std::{panic, sync::mpsc, thread};
use tracing::{info_span, span::Id, Span, Subscriber};
use tracing_subscriber::{layer::Context, prelude::*, Layer};

struct Closing {
    begins: mpsc::SyncSender<()>,
    ends: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl<S: Subscriber> Layer<S> for Closing {
    fn on_close(&self, _: Id, _: Context<'_, S>) {
        self.begins.send(()).unwrap();
        self.ends.lock().unwrap().recv().unwrap();
    }
}

fn main() {
    let (begins, begun) = mpsc::sync_channel(0);
    let (end, ends) = mpsc::channel();
    let ends = std::sync::Mutex::new(ends);
    tracing_subscriber::registry().with(Closing { begins, ends }).init();
    panic::set_hook(Box::new(|panic| {
        println!("panic: {}", panic.payload_as_str().unwrap().lines().next().unwrap());
    }));
    let request = info_span!("request");
    let guard = request.enter();
    thread::scope(|threads| {
        threads.spawn(|| drop(guard)); // its entry stays on the stack of this thread
    });
    let closing = thread::spawn(|| drop(request));
    begun.recv().unwrap();
    println!("asking: {}", panic::catch_unwind(|| drop(Span::current())).is_ok());
    end.send(()).unwrap();
    closing.join().unwrap();
    println!("asking once more: {:?}", Span::current().metadata());
}
