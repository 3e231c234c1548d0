//! What #[instrument] prints of self and of arguments of many types.
#![allow(dead_code)]

use std::{collections::BTreeMap, fmt::Debug};
use tracing::{info, instrument};

#[derive(Debug, Clone)]
struct Point { x: i32, y: f64 }
#[derive(Debug)]
enum Kind { Plain, Named { name: String }, Pair(u8, u8) }
#[derive(Debug)]
struct Unit;
#[derive(Debug)]
struct Wrapper(Vec<u8>);
#[derive(Debug)]
struct Service { name: &'static str, point: Point }

impl Service {
    #[instrument]
    fn call(&self, point: Point, kind: Kind) { info!("called"); }
    #[instrument(skip(self), fields(self.name = self.name, sum = point.x + 1))]
    async fn later<T: Debug>(&self, point: &Point, _hidden: T, count: usize) { info!("later"); }
    #[instrument]
    fn new(name: &'static str) -> Self { info!("made"); Service { name, point: Point { x: 0, y: 0.0 } } }
}

#[instrument]
fn many(text: String, letter: char, list: Vec<&str>, pair: (i32, &str), map: BTreeMap<&str, u8>, nothing: Option<u8>, unit: (), flag: bool, big: u64, float: f32, nested: Vec<Vec<i32>>) {
    info!("many");
}

#[instrument(fields(http.method = "GET", http.status = 200, otel.name = format!("x{}", 1)))]
fn dotted() { info!(user.id = 7, "dotted"); }

#[tokio::main(flavor = "current_thread")]
async fn main() {
    reference::init_either("trace");
    let service = Service::new("s");
    service.call(Point { x: 1, y: 2.5 }, Kind::Named { name: "n".into() });
    service.call(Point { x: 1, y: 2.0 }, Kind::Plain);
    service.call(Point { x: -1, y: 1e20 }, Kind::Pair(1, 2));
    service.later(&service.point.clone(), Unit, 3).await;
    many("te\"xt".into(), 'c', vec!["a", "b"], (1, "b"), BTreeMap::from([("k", 1)]), None, (), true, u64::MAX, 1.5, vec![vec![1], vec![]]);
    dotted();
    info!(w = ?Wrapper(vec![1]), unit = ?Unit, tuple = ?(1,), opt = ?Some("x"), "values");
}
