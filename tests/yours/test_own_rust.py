"""A program in Rust, built and run by cargo, shows in our views what the crates print."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import need
from IPython.testing.globalipapp import start_ipython  # type: ignore[import-untyped]

from spanlab import (
    BudgetExceeded,
    MissingPackage,
    Trace,
    UsageError,
    graph,
    lanes,
    log,
    rust,
    step,
    why,
)
from spanlab import record as kind

REFERENCE = Path(__file__).parents[1] / "reference"
LOST = (REFERENCE / "src" / "bin" / "lost_parent.rs").read_text(encoding="utf-8")
SHAPES = """
use std::time::Duration;
use tracing::{field::Empty, info, info_span, Instrument};

async fn guilty() {
    let span = info_span!("guilty", n = 1u64, list = ?[1], half = 0.5, on = true, text = "hi");
    let _guard = span.enter();
    tokio::time::sleep(Duration::from_millis(9)).await;
}

async fn innocent() {
    tokio::time::sleep(Duration::from_millis(1)).await;
    info!(id = 7, "innocent");
    panic!("too much");
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .init();
    let local = tokio::task::LocalSet::new();
    local.run_until(async {
        let leaks = tokio::task::spawn_local(guilty());
        let late = info_span!(parent: None, "late", later = Empty);
        late.record("later", 3);
        late.follows_from(&info_span!("before"));
        let panics = tokio::spawn(innocent());
        let never = tokio::spawn(std::future::pending::<()>());
        leaks.await.unwrap();
        assert!(panics.await.is_err());
        never.abort();
        assert!(never.await.unwrap_err().is_cancelled());
        tokio::task::spawn_blocking(|| info!("on the pool")).await.unwrap();
        let quote = '"';
        println!("tracing_subscriber::fmt().init();{quote}");
    }.instrument(info_span!("all"))).await;
}
"""


@pytest.fixture(scope="module", autouse=True)
def cargo() -> Iterator[None]:
    """The crates are built once, and kept where `SPANLAB_CACHE` says, or beside the reference."""
    need("cargo", "https://rustup.rs")
    with pytest.MonkeyPatch.context() as patch:
        kept = os.environ.get("SPANLAB_CACHE") or str(REFERENCE / "target" / "rust")
        patch.setenv("SPANLAB_CACHE", kept)
        yield
    assert list(Path(kept).glob("spanlab-rust/*/src/main.rs")) == []  # no program is left


@pytest.fixture(scope="module")
def lost() -> Trace:
    return rust(LOST.replace("reference::init()", "tracing_subscriber::fmt().init()"))


@pytest.fixture(scope="module")
def shapes() -> Trace:
    return rust(SHAPES)


def masked(text: str) -> str:
    """Hide the file, which is another one, and which of the workers it was."""
    return re.sub(r"ThreadId\((?!1\))\d+\)", "ThreadId(N)", re.sub(r"at \S+\.rs", "at", text))


def test_the_first_program_prints_what_the_crates_printed(lost: Trace) -> None:
    """Each line with its spans, its line in the source and its thread; tokio's own are in none."""
    printed = (REFERENCE / "logs" / "lost_parent.log").read_text(encoding="utf-8")
    assert masked(str(log(lost))).rstrip() == masked(printed).rstrip()
    assert [span.name for span in lost.spans.values()] == ["work", "sub_task"]
    assert [event.target for event in lost.events] == ["program"] * 4
    assert Trace.from_json(lost.to_json()).rows == lost.rows


def entries(text: str) -> list[str]:
    """Give the entries of a log, sorted: tasks on several threads race."""
    return sorted(masked(text).strip("\n").split("\n\n"))


@pytest.mark.parametrize("name", ["six_ways", "guard_exercise", "leaving", "mailer_carried"])
def test_other_programs_print_what_the_crates_printed(name: str) -> None:
    """Carried spans, held guards, threads and channels, at the level of a subscriber's default."""
    source = (REFERENCE / "src" / "bin" / f"{name}.rs").read_text(encoding="utf-8")
    trace = rust(source.replace("reference::init", "tracing_subscriber::fmt().init"), level="info")
    printed = (REFERENCE / "logs" / f"{name}.log").read_text(encoding="utf-8")
    assert entries(str(log(trace))) == entries(printed)


def test_every_view_shows_the_program_of_the_reader(lost: Trace) -> None:
    """The spawn is seen, so the lost parent is; its line is that of the Rust."""
    assert "sub_task on ThreadId" in graph(lost).alt
    assert "its task was spawned in work" in graph(lost).alt
    assert "spawns task 1" in lanes(lost).text
    assert "tasks.spawn(sub_task());" in step(lost).sent
    assert "carries" not in step(lost).sent  # no record says what a future carries
    assert "It brought" not in step(lost).sent
    story = str(why(lost, "performing task"))
    assert "line 18 spawns its task bare" in story
    assert "main.rs:18: tasks.spawn(sub_task());" in story
    assert "context" not in str(why(lost, "starting work"))  # nobody saw who entered `work`


def test_what_a_subscriber_sees_is_recorded(
    shapes: Trace, capfd: pytest.CaptureFixture[str]
) -> None:
    """Fields by kind, named parents, links, tasks and how they end, and what is printed."""
    spans = {span.name: span for span in shapes.spans.values()}
    assert spans["guilty"].fields == (
        ("n", 1), ("list", "[1]"), ("half", 0.5), ("on", True), ("text", "hi"),
    )  # fmt: skip
    assert spans["late"].parent is None
    assert spans["late"].explicit
    assert not spans["guilty"].explicit
    assert [record.fields for record in shapes.of(kind.SpanRecorded)] == [(("later", 3),)]
    (link,) = shapes.of(kind.SpanFollows)
    assert (link.span, link.follows) == (spans["late"].span, spans["before"].span)
    assert [task.to for task in shapes.tasks.values()] == [
        "spawn_local()", "spawn()", "spawn()", "spawn_blocking()",
    ]  # fmt: skip
    ends = {end.finished: (end.outcome, end.panic) for end in shapes.of(kind.TaskFinished)}
    assert ends == {
        0: ("ok", ""), 1: ("ok", ""), 2: ("panicked", "too much"), 3: ("cancelled", ""),
        4: ("ok", ""),
    }  # fmt: skip
    assert {poll.task for poll in shapes.of(kind.PollStarted)} == {0, 1, 2, 3, 4}
    assert {wake.woken for wake in shapes.of(kind.TaskWoken)} >= {1, 2}
    assert shapes.result == 'tracing_subscriber::fmt().init();"\n'


def test_a_guard_of_another_task_is_told(shapes: Trace) -> None:
    assert shapes.scope(shapes.events[0]) == ("guilty",)
    assert "task 1 kept the guard of `guilty`" in str(why(shapes, "innocent"))
    assert "line 0" not in str(why(shapes, "innocent"))


def test_a_body_is_a_program(capfd: pytest.CaptureFixture[str]) -> None:
    """Its first line is line 1, and it may await; a panic is printed as Rust prints it."""
    trace = rust('sleep(Duration::from_millis(1)).await;\ninfo!("hello");\npanic!("done");')
    assert [(event.message, event.line) for event in trace.events] == [("hello", 2)]
    assert trace.sources["src/main.rs"].startswith("sleep")
    assert re.search(r"panicked at src/main.rs:3:\d+:\ndone\n", capfd.readouterr().err)


def test_what_is_below_the_level_is_disabled() -> None:
    """Also for the program: a span that is disabled is the parent of nothing."""
    body = (
        'let span = debug_span!("low");\nlet _in = span.enter();\ninfo!("{}", span.is_disabled());'
    )
    every, some = rust(body), rust(body, level="info")
    assert [(*every.scope(e), e.message) for e in every.events] == [("low", "false")]
    assert [(*some.scope(e), e.message) for e in some.events] == [("true",)]


def test_what_the_compiler_says_is_told() -> None:
    said = r"(?s)needs a program that compiles.*error\[E0425\]: cannot find value `nothing`.*"
    with pytest.raises(UsageError, match=said + "--> src/main.rs:2:1.*Change the line"):
        rust("let a = 1;\nnothing;")


@pytest.mark.parametrize("body", ["std::future::pending::<()>().await", 'loop { info!("on") }'])
def test_a_program_that_does_not_end_is_ended(body: str) -> None:
    """By its time or by its records; what it did until then is there."""
    with pytest.raises(BudgetExceeded, match=r"Write: rust\(source, (seconds=20|most=5000)\)") as e:
        rust(f'info!("begun");\n{body}', seconds=2, most=500)
    trace = e.value.trace  # type: ignore[attr-defined]
    assert trace.events[0].message == "begun"
    assert len(trace) <= 500


def test_another_subscriber_is_refused() -> None:
    with pytest.raises(UsageError, match="rust\\(\\) sets the subscriber, and so does the program"):
        rust("let all = tracing_subscriber::registry();\n"
             "tracing::subscriber::set_global_default(all).unwrap();")  # fmt: skip


def test_a_build_that_takes_too_long_is_ended() -> None:
    with pytest.raises(BudgetExceeded, match=r"built within 0.01 seconds.*build=0.1"):
        rust('info!("hello");', build=0.01)


def test_without_cargo_there_is_a_line_that_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the playground, with the whole program."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(MissingPackage, match=r"needs cargo.*https://sh.rustup.rs \| sh") as error:
        rust('info!("hello & goodbye");')
    link = str(error.value).rpartition(" ")[2]
    assert link.startswith("https://play.rust-lang.org/?")
    (code,) = parse_qs(urlsplit(link).query)["code"]
    assert code.endswith('fmt().init(); info!("hello & goodbye");\n}')


def test_crates_that_cannot_be_had_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing fetched and no network it is no fault of the program."""
    monkeypatch.setenv("SPANLAB_CACHE", str(tmp_path))
    monkeypatch.setenv("CARGO_HOME", str(tmp_path))
    monkeypatch.setenv("CARGO_NET_OFFLINE", "true")
    with pytest.raises(MissingPackage, match=r"(?s)needs its crates.*error: .*playground: https"):
        rust('info!("hello");')


@pytest.mark.parametrize("source", ["", 3, None])
def test_what_is_no_program_is_refused(source: object) -> None:
    with pytest.raises(UsageError, match=r"needs the text of a program.*Write: rust\("):
        rust(source)


def test_a_cell_of_rust_is_a_trace() -> None:
    """`%%rust name` gives the trace its name too."""
    shell = start_ipython()
    shell.run_line_magic("load_ext", "spanlab.yours.rust")
    trace = shell.run_cell_magic("rust", "mine", 'info!("in a cell");')
    assert trace.events[0].message == "in a cell"
    assert shell.user_ns["mine"] is trace
