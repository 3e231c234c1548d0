//! Values as `{:?}` and as `{:#?}` write them: one value a section, first on one line, then on several.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;
use std::path::PathBuf;

#[derive(Debug, Clone)]
struct Point {
    x: i32,
    y: f64,
}
#[derive(Debug)]
struct Unit;
#[derive(Debug)]
struct Empty {}
#[derive(Debug)]
struct Wrapper(Vec<u8>);
#[derive(Debug)]
struct Pair(i32, &'static str);
#[derive(Debug)]
struct Service {
    name: &'static str,
    at: Point,
    tags: Vec<&'static str>,
}
#[derive(Debug)]
enum Kind {
    Plain,
    Named { name: String },
    Pair(u8, u8),
}
struct Secret;
impl Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}
#[derive(Debug)]
struct NotFound(String, u16);

fn show(value: impl Debug) {
    println!("{value:?}\n{value:#?}\n--");
}

fn main() {
    show(());
    show((1,));
    show((1, "b", 2.0));
    show(Vec::<i32>::new());
    show(vec![1, 2]);
    show(vec![vec![1], vec![]]);
    show(VecDeque::from([1, 2]));
    show([97u8, 98]);
    show(BTreeMap::<&str, i32>::new());
    show(BTreeMap::from([("a", 1), ("b", 2)]));
    show(BTreeMap::from([((1, 2), vec![Unit])]));
    show(BTreeSet::from([1, 2]));
    show(None::<i32>);
    show(Some(3));
    show(Some("x"));
    show(vec![Some(1), None]);
    show(Some(Some(())));
    show('c');
    show('\'');
    show('"');
    show('\n');
    show('\u{301}');
    show("it's \"so\"\n");
    show(true);
    show(1e20);
    show(1e16);
    show(1e15);
    show(1e-5);
    show(0.0001);
    show(-0.0);
    show(f64::NAN);
    show(f64::INFINITY);
    show(1.5);
    show(u64::MAX);
    show(Point { x: -1, y: 1e20 });
    show(Unit);
    show(Empty {});
    show(Wrapper(vec![1]));
    show(Pair(1, "x"));
    show(Kind::Plain);
    show(Kind::Named { name: "n".into() });
    show(Kind::Pair(1, 2));
    show(Secret);
    show(vec![Secret]);
    show(Service { name: "s", at: Point { x: 0, y: 0.0 }, tags: vec!["a", "b"] });
    show((Point { x: 1, y: 2.0 }, vec![(1, Unit)], BTreeMap::from([("k", Some(Kind::Plain))])));
    show(PathBuf::from("/a/b c"));
    show("no 2".to_string());
    show(NotFound("no 2".into(), 404));
    show(vec!["two\nlines"]);
}
