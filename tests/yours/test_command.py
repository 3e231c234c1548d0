"""The command line does what people expect of one."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sets import packed, unpacked

import spanlab
from spanlab.__main__ import DEMOS, main

ROOT = Path(__file__).parent.parent.parent
Printed = pytest.CaptureFixture[str]
LOST = packed("suspects/aquarium_641.full.log")[""].decode()  # one place of it lost its span
RECORDED = ROOT / "tests/reference/logs/service.log"  # what lesson 00 opens with
NOTHING = "No place in 1 file starts work elsewhere, or holds or keeps a span."
CLEAN = "2026-11-27T01:00:00.000000Z  INFO request{id=1}: app: hello\n"


def started(*arguments: str, **given: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "spanlab", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, text=True, env=environment, **(pipes | given))  # type: ignore[call-overload]


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    return unpacked("public/receipt_mailer", tmp_path)


@pytest.mark.parametrize("name", ["-", "app.log", "app.log.gz"])
def test_a_log_is_shown_as_a_tree_with_its_suspects(tmp_path: Path, name: str) -> None:
    """From a file, a packed one, or standard input; something found is exit code 1."""
    (tmp_path / "app.log").write_text(LOST)
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(LOST.encode()))
    with started("log", name, cwd=tmp_path) as process:
        out, err = process.communicate(LOST if name == "-" else None)
    assert (process.returncode, err) == (1, "")
    assert "├── " in out
    assert "probably lost" in out
    assert "This log does not show" in out
    assert "\x1b" not in out
    given = "" if name == "-" else f" --log {name}"
    assert f"\n→ spanlab audit SRC{given}: " in out


def test_nothing_suspicious_is_exit_code_0(tmp_path: Path, capsys: Printed) -> None:
    """As for a linter."""
    (tmp_path / "app.log").write_text(CLEAN)
    assert main(["log", str(tmp_path / "app.log")]) == 0
    assert "Nothing is suspicious." in capsys.readouterr().out


def test_json_is_for_programs(crate: Path, tmp_path: Path, capsys: Printed) -> None:
    """All that is shown is in it."""
    (tmp_path / "app.log").write_text(LOST)
    main(["log", "--json", str(tmp_path / "app.log")])
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == "full"
    first = spanlab.suspects(spanlab.read_log(LOST))[0]
    assert told["suspects"][0]["message"] == first.place[1]
    assert told["suspects"][0]["lines"] == list(first.lines)
    line = LOST.splitlines()[told["suspects"][0]["file_line"] - 1]
    assert line.startswith(told["suspects"][0]["time"])
    assert first.place[1].split("#")[0] in line
    assert told["tree"][0]["name"]
    assert main(["audit", "--json", str(crate)]) == 1
    (one,) = json.loads(capsys.readouterr().out)["findings"]
    assert (one["kind"], one["line"], one["fits"]) == ("spawn", 48, "child")
    assert one["ways"]["child"]["write"].strip() == "}.in_current_span());"


def test_a_patch_can_be_applied(crate: Path, capsys: Printed) -> None:
    """What `--patch` prints is what `patch` takes; then nothing is found any more."""
    assert main(["audit", "--patch", str(crate)]) == 1
    text = capsys.readouterr().out
    subprocess.run(["patch", "-p0", "-d", "/"], input=text, text=True, check=True, timeout=60)
    assert main(["audit", str(crate)]) == 0


def test_a_log_and_the_source_are_joined(crate: Path, tmp_path: Path) -> None:
    """`audit --log` reads both."""
    (tmp_path / "app.log").write_text(CLEAN)
    assert main(["audit", "--log", str(tmp_path / "app.log"), "--no-color", str(crate)]) == 1


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_shows_its_log_its_tree_and_why(name: str, capsys: Printed) -> None:
    """And the same program in Rust."""
    assert main(["demo", name]) == 0
    out = capsys.readouterr().out
    assert out.count("performing task") >= 3
    assert main(["demo", "--rust", name]) == 0
    assert "async fn main()" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["log", "no.log"], "no such file: no.log. Type: spanlab log app.log"),
        (["log", "."], "a log was expected in '.', got: "),
        (["audit", "no"], "no such file or folder: no. Type: spanlab audit src"),
        (["audit", __file__], "audit() needs a file of Rust, got 'test_command.py'"),
        (["audit", "--log", "no.log", str(ROOT)], "no such file: no.log."),
        (["log", __file__], f"{__file__}: no line of this file is a log of tracing_subscriber ("),
        (["log", os.devnull], f"{os.devnull}: there is no line in it"),
        (["log", str(RECORDED), "--matching", "zzz"], f"{RECORDED}: nothing matches 'zzz'"),
        *(
            (["log", str(RECORDED), f"--{kind}", f"no/o.{end}"], f"no/o.{end}: No such file or dir")
            for kind, end in {"graph": "svg", "html": "html", "perfetto": "", "otlp": "x"}.items()
        ),
    ],
)
def test_a_wrong_file_is_exit_code_2(arguments: list[str], said: str, capsys: Printed) -> None:
    """One line on standard error, no traceback, and nothing of Python."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert "Write:" not in err
    assert out == ""
    assert err.startswith(f"spanlab: {said}")
    assert err.count("\n") == 1


def test_too_little_is_not_called_free_of_suspicion(capsys: Printed) -> None:
    """Two orders are too few to tell whether their mails lost a span: no alarm, no all-clear."""
    assert main(["log", str(RECORDED)]) == 0
    out = capsys.readouterr().out
    assert "\n2 lines are in no span: ③ ④. Too little to tell whether they lost one (3 or" in out
    assert "Nothing is suspicious" not in out
    main(["log", "--json", str(RECORDED)])
    assert json.loads(capsys.readouterr().out)["note"].startswith("2 lines are in no span")


def test_it_says_how_much_was_not_understood(tmp_path: Path, capsys: Printed) -> None:
    """Also beside lines that were."""
    (tmp_path / "app.log").write_text(f"Starting\n{CLEAN}Stopped\n")
    assert main(["log", str(tmp_path / "app.log")]) == 0
    assert "2 lines not understood." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (CLEAN, 2, "main.rs:1 does not parse as Rust."),
        ("fn a() {}\nfn main( {\n", 2, "main.rs:2 does not parse as Rust."),
        (
            "fn main() {}\n",
            0,
            NOTHING,
        ),
    ],
)
def test_source_in_which_nothing_was_looked_at(
    text: str, code: int, said: str, tmp_path: Path, capsys: Printed
) -> None:
    """It says why, and does not say that nothing is suspicious."""
    (tmp_path / "main.rs").write_text(text)
    assert main(["audit", str(tmp_path / "main.rs")]) == code
    assert capsys.readouterr().out.endswith(f"{said}\n")


def test_one_file_of_many_that_does_not_parse_is_named(crate: Path, capsys: Printed) -> None:
    """And the others are looked at."""
    (crate / "src/more.rs").write_text("fn main( {\n")
    assert main(["audit", str(crate)]) == 1
    assert "more.rs:1 does not parse as Rust." in capsys.readouterr().out
    assert main(["audit", "--json", str(crate)]) == 1
    assert json.loads(capsys.readouterr().out)["unparsed"] == [f"{crate / 'src/more.rs'}:1"]


@pytest.mark.parametrize(
    "arguments", [[], ["log", "a", "--last", "0"], ["nothing"], ["demo", "nothing"], ["log"]]
)
def test_a_wrong_call_says_how(arguments: list[str], capsys: Printed) -> None:
    """Exit code 2 and the usage."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("usage: spanlab")


@pytest.mark.parametrize("arguments", [["--help"], ["log", "--help"], ["audit", "--help"]])
def test_help_is_help(arguments: list[str], capsys: Printed) -> None:
    """On standard output, with exit code 0."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("usage: spanlab")


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    """As `spanlab log app.log | head -1` does."""
    lines = (f"2026-11-27T01:00:00Z  INFO s{{n={n}}}: app: line {n}\n" for n in range(3000))
    (tmp_path / "app.log").write_text("".join(lines))
    with started("log", "--json", str(tmp_path / "app.log")) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == ""


def test_a_log_behind_a_pipe_lives() -> None:
    """Lines are shown as they come, a suspect as soon as it is probable, the rest at the end."""
    with started("log", "-") as process:
        assert process.stdin
        assert process.stdout
        for line in LOST.splitlines(keepends=True):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line  # before anything of it is judged
        told = iter(process.stdout.readline, "")
        first = spanlab.suspects(spanlab.read_log(LOST))[0]
        assert next(told) == f"▲ {str(first).partition(' (')[0]}\n"
        process.stdin.close()
        rest = [*told]
        assert process.wait(60) == 1
    assert not any(line in LOST for line in rest)
    assert sum(line.startswith(str(first)[:20]) for line in rest) == 1
    assert "├── " in "".join(rest)


def test_control_c_ends_it_quietly() -> None:
    """Of a log behind a pipe what came until then is shown."""
    with started("log", "-") as process:
        assert process.stderr
        assert process.stdin
        assert process.stdout
        process.stdin.write(CLEAN)
        process.stdin.flush()
        assert process.stdout.readline() == CLEAN
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == ""
        assert process.stdout.read().startswith("request\n└── ① hello\n")


def test_a_trace_is_played(tmp_path: Path, capsys: Printed) -> None:
    """A log, or a saved trace: each event with its spans, and the stack that its thread had."""
    main(["demo", "--json", "lost-parent"])
    (tmp_path / "trace.json").write_text(capsys.readouterr().out)
    assert main(["replay", str(tmp_path / "trace.json")]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.partition("main  ")[2] for row in rows[:2]] == [
        "① in main  in no span", "② starting work  work",
    ]  # fmt: skip
    assert rows[-1].endswith("④ performing task  sub_task  ← lost work")
    (tmp_path / "app.log").write_text(LOST)
    main(["replay", "--json", str(tmp_path / "app.log")])
    told = [one for one in json.loads(capsys.readouterr().out) if one["event"]]
    trace = spanlab.read_log(LOST)
    assert [one["spans"] for one in told] == [[*trace.scope(e)][::-1] for e in trace.events]
    assert [len(one["stack"]) for one in told] == [len(one["spans"]) for one in told]
    assert main(["replay", str(tmp_path / "no.log")]) == 2


def test_a_trace_is_played_at_its_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal it waits as long as the log did, but for a second at most."""
    waits: list[float] = []
    monkeypatch.setattr("spanlab.yours.show.sleep", waits.append)
    (tmp_path / "app.log").write_text(CLEAN + CLEAN.replace("01:00:00.0", "01:00:00.5") +
                                      CLEAN.replace("01:00", "02:00"))  # fmt: skip
    main(["replay", "--color", "--speed", "2", str(tmp_path / "app.log")])
    assert [wait for wait in waits if wait] == [0.05, 0.25, 0.5]


def test_a_log_is_a_page(tmp_path: Path, capsys: Printed) -> None:
    """With its suspects, of which the first is among the steps, and nothing from elsewhere."""
    (tmp_path / "app.log").write_text(CLEAN * 3000 + LOST)
    main(["log", str(tmp_path / "app.log"), "--html", str(tmp_path / "out.html")])
    told = capsys.readouterr().out
    page = (tmp_path / "out.html").read_text()
    above, _, live = page.partition('<div id="live">')
    first = spanlab.suspects(spanlab.read_log(CLEAN * 3000 + LOST))[0]
    assert str(first) in told
    assert str(first.file_line) in above
    assert first.place[1].removeprefix("#: ") in live
    assert "<script src" not in page
    assert main(["log", str(tmp_path / "app.log"), "--html", str(tmp_path / "out.svg")]) == 2
