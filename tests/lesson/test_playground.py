"""Every program of the playground prints what the real crates print, and the panel keeps up."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import threading
import time
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice, pairwise, product
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
from conftest import need
from nbclient import NotebookClient
from soak import often

import spanlab.lesson.card
from spanlab import UsageError, log, run
from spanlab.lesson.board import LAST, playground
from spanlab.lesson.program import OPTIONS, Choices, main_of, program


def load() -> ModuleType:
    """Import the script that records what the real crates print."""
    path = Path(__file__).parent / "playground" / "record.py"
    spec = spec_from_file_location("playground_record", path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


record = load()
PROGRAMS = list(product(OPTIONS["maker"], OPTIONS["spawner"], OPTIONS["fix"]))
PLACES = [
    ("CurrentThread", 16, "default"),
    *product(["VirtualThreads"], OPTIONS["workers"], OPTIONS["schedule"]),
    *product(["OsThreads"], OPTIONS["workers"], ["default"]),
]
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "playground.ipynb"


# ---------------------------------------------------------------- the truth


def test_the_recorded_logs_are_what_the_real_crates_print() -> None:
    """Each combination compiles without a warning, runs, and prints what is kept of it."""
    need("cargo", "install Rust")
    every, kept = record.programs(), record.recorded()
    assert every.keys() == kept.keys()
    some = dict(islice(every.items(), None, None, often(5, 1)))
    assert record.printed(some).items() <= kept.items()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place)))
def test_every_program_prints_what_the_real_crates_print(place: tuple[str, int, str]) -> None:
    """On any runtime, any workers and any schedule: the same lines and spans, in order."""
    logs = record.recorded()
    crate = "CurrentThread" if place[0] == "CurrentThread" else "VirtualThreads"
    for maker, spawner, fix in PROGRAMS:
        chosen = Choices(maker, spawner, fix, *place)
        trace = run(main_of(maker, spawner, fix)(), on=chosen.make_runtime(), level="info")
        wanted = logs[" | ".join((maker, spawner, fix, crate))]
        assert record.masked(str(log(trace))) == wanted, (maker, spawner, fix)


def test_the_python_that_is_shown_prints_the_same(tmp_path: Path) -> None:
    """Copied into a file and run on its own, each program prints what the panel shows."""
    for number, (maker, spawner, fix) in enumerate(PROGRAMS):
        path = tmp_path / f"p{number}.py"
        path.write_text(program(Choices(maker, spawner, fix))["Python"], encoding="utf-8")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            runpy.run_path(str(path))
        wanted = record.recorded()[f"{maker} | {spawner} | {fix} | VirtualThreads"]
        assert record.masked(out.getvalue()) == wanted + "\n", (maker, spawner, fix)


def test_every_combination_is_another_program() -> None:
    """No two choices give the same Rust, or the same Python."""
    texts = [program(Choices(*choices)) for choices in record.COMBINATIONS]
    assert len({text["Rust"] for text in texts}) == len({text["Python"] for text in texts}) == 200


def test_the_programs_have_no_word_left_to_fill_in() -> None:
    """What stands in capitals in the texts was replaced, in every combination."""
    for choices in record.COMBINATIONS:
        for text in program(Choices(*choices)).values():
            capitals = {word for word in text.split() if word.isalpha() and word.isupper()}
            assert not capitals, (choices, capitals)


# ---------------------------------------------------------------- the panel


def labels(chosen: Choices) -> dict[str, str]:
    return {name: str(value) for name, value in vars(chosen).items()}


def test_each_choice_is_answered() -> None:
    """Program, run, log, graph and reason of every combination, as the page asks for them."""
    board = playground()
    board._repr_mimebundle_()
    times = []
    for number, choices in enumerate(record.COMBINATIONS):
        picked = dict(zip(("maker", "spawner", "fix", "runtime"), choices, strict=True))
        start = time.perf_counter()
        board.card.widget.said = {"turn": str(number), "picked": picked}
        times.append(time.perf_counter() - start)
        state = board.card.widget.state
        assert (state["turn"], state["error"]) == (str(number), "")
        assert state["picked"] == board.picked == labels(Choices(**picked))
    print(f"answers: {sum(times) / len(times):.3f} s on average, {max(times):.3f} s at most")


def test_everything_on_the_panel_is_of_one_run() -> None:
    """Programs, log, graph and headline belong to what is picked, whatever came before."""
    board = playground()
    for choices in record.COMBINATIONS[::7]:
        board.pick(**dict(zip(("maker", "spawner", "fix", "runtime"), choices, strict=True)))
        state, wanted = board._state(), program(Choices(*choices))
        shown = {title: "".join(parts) for title, parts, _ in state["sources"]}
        assert shown == wanted
        last = board.trace.events[-1]
        assert board.reason.event == last
        assert last.message == LAST
        assert state["said"][0] == board.reason.sentence
        assert state["graph"]["alt"] == spanlab.graph(board.trace).alt
        assert [row["thread"] for row in state["log"]] == [
            f"ThreadId({event.thread})" for event in board.trace.events
        ]


def test_share_brings_back_what_is_chosen() -> None:
    """The call that is shown makes the same panel; what has no effect is left out."""
    for choices in product(OPTIONS["runtime"], OPTIONS["workers"], OPTIONS["schedule"]):
        board = playground("plain", "thread", "or_current", *choices)
        again = eval(board.share(), {"playground": playground})
        assert repr(again.chosen.make_runtime()) == repr(board.chosen.make_runtime())
        assert again.program == board.program
    assert "workers" not in playground(runtime="CurrentThread", workers=2).share()


def test_a_choice_that_there_is_not_is_refused_with_the_list() -> None:
    """Nothing from outside gets into a program: choices come from fixed lists."""
    wrong: list[dict[str, Any]] = [
        {"maker": "tail"}, {"maker": ["plain"]}, {"spawner": "spawn(x)"}, {"fix": None},
        {"workers": True}, {"workers": 3}, {"workers": "16)"}, {"runtime": "AsyncioLoop"},
        {"schedule": "Replay('0'); x"}, {"schedule": "Seeded(-1)"}, {"schedule": 7},
    ]  # fmt: skip
    for choices in wrong:
        (name,) = choices
        with pytest.raises(UsageError, match=f"the choices of '{name}' are "):
            playground(**choices)
    with pytest.raises(UsageError, match="the controls are 'maker', "):
        playground().pick(colour="red")


def test_what_a_page_says_wrongly_changes_nothing() -> None:
    """The page gets an answer with the reason, and what was chosen stays."""
    board = playground(maker="plain")
    board._repr_mimebundle_()
    for number, said in enumerate([{"maker": "x"}, {"y": 1}, ["plain"], None, 7]):
        board.card.widget.said = {"turn": f"t{number}", "picked": said}
        state = board.card.widget.state
        assert state["turn"] == f"t{number}"
        assert state["error"]
        assert state["picked"] == labels(Choices("plain"))
    board.card.widget.said = {}
    assert board.card.widget.state["picked"]["maker"] == "plain"


def test_what_cannot_be_chosen_says_why() -> None:
    """Workers and schedule are off where they mean nothing, and a closure is explained."""
    assert set(Choices(runtime="CurrentThread").off()) == {"workers", "schedule"}
    assert set(Choices(runtime="OsThreads").off()) == {"schedule"}
    assert not Choices().off()
    assert "closure" in Choices(spawner="thread").notes()[0]
    assert "async fn becomes fn" in Choices("async fn", "spawn_blocking").notes()[0]
    assert "in span.in_scope" in Choices(spawner="thread", fix="instrument").notes()[1]
    assert "the current span takes its place" in Choices(fix="or_current").notes()[0]
    assert not Choices().notes()


def test_the_source_is_there_for_every_view() -> None:
    """Each record's line is found in the program that ran, as `step` and `why` look for it."""
    for choices in PROGRAMS:
        trace = run(main_of(*choices)())
        for event in trace.events:
            line = trace.sources[event.file].splitlines()[event.line - 1]
            assert f'info("{event.message}")' in line


def test_real_threads_leave_nothing_behind() -> None:
    """After a choice of `OsThreads` no thread of it is left."""
    before = threading.active_count()
    board = playground(runtime="OsThreads", workers=4)
    for spawner in OPTIONS["spawner"]:
        board.pick(spawner=spawner)
    assert threading.active_count() <= before


def test_without_widgets_the_panel_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Program, log, graph and reason are there, and the line that installs the rest."""

    def missing(*_: Any) -> Any:
        raise spanlab.MissingPackage("pip install anywidget")

    monkeypatch.setattr(spanlab.lesson.card, "wire", missing)
    shown = playground()._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html"}
    for part in ("tasks.spawn(sub_task())", "on ThreadId(17)", "pip install", "playground(maker="):
        assert part in shown["text/plain"]


# ---------------------------------------------------------------- the notebook


def test_the_notebook_is_short_and_runs() -> None:
    """A few cells of a few lines, each after a text; all of them run from a fresh kernel."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for before, cell in pairwise(notebook.cells):
        assert "markdown" in (before.cell_type, cell.cell_type), cell.id
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id)
        assert len(cell.source.split()) <= 120, cell.id
        assert cell.cell_type == "markdown" or len(cell.source.splitlines()) <= 5, cell.id
    client = NotebookClient(notebook, timeout=60, record_timing=False, store_widget_state=False,
                            resources={"metadata": {"path": str(NOTEBOOK.parent)}})  # fmt: skip
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    *boards, stepper = (output.data for output in shown)
    assert len(boards) == 2
    for each in (*boards, stepper):
        assert each.keys() == {"text/plain", "text/html"}
        assert each["text/html"].startswith('<div class="sl-saved">')
