//! transact-rs/sqlx#3176: a struct that owns an EnteredSpan, alive across an await.

use tokio::task::yield_now;
use tracing::{info, info_span, span::EnteredSpan};

struct QueryLogger {
    sql: &'static str,
    _entered: EnteredSpan,
}
impl QueryLogger {
    fn new(sql: &'static str) -> Self {
        QueryLogger { sql, _entered: info_span!("query", sql).entered() }
    }
}
impl Drop for QueryLogger {
    fn drop(&mut self) {
        info!(sql = self.sql, "finished");
    }
}

async fn query(sql: &'static str) {
    let _logger = QueryLogger::new(sql);
    info!("executing");
    yield_now().await;
    info!("rows");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    query("select 1").await; // main is not spawned; tokio::spawn(query("select 2")) does not compile
    let other = tokio::spawn(async { info!("other") });
    tokio::join!(query("select 3"), query("select 4"));
    other.await.unwrap();
    info!("after");
}
