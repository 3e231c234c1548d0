//! A connection is opened in a request, and its pool keeps the span of that request open.

use tracing::{info, instrument, Span};

struct Connection {
    span: Span,
}

#[instrument(skip_all)]
fn request(n: u32, pool: &mut Vec<Connection>) {
    let connection = pool.pop().unwrap_or_else(|| Connection { span: Span::current() });
    connection.span.in_scope(|| info!("query {n}"));
    pool.push(connection);
}

fn main() {
    reference::init_lives();
    let mut pool = Vec::new();
    request(1, &mut pool);
    info!("answered");
    drop(pool);
}
