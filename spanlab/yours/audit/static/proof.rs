// What `prove` writes. A part begins with its name; words in capitals are filled in.

// --- test
#[cfg(test)]
mod proof {
    #[allow(unused_imports)]
    use super::*;

    mod captured {
        use std::fmt::Debug;
        use std::sync::Mutex;
        use tracing::field::{Field, Visit};
        use tracing::{span, Event, Id, Subscriber};
        use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
        use tracing_subscriber::registry::LookupSpan;

        type Line = (String, u32, Vec<&'static str>); // a message, its line, the spans around it
        pub static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());
        pub static OPEN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

        struct Capture;

        impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
            fn on_new_span(&self, new: &span::Attributes<'_>, _: &Id, _: Context<'_, S>) {
                OPEN.lock().unwrap().push(new.metadata().name());
            }

            fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
                let mut message = Message(String::new());
                event.record(&mut message);
                let scope = context.event_scope(event).into_iter().flatten();
                let spans = scope.map(|span| span.name()).collect();
                let line = event.metadata().line().unwrap_or(0);
                LINES.lock().unwrap().push((message.0, line, spans));
            }

            fn on_close(&self, id: Id, context: Context<'_, S>) {
                let name = context.span(&id).map(|span| span.name());
                let mut open = OPEN.lock().unwrap();
                if let Some(at) = open.iter().position(|one| Some(*one) == name) {
                    open.remove(at);
                }
            }
        }

        struct Message(String);

        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }

        pub fn begin() {
            let subscriber = tracing_subscriber::registry().with(Capture);
            tracing::subscriber::set_global_default(subscriber).expect("one proof at a time");
        }
    }

    // What `main` does; its subscriber is the one that captures.
    RUN

    TESTED
}
// --- inside
let lines = captured::LINES.lock().unwrap();
let mut lines = lines.iter().filter(|line| line.0.starts_with(MESSAGE)).peekable();
assert!(lines.peek().is_some(), "no line says {MESSAGE:?}");
for (message, line, spans) in lines {
    assert!(spans.contains(&SPAN), "{message:?} of line {line} is in {spans:?}");
}
// --- outside
for (message, line, spans) in captured::LINES.lock().unwrap().iter() {
    let wrong = message.starts_with(MESSAGE) && spans.contains(&SPAN);
    assert!(!wrong, "{message:?} of line {line} is in {spans:?}");
}
// --- closed
assert!(!captured::OPEN.lock().unwrap().contains(&SPAN), "{SPAN:?} is still open");
// --- own
for (message, line, spans) in captured::LINES.lock().unwrap().iter() {
    let own = OWN.iter().any(|(first, last)| (first..=last).contains(&line));
    assert!(own || !spans.contains(&SPAN), "{message:?} of line {line} is in {spans:?}");
}
