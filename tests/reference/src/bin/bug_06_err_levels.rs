//! Azure/azure-sdk-for-rust#4593, tokio-rs/tracing#2433: `err` is at ERROR whatever the span's.

use tracing::{info, instrument};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("info");
    let result = operation(2).await;
    info!(ok = result.is_ok(), "recovered");
    let _ = quiet();
    let _ = shown(Some(3));
}

#[instrument(err)]
async fn operation(tries: u32) -> Result<u32, String> {
    for _ in 0..tries {
        if let Ok(n) = connect(tries).await {
            return Ok(n);
        }
    }
    connect(0).await
}

#[instrument(level = "debug", err, ret)]
async fn connect(n: u32) -> Result<u32, String> {
    tokio::task::yield_now().await;
    inner(n)?;
    Ok(n)
}

#[instrument(level = "debug", err(Debug))]
fn inner(n: u32) -> Result<u32, String> {
    Err(format!("no {n}"))
}

#[instrument(err(level = "debug"), ret(level = "warn"))]
fn quiet() -> Result<&'static str, String> {
    inner(9)?;
    Ok("fine")
}

#[instrument(err, ret)]
fn shown(n: Option<u8>) -> Result<Option<u8>, String> {
    Ok(n)
}
