"""Rust above Python: a line and its twin say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from reference.programs import ARTICLE, Main
from stepping import steps_of

from spanlab import Trace, UsageError, VirtualThreads, run, step
from spanlab.record import TaskSpawned

BIN = Path(__file__).parents[1] / "reference" / "src" / "bin"


@pytest.mark.parametrize("program", ARTICLE, ids=lambda program: program.__name__)
def test_each_event_and_spawn_of_the_article_has_its_twin(program: Callable[[], Main]) -> None:
    """The Rust line that is marked has the message, or spawns; the future is made by `async`."""
    rust = (BIN / f"{program.__name__}.rs").read_text(encoding="utf-8")
    trace, lines = run(program()(), on=VirtualThreads(16)), rust.splitlines()
    data = json.loads(step(trace, rust=rust).sent)
    twins = dict(data["rust"]["pairs"])
    assert [line for _, line in data["rust"]["lines"]] == lines
    for event in trace.events:
        assert f'"{event.message}"' in lines[twins[event.line] - 1]
    for spawn in trace.of(TaskSpawned):
        assert "spawn(" in lines[twins[spawn.line] - 1]
        file, line = trace.seen(spawn.index).made or ("", 0)
        assert "async {" in lines[twins[line] - 1], (file, line)
    assert data["rust"]["file"] == data["rows"][steps_of(data)[trace.events[0].index]][3]


def test_a_line_without_a_twin_has_none() -> None:
    """Another program's Rust pairs what it shares, and nothing else."""
    trace = run(ARTICLE[0]()(), on=VirtualThreads(16))
    data = json.loads(step(trace, rust='fn other() {\n    info!("elsewhere");\n}').sent)
    assert data["rust"]["pairs"] == []


def test_without_rust_there_is_python_alone() -> None:
    assert json.loads(step(Trace()).sent)["rust"] is None


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(UsageError, match=r"rust is the text of a program.*read_text\(\)"):
        step(Trace(), rust=BIN)  # type: ignore[arg-type]
