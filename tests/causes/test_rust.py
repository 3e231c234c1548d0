"""Where the Rust of a program is known, line, key and change are shown in it, first."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pitfalls
import pytest

from spanlab import Cause, CurrentThread, UsageError, VirtualThreads, info, recording, run, why
from spanlab.lesson.board import LAST, playground
from spanlab.lesson.program import Choices, main_of, program

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE / "lesson" / "playground"))
import record  # noqa: E402

ANSWERS = record.answers()
CHANGED = [choices for choices, (_, answer) in ANSWERS.items() if answer.rust]


@pytest.mark.parametrize("choices", CHANGED, ids=" | ".join)
def test_the_changed_rust_prints_what_was_promised(choices: tuple[str, ...]) -> None:
    """Each change was made in the Rust, which the crates ran: `logs.json` has what they printed."""
    _, answer = ANSWERS[choices]
    printed = record.recorded()[" | ".join(choices) + record.CHANGED]
    last = printed[printed.index(LAST) :].splitlines()[1:]
    spans = [line.split()[1] for line in last if line.startswith("    in ")]
    assert tuple(spans) == answer.tree


def test_every_change_to_the_python_of_the_playground_has_its_rust() -> None:
    """But for those that are proposed of a program with a fix in it already."""
    proposed = {choices for choices, (_, answer) in ANSWERS.items() if answer.fixes}
    assert proposed == set(CHANGED)
    assert len(CHANGED) > 40


def test_what_the_rust_is_told_of_is_what_the_panel_marks() -> None:
    """The line that decides, in both languages, and the change, Rust first."""
    shown = playground("plain", "spawn", "none")
    state = shown._state()
    keys = {title: ("".join(parts).splitlines()[at - 1].strip(), at)
            for title, parts, at in state["sources"]}  # fmt: skip
    assert keys["Rust"][0] == "tokio::spawn(sub_task()).await.unwrap();"
    assert keys["Python"][0] == "await spawn(sub_task())"
    change = state["said"][1]
    assert change.index(".in_current_span()") < change.index("in_current_span(sub_task())")


def test_the_rust_stands_above_the_python_in_text_and_page() -> None:
    """Each line, the arrow beside the Rust one, and the change with what it needs."""
    rust = program(Choices("plain", "spawn", "none"))["Rust"]
    trace = run(main_of("plain", "spawn", "none")(), on=VirtualThreads(1), level="info")
    answer, plain = why(trace, LAST, rust=rust), why(trace, LAST)
    text, page = str(answer), answer._repr_mimebundle_()["text/html"]
    key = re.search(r'<li class="key">.*?</li>', page)
    assert key
    rust_line, _, python_line = key[0].partition("◀ this decides")
    assert "tokio::spawn(" in rust_line
    assert "await spawn(sub_task())</span>" in python_line
    assert text.index("tokio::spawn(") < text.index(": await spawn(sub_task())")
    for told in text, page:
        assert told.index("use tracing::Instrument;") < told.rindex("in_current_span(sub_task())")
    assert (plain.rust, {step.rust for step in plain.steps}) == ((), {("", 0)})
    assert "Rust" not in str(plain)
    assert answer.fixes == plain.fixes


@pytest.mark.parametrize(
    ("name", "decides", "change"),
    [
        ("spawned", "tokio::spawn(sub_task())", "tokio::spawn(sub_task().in_current_span())"),
        ("join_set", "tasks.spawn(sub_task());", "tasks.spawn(sub_task().in_current_span());"),
        (
            "stream_body",
            "#[instrument]",
            "Instrument::instrument(body(), tracing::Span::current())",
        ),
        ("disabled_span", 'let span = debug_span!("task");', ""),
    ],
)
def test_the_rust_of_a_pitfall_is_told(name: str, decides: str, change: str) -> None:
    """Wherever its functions stand; a change that wraps nothing is written in Python alone."""
    rust = (HERE / "reference" / "src" / "bin" / f"pitfall_{name}.rs").read_text(encoding="utf-8")
    trace = run(getattr(pitfalls, name)(), on=CurrentThread(), level="info")
    answer = why(trace, len(trace.events), rust=rust)
    (key,) = [step for step in answer.steps if step.key]
    assert decides in key.rust[0]
    assert key.rust[0] == rust.splitlines()[key.rust[1] - 1].strip()
    changed = "".join(fix.apply(rust) for fix in answer.rust[:1])
    assert changed.count(change) == bool(change) or not change
    assert bool(answer.rust) == bool(change)


def test_another_program_has_no_twin() -> None:
    """Nothing is shown beside what says something else."""
    trace = run(main_of("plain", "spawn", "none")(), on=VirtualThreads(1), level="info")
    answer = why(trace, LAST, rust='fn other() {\n    info!("elsewhere");\n}')
    assert (answer.cause, answer.rust) == (Cause.SPAWNED_BARE, ())
    assert {step.rust for step in answer.steps} == {("", 0)}


def test_what_is_no_text_is_refused() -> None:
    with recording() as trace:
        info("seen")
    with pytest.raises(UsageError, match=r"rust is the text of a program.*read_text\(\)"):
        why(trace, "seen", rust=HERE)  # type: ignore[arg-type]
