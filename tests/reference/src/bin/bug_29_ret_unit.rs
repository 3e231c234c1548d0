//! tokio-rs/tracing#2330 and others: ret on unit, bool, option, result of unit.

use tracing::{info, instrument};

#[instrument(ret)]
fn unit() { info!("unit"); }
#[instrument(ret)]
async fn later() { info!("later"); }
#[instrument(ret, err)]
fn ok() -> Result<(), String> { Ok(()) }
#[instrument(ret)]
fn flag() -> bool { true }
#[instrument(ret)]
fn text() -> &'static str { "t" }
#[instrument(ret(Display))]
fn shown() -> String { "t".into() }
#[instrument(ret)]
fn none() -> Option<u8> { None }
#[instrument(ret, level = "debug", fields(n = tracing::field::Empty))]
fn recorded() -> u8 { tracing::Span::current().record("n", 3); 4 }
#[instrument(ret, skip_all, name = "renamed", target = "t")]
fn renamed(_a: u8) -> (u8, &'static str) { (1, "x") }

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    unit();
    later().await;
    ok().unwrap();
    flag(); text(); shown(); none(); recorded(); renamed(1);
}
