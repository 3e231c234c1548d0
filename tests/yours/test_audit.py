"""`audit` finds what loses a span in the crates of a set, and nothing in those that are right.

`audit.tar.xz` holds small crates: `public`, half of them with one planted fault, and `others`, in
another style. Each has the truth beside it: where the fault is, and in which of the lines that it
prints the span is missing, or foreign.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_rust
from conftest import need
from sets import packed, unpacked

from spanlab import UsageError, audit, prove, read_log

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
UNPROVED = {"others/chatlog"}  # its `main` sends too, and the repair gives messages another type
WAYS = {"child", "linked", "root", "nothing"}


@pytest.fixture(scope="session")
def crates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked("", tmp_path_factory.mktemp("crates"))


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crates once more, to be repaired."""
    return unpacked("", tmp_path_factory.mktemp("workshop"))


FILES = packed("", "audit.tar.xz").items()
TRUTHS: dict[str, dict[str, Any]] = {
    name.removesuffix("/truth.json"): json.loads(text)
    for name, text in FILES
    if name.endswith("truth.json")
}
FAULTY = [name for name, truth in TRUTHS.items() if truth.get("fault")]


def test_the_set_is_whole() -> None:
    """Twelve of twenty-four have a fault in `public`, twenty-one of forty-one in `others`."""
    assert len([name for name in TRUTHS if name.startswith("public")]) == 24
    assert len([name for name in FAULTY if name.startswith("public")]) == 12
    assert (len(TRUTHS), len(FAULTY)) == (65, 33)


@pytest.mark.parametrize("name", FAULTY)
def test_a_planted_fault_comes_first(crates: Path, name: str) -> None:
    """At its line, of its kind, with the way that fits and the line to write."""
    truth, first = TRUTHS[name], audit(crates / name)[0]
    right = [(truth["file"], truth["line"]), *map(tuple, truth["also_right"])]
    assert (str(first.file.relative_to(crates / name)), first.line) in right
    assert (first.kind, first.fits) == (truth["fault"], truth["repair"])
    assert {way.kind for way in first.ways} >= WAYS
    assert all(way.does for way in first.ways)
    assert first.way.line
    assert first.why


@pytest.mark.parametrize("name", sorted(TRUTHS.keys() - FAULTY))
def test_what_is_right_raises_no_alarm(crates: Path, name: str) -> None:
    """Carried, a guard dropped in time, nothing that logs, no span to lose: all are silent."""
    found = audit(crates / name)
    assert not found, str(found)
    assert found.looked


def test_no_file_is_changed(crates: Path) -> None:
    """Neither by looking nor by showing what to write."""
    files = {path: path.read_bytes() for path in crates.rglob("*.rs")}
    for one in audit(crates):
        assert [way.patch for way in one.ways]
    assert {path: path.read_bytes() for path in crates.rglob("*.rs")} == files


def cargo(crates: Path, *command: str) -> subprocess.CompletedProcess[str]:
    built = {"CARGO_TARGET_DIR": str(crates / "built")}
    environment = built | os.environ | {"RUST_LOG": "debug", "NO_COLOR": "1"}
    return subprocess.run(
        ["cargo", *command], cwd=crates, env=environment, capture_output=True, text=True,
        timeout=600,
    )  # fmt: skip


def runs(crates: Path, name: str) -> list[bool]:
    """Build and run a crate: whether each line with the message stands in the span."""
    done = cargo(crates, "run", "--quiet", "--package", Path(name).name)
    assert done.returncode == 0, done.stderr
    message, span = (TRUTHS[name]["check"][key] for key in ("message", "span"))
    lines = (line.partition(message) for line in done.stdout.splitlines())
    shown = re.compile(rf"(?:^|[\s:]){span}[{{:]")
    return [bool(shown.search(before)) for before, found, _ in lines if found]


def proves(crates: Path, name: str, proof: str) -> bool:
    """Paste a test at the end of `main.rs`, and tell whether it passes; it must compile."""
    main = crates / name / "src/main.rs"
    text = main.read_text(encoding="utf-8")
    main.write_text(text + proof, encoding="utf-8")
    done = cargo(crates, "test", "--quiet", "--package", Path(name).name)
    main.write_text(text, encoding="utf-8")
    assert "could not compile" not in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.soak  # builds 33 crates four times
@pytest.mark.parametrize("name", FAULTY)
def test_the_repair_turns_the_check_round(workshop: Path, name: str) -> None:
    """What each finding says to write is written, built and run: the lines stand right then.

    And the test that proves the finding fails before, and passes after.
    """
    need("cargo", "install Rust")
    is_lost = TRUTHS[name]["check"]["running_shows"] == "absent"
    before = runs(workshop, name)
    assert before
    assert not all(before) if is_lost else any(before)
    proof = prove(audit(workshop / name)[0]) if name not in UNPROVED else ""
    assert not proof or not proves(workshop, name, proof)
    while found := audit(workshop / name):
        for path, text in found[0].way.repaired().items():
            path.write_text(text, encoding="utf-8")
    after = runs(workshop, name)
    assert after
    assert all(after) if is_lost else not any(after)
    assert not proof or proves(workshop, name, proof)


def test_a_proof_is_rust(crates: Path) -> None:
    """Every kind has one; tree-sitter finds no error in it, and the test is named by the line."""
    kinds = set()
    for name in sorted(FAULTY):
        found = audit(crates / name)[0]
        kinds.add(found.kind)
        text = prove(found)
        assert not PARSER.parse(text.encode()).root_node.has_error, text
        assert f"fn line_{found.line}_of_{found.fn}()" in text
    assert len(kinds) == 12


def test_what_has_no_main_is_proved_by_a_call(crates: Path, tmp_path: Path) -> None:
    """A library has nothing to run by itself: the error says what to write."""
    text = (crates / "public/receipt_mailer/src/main.rs").read_text(encoding="utf-8")
    (tmp_path / "lib.rs").write_text(text.replace("async fn main()", "async fn other()"))
    found = audit(tmp_path)[0]
    with pytest.raises(UsageError, match=r"Write: prove\(finding, \"checkout\(…\)\.await\"\)"):
        prove(found)
    assert "checkout(shop, 1, vec![]).await;" in prove(found, "checkout(shop, 1, vec![]).await")


def test_a_log_says_so_too(crates: Path) -> None:
    """With a log at hand, the finding whose lines are suspects there says so and comes first."""
    rows = [f"order{{order={n}}}: shop: accepted" for n in range(6)]
    rows += [f"shop: confirmation queued waiting={n}" for n in range(6)]
    lines = [f"2026-11-27T01:00:{at:02}.000000Z  INFO {row}\n" for at, row in enumerate(rows)]
    alone = audit(crates / "public/receipt_mailer")[0]
    joined = audit(crates / "public/receipt_mailer", read_log("".join(lines)))[0]
    assert joined.messages == alone.messages == ("confirmation queued",)
    assert joined.score >= alone.score


def test_a_repository_is_read_in_time(crates: Path) -> None:
    """All takes at most six times what tree-sitter alone takes to parse the same files."""
    files = [path.read_bytes() for path in crates.rglob("*.rs")]
    times: list[tuple[float, float]] = []
    for _ in range(5):
        begun = time.process_time()
        for text in files:
            PARSER.parse(text)
        parsed = time.process_time()
        audit(crates)
        times.append((parsed - begun, time.process_time() - parsed))
    assert min(took for _, took in times) < 6 * min(peer for peer, _ in times)


def test_what_has_no_rust_is_refused(tmp_path: Path) -> None:
    """An error in three parts."""
    with pytest.raises(UsageError, match="audit\\(\\) needs Rust source, none is in"):
        audit(tmp_path)
    with pytest.raises(UsageError, match="audit\\(\\) needs a file or a folder of Rust, got 'no'"):
        audit("no")
    with pytest.raises(UsageError, match=r"prove\(\) needs a finding, got 5\. Write: prove"):
        prove(5)  # type: ignore[arg-type]


def test_a_span_is_named_after_what_the_crate_runs(tmp_path: Path) -> None:
    """Not after a call of another crate: else after the function."""
    source = """
    #[instrument]
    async fn order() {
        tokio::spawn(async { tokio::time::sleep(Duration::from_millis(3)).await; CALL });
    }
    async fn mail() { info!("sent"); }
    """
    for call, name in (('info!("sent")', "order"), ("mail().await", "mail")):
        (tmp_path / "main.rs").write_text(source.replace("CALL", call))
        (found,) = audit(tmp_path)
        ways = {way.kind: way.line for way in found.ways}
        assert f'parent: None, "{name}"' in ways["linked"]
        assert f'parent: None, "{name}"' in ways["root"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("#[instrument] async fn a(&self) { self.jobs.spawn(b()); } struct J { jobs: TaskTracker }",
         "spawn"),
        ("#[instrument] async fn a(jobs: &mut JoinSet<()>) { jobs.spawn(b()); }", "joinset"),
        ("async fn a() { tokio::spawn(b()); } fn main() { a().instrument(info_span!(\"s\")); }",
         "spawn"),
        ("async fn a() { tokio::spawn(b()); } fn main() { a().await; }", ""),
        ("fn a() -> BoxFuture<()> { let s = info_span!(\"s\").entered(); "
         "let f = async { b().await }; let f = Box::pin(f); f }", "future_block_uncovered"),
        ("fn a() -> BoxFuture<()> { let s = info_span!(\"s\").entered(); "
         "let f = async { b().await }; Box::pin(Instrument::in_current_span(f)) }", ""),
        ("struct A { tx: Sender<Msg> } enum Msg { Tell(oneshot::Sender<u8>) }"
         "struct B { rx: Receiver<Msg> } fn open() { let (tx, rx) = channel(8); A { tx } }"
         "#[instrument] async fn a(a: A, m: Msg) { a.tx.send(m).await; }"
         "impl B { async fn run(self) { while let Some(m) = self.rx.recv().await { b().await } } }",
         "message"),
    ],
)  # fmt: skip
def test_who_has_a_span_and_what_is_given_one(tmp_path: Path, source: str, kind: str) -> None:
    """By a caller, by a call of the trait, by the type of what spawns, or of a channel's end."""
    (tmp_path / "main.rs").write_text(f'{source} async fn b() {{ info!("b"); }}')
    assert [found.kind for found in audit(tmp_path)] == [kind] * bool(kind)


@pytest.mark.parametrize(
    "text",
    [
        "", "fn", "fn a( {", "}}}}", "fn f() { tokio::spawn(", "x!(((", "é", "{" * 20_000,
        "#[instrument] fn f() { tokio::spawn(a" + ".b()" * 5_000 + "); }",
        "#[instrument] fn f() { tokio::spawn(" + "(" * 5_000,
        "async fn f() { let g = s.enter(); " + "if a {} else " * 5_000 + "{ b.await } }",
        "fn f() { " + "select! { _ = a => " * 300,
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_rust_is_read_all_the_same(tmp_path: Path, text: str) -> None:
    """Broken source is no error: half of a file is read as far as it goes."""
    (tmp_path / "main.rs").write_text(text, encoding="utf-8")
    assert audit(tmp_path) == ()
