"""The graph: what it draws from a trace, in words, in DOT and as a picture."""

from __future__ import annotations

import base64
import html
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import need

from spanlab import (
    CurrentThread,
    JoinSet,
    MissingPackage,
    Trace,
    UsageError,
    VirtualThreads,
    info,
    info_span,
    instrument,
    run,
    spawn,
    spawn_thread,
)
from spanlab.evidence.replay import lost_parents
from spanlab.view import figure
from spanlab.view.graph import graph
from spanlab.view.palette import DARK, PALETTE
from spanlab.view.tree import nodes
from spanlab.view.words import visible

SVG = "{http://www.w3.org/2000/svg}"


class Rows:
    """Rows of a trace made by hand: `on` a thread, while it polls a task."""

    def __init__(self, **threads: int) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.thread, self.task = 1, 0
        for name, number in (threads or {"main": 1, "worker": 17}).items():
            self.rows.append(("thread", 0, number, None, "", 0, name.rstrip("_")))

    def on(self, thread: int, task: int = 0) -> Rows:
        self.thread, self.task = thread, task
        return self

    def row(self, kind: str, *values: Any) -> Rows:
        self.rows.append((kind, len(self.rows), self.thread, self.task, "a.py", 1, *values))
        return self

    def new(self, span: int, name: str, parent: int | None = None) -> Rows:
        return self.row("new", span, parent, name, 3, "lesson", ())

    def event(self, message: str, parent: int | None = None) -> Rows:
        return self.row("event", 3, "lesson", (("message", message),), parent, parent)

    @property
    def trace(self) -> Trace:
        return Trace(self.rows)


def lost_parent() -> Trace:
    """Give the article's first program, as it runs."""
    rows = Rows().event("in main").new(0, "work").row("enter", 0)
    rows.event("starting work", 0).event("making sub task", 0).row("spawn", 1, "sub_task")
    rows.row("exit", 0).on(17, 1).new(1, "sub_task").row("enter", 1).event("performing task", 1)
    return rows.row("exit", 1).row("close", 1).on(1).row("close", 0).trace


def fixed() -> Trace:
    """Give the article's last program: the span is made by the spawner and entered by the task."""
    rows = Rows().new(0, "work").row("enter", 0).new(1, "spawned sub_task", 0)
    rows.row("spawn", 1, "sub_task").row("exit", 0)
    return rows.on(17, 1).row("enter", 1).event("performing task", 1).row("exit", 1).trace


def test_a_span_stands_in_the_thread_that_made_it_and_an_event_where_it_was_polled() -> None:
    """The text twin has a box per thread, and says where a parent on another thread is."""
    assert graph(fixed()).text.splitlines() == [
        "ThreadId(1) · main",
        "  work",
        "    spawned sub_task  (entered on ThreadId(17))",
        "ThreadId(17) · worker",
        "  ① performing task  (in spawned sub_task, made on ThreadId(1))",
    ]


def test_a_lost_parent_is_a_dashed_red_edge_to_the_root_span() -> None:
    """The edge goes from where the task was spawned to the first thing in it with no parent."""
    figure = graph(lost_parent())
    assert "s0 -> lost_s0_17 [style=dashed" in figure.dot
    assert "lost_s0_17 -> s1 [style=dashed" in figure.dot
    assert "spawned in work, parent lost" in figure.dot
    assert "s0 -> s1" not in figure.dot
    assert figure.alt == (
        "2 spans and 4 events on 2 threads. "
        "sub_task on ThreadId(17) lost its parent: its task was spawned in work."
    )


def test_an_edge_to_another_thread_is_solid_and_nothing_is_lost() -> None:
    """The fixed program is one tree over two threads."""
    figure = graph(fixed())
    assert "s1 -> e1 [penwidth=1.8" in figure.dot
    assert "dashed" not in figure.dot
    assert figure.alt.endswith(
        "Nothing lost its parent. "
        "① performing task on ThreadId(17) is in spawned sub_task on ThreadId(1)."
    )


def test_every_orphan_of_a_task_gets_an_edge() -> None:
    """What follows in the same task is as lost as the first."""
    rows = Rows().new(0, "work").row("enter", 0).row("spawn", 1, "t").row("exit", 0)
    trace = rows.on(17, 1).event("first").event("second").trace
    assert lost_parents(trace) == {event.index: 0 for event in trace.events}
    edges = [line for line in graph(trace).dot.splitlines() if line.startswith("lost_s0_17 ->")]
    assert [edge.split(" ")[2] for edge in edges] == ["e1", "e2"]
    for n in range(9):
        rows.event(f"more {n}")
    edges = [
        line for line in graph(rows.trace).dot.splitlines() if line.startswith("lost_s0_17 ->")
    ]
    assert [edge.split(" ")[2] for edge in edges] == [f"e{n}" for n in range(1, 12)]


def test_a_task_that_was_spawned_in_a_task_with_no_span_lost_what_that_one_lost() -> None:
    """Both were spawned bare; the one in between says nothing."""
    rows = Rows().new(0, "work").row("enter", 0).row("spawn", 1, "t").row("exit", 0)
    trace = rows.on(17, 1).row("spawn", 2, "u").on(17, 2).event("deep").trace
    assert lost_parents(trace) == {trace.events[0].index: 0}


def test_a_thread_of_the_program_loses_what_was_current_where_it_was_started() -> None:
    """It polls nothing, and begins with an empty stack as a task does; a worker lost nothing."""

    def job() -> None:
        info("working")

    async def main() -> None:
        with info_span("work").enter():
            spawn_thread(job).join()

    trace = run(main(), on=VirtualThreads(2))
    figure = graph(trace)
    assert lost_parents(trace) == {trace.events[0].index: 0}
    assert figure.alt.endswith("lost its parent: its thread was started in work.")


def test_what_names_its_parent_lost_none() -> None:
    """`parent=None` is asked for, also where nothing is current: the record says so."""

    async def job() -> None:
        info("free", parent=None)
        info_span("free too", parent=None)
        info("lost")

    async def main() -> None:
        with info_span("work").enter():
            handle = spawn(job())
        await handle

    trace = run(main(), on=CurrentThread())
    assert lost_parents(trace) == {trace.events[1].index: 0}


def test_a_task_that_was_spawned_in_no_span_lost_nothing() -> None:
    """Where nothing was current, nobody expects a parent."""
    rows = Rows().new(0, "work").row("enter", 0).row("exit", 0).row("spawn", 1, "t")
    assert lost_parents(rows.on(17, 1).event("free").trace) == {}


def test_an_explicit_root_inside_a_span_is_not_lost() -> None:
    """`parent=None` was asked for: something was current, so nothing was lost."""
    rows = Rows().new(0, "work").row("enter", 0).row("spawn", 1, "t").row("exit", 0)
    rows.on(17, 1).new(1, "carried", 0).row("enter", 1).new(2, "root")
    assert lost_parents(rows.trace) == {}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ([("enter", 0), ("enter", 1), ("enter", 0)], 1),  # a duplicate never becomes current
        ([("enter", 0), ("enter", 1), ("exit", 0)], 1),
        ([("enter", 0), ("enter", 1), ("close", 1)], None),  # a closed span hides those below it
        ([("enter", 0), ("enter", 1), ("close", 1), ("exit", 1)], 0),
        ([("exit", 0)], None),
    ],
)
def test_the_span_of_the_spawner_follows_the_rule_of_the_stack(
    stack: list[tuple[str, int]], expected: int | None
) -> None:
    """The replay has duplicates, exits out of order and closed spans."""
    rows = Rows().new(0, "a").new(1, "b")
    for kind, span in stack:
        rows.row(kind, span)
    trace = rows.row("spawn", 1, "t").on(17, 1).event("orphan").trace
    assert list(lost_parents(trace).values()) == ([] if expected is None else [expected])


def test_an_event_under_a_leaked_guard_hangs_under_the_guilty_span() -> None:
    """The innocent task's event is drawn where tracing puts it, in the guard's span."""
    rows = Rows().row("spawn", 1, "guilty").row("spawn", 2, "innocent")
    rows.on(17, 1).new(0, "guilty").row("enter", 0).on(17, 2).event("innocent", 0)
    assert "s0 -> e1 [arrowhead=none pos=" in graph(rows.trace).dot


def test_many_equal_tasks_are_drawn_as_one() -> None:
    """Above sixty nodes, equal trees under one parent become one tree with a count."""
    rows = Rows()
    for task in range(1, 41):
        rows.on(17, task).new(task, "fetch").event("connecting", task).event("done", task)
    assert graph(rows.trace).text.splitlines() == [
        "ThreadId(17) · worker",
        "  fetch ×40",
        "    ① … (79) connecting ×40",
        "    ② … (80) done ×40",
    ]


def test_repeated_events_in_a_row_show_their_first_and_last_number() -> None:
    """An unbroken row of numbers is written with a dash."""
    rows = Rows().new(0, "work").event("start", 0)
    for _ in range(80):
        rows.event("again", 0)
    assert "    ②–(81) again ×80" in graph(rows.trace).text


def numbered(svg: str) -> list[str]:
    """Give the numbers of the events, from top to bottom."""
    cells = re.findall(
        r'id="f\w+-a_e\d+">.*?<text[^>]* y="(-?[\d.]+)"[^>]*>(\d+)</text>', svg, re.S
    )
    return [number for _, number in sorted(cells, key=lambda cell: float(cell[0]))]


def test_events_stand_in_the_order_of_the_log() -> None:
    """One under the other, whatever engine draws: the DOT text says where."""
    rows = Rows().new(0, "work").event("first", 0)
    for number in range(40):
        rows.event(f"step {number}", 0)
    drawn = graph(rows.trace)
    assert numbered(drawn.svg) == [str(n) for n in range(1, 42)]
    places = re.findall(r'^e\d+ \[.* pos="[\d.]+,(-[\d.]+)"', drawn.dot, re.M)
    assert len(places) == 41
    assert sorted(places, key=float, reverse=True) == places


def test_spans_of_one_name_are_told_apart() -> None:
    """By their fields, in the picture and in words; by a number where they have none."""

    async def main() -> None:
        for n in range(2):
            with info_span("request", n=n).enter():
                info_span("inner")

    figure = graph(run(main(), on=CurrentThread()))
    assert [line.strip() for line in figure.text.splitlines()[1:]] == [
        "request{n=0}", "inner#1", "request{n=1}", "inner#2"
    ]  # fmt: skip
    assert ">request{n=1}<" in figure.svg


def stretches(dot: str) -> list[tuple[str, float, float, float, float]]:
    """Give what is straight of all arrows between boxes, with the arrow's name."""
    found = []
    for way, name in re.findall(r'penwidth=1.8 .*?pos="(?:e,\S+ )?(.*?)" id="(.*?)"', dot):
        ends = [tuple(map(float, place.split(","))) for place in way.split()[::3]]
        found += [(name, *a, *b) for a, b in pairwise(ends)]
    return found


@pytest.mark.parametrize("tasks", [1, 4, 12])
def test_no_arrow_runs_over_words(tasks: int) -> None:
    """Between boxes and at their left edge there are none."""

    @instrument
    async def job(n: int) -> None:
        info("working", n=n)

    async def main(carry: bool) -> None:
        every = JoinSet()
        with info_span("work").enter():
            for n in range(tasks):
                every.spawn(info_span("sub").instrument(job(n)) if carry else job(n))
        while await every.join_next():
            pass

    for carry in (False, True):
        dot = graph(run(main(carry), on=VirtualThreads(4))).dot
        cards = re.findall(
            r'^(\w+) \[id.* pos="([\d.-]+),([\d.-]+)" width=([\d.]+) height=([\d.]+)', dot, re.M
        )
        for name, ax, ay, bx, by in stretches(dot):
            for key, *place in cards:
                x, y, wide, tall = map(float, place)
                inside = (
                    max(ax, bx) > x - wide * 36 + 1 and min(ax, bx) < x + wide * 36 - 1
                    and max(ay, by) > y - tall * 36 + 1 and min(ay, by) < y + tall * 36 - 1
                )  # fmt: skip
                assert not inside, f"{name} runs over {key}"


def test_a_huge_trace_is_cut_and_says_so() -> None:
    """Ten thousand records are drawn fast, and nothing is left out silently."""
    rows = Rows()
    for span in range(3333):
        rows.new(span, f"s{span}", span - 1 if span % 5 else None).row("enter", span)
        rows.event(f"m{span}", span)
    figure = graph(rows.trace)
    (node,) = [node for node in nodes(rows.trace) if node.key == "s60"]
    said = f"All but these 120 are left out. Write: graph(trace[{node.record}:])"
    assert figure.alt.endswith(said)
    assert figure.text.endswith(said)
    assert said.replace(">", "&gt;") in figure.dot
    assert "(61) m60" in graph(rows.trace[node.record :]).text


def test_spans_nested_ten_thousand_deep_are_drawn() -> None:
    """No part of the graph recurses."""
    rows = Rows()
    for span in range(10_000):
        rows.new(span, "deeper", span - 1 if span else None)
    assert graph(rows.trace).alt.startswith("10000 spans and 0 events on 1 thread.")


def test_an_empty_trace_is_a_figure_too() -> None:
    """Nothing recorded is nothing to be afraid of."""
    assert graph(Trace()).alt == "0 spans and 0 events on 0 threads. Nothing lost its parent."


def test_a_parent_that_the_trace_does_not_have_is_no_parent() -> None:
    """A log file may start in the middle."""
    assert graph(Rows().event("late", 99).trace).text.endswith("  ① late")


HOSTILE = (
    "</script><script>alert(1)",
    '"\\N" \\l back\\',
    "two\nlines",
    "]]> &amp; <!-- -->",
    "\u202ertl \0 \x1b[31m \ud800",
    "x" * 10_000,
    "日本語",
    "",
    'id="g" href="#g"',
    "${x}",
    "--",
)


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile(request: pytest.FixtureRequest) -> Trace:
    rows = Rows(**{request.param: 1, "b": 17}).new(0, request.param).row("enter", 0)
    rows.event(request.param, 0).row("spawn", 1, "t").on(17, 1)
    return rows.event(request.param).trace


def test_hostile_names_are_shown_and_do_nothing(hostile: Trace) -> None:
    """Whatever a name holds, the SVG is XML that says the name, cut to forty characters."""
    figure = graph(hostile)
    root = ElementTree.fromstring(figure.svg)
    shown = {"".join(text.itertext()).replace("\xa0", " ") for text in root.iter(SVG + "text")}
    name = visible(hostile.spans[0].name) or "(no name)"
    assert len(name) <= 40
    assert name in shown
    assert name.isprintable()
    assert not list(root.iter(SVG + "script"))
    html = figure._repr_mimebundle_()["text/html"]
    assert "<script" not in html
    assert "\n" not in figure.alt


def test_the_picture_is_an_image_with_alt_text_and_a_text_twin() -> None:
    """JupyterLab keeps it in an untrusted notebook, and a screen reader has words for it."""
    figure = graph(lost_parent())
    bundle = figure._repr_mimebundle_()
    html, plain = bundle["text/html"], bundle["text/plain"]
    alt, data = re.findall(r'<img alt="(.*?)" src="data:image/svg\+xml;base64,(.*?)"', html)[0]
    assert alt == figure.alt
    assert base64.b64decode(data).decode() == figure.svg
    assert f"<pre>{figure.text}</pre></details></figure>" in html
    assert plain == f"{figure.alt}\n\n{figure.text}"


def test_a_picture_is_light_and_knows_how_it_looks_in_the_dark() -> None:
    """Each light colour that it has is given its dark one where the page is dark."""
    svg = graph(lost_parent()).svg
    light, _, dark = svg.partition("<style>@media (prefers-color-scheme:dark)")
    painted = set(re.findall(r'(?:fill|stroke)="(#\w{6})"', light))
    assert painted == {PALETTE[name] for name in ("bg", "fg", "dim", "line", "bad", "c0", "t0",
                                                  "c1", "t1")}  # fmt: skip
    night = dict(re.findall(r'\[fill="(#\w{6})"\]\{fill:(#\w{6})\}', dark))
    assert night == {PALETTE[name]: DARK[name] for name in PALETTE if PALETTE[name] in painted}


def test_ids_belong_to_the_content() -> None:
    """Two different figures on one page share no id; the same figure has the same ids."""
    traces = lost_parent(), lost_parent(), fixed()
    first, again, other = (set(re.findall(r' id="(.*?)"', graph(t).svg)) for t in traces)
    assert first == again
    assert first.isdisjoint(other)


def test_the_same_trace_gives_the_same_bytes_in_another_process() -> None:
    """No order of a set or a dictionary gets into the picture."""
    code = "import test_graph as t; print(t.graph(t.lost_parent()).svg)"
    path = os.pathsep.join(sys.path)
    made = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path, "PYTHONUTF8": "1"},
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert made == {graph(lost_parent()).svg + "\n"}


@pytest.mark.parametrize("missing", ["package", "engine", "processes"])
def test_without_an_engine_the_figure_is_text_with_the_install_line(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No `graphviz`, no engine or, in a browser, no processes: nothing raises."""
    if missing == "package":
        monkeypatch.setitem(sys.modules, "graphviz", None)
    elif missing == "engine":
        monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    else:
        monkeypatch.setattr("subprocess.run", no_processes)
    figure = graph(lost_parent())
    bundle = figure._repr_mimebundle_()
    assert figure.svg == ""
    for text in bundle["text/plain"], html.unescape(bundle["text/html"]):
        assert figure.text in text
        assert figure.dot in text
        assert "pip install graphviz graphviz-pure" in text
    with pytest.raises(MissingPackage, match="pip install graphviz graphviz-pure"):
        figure.save(tmp_path / "graph.svg")


def test_in_the_browser_the_page_brings_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked first, and gives what any other would."""
    drawn = graph(lost_parent()).svg
    engine = ModuleType("spanlab_dot")
    command = [next(figure._engines()), "-Tsvg"]
    engine.draw = lambda dot: (
        subprocess.run(  # type: ignore[attr-defined]
            command, input=dot, capture_output=True, text=True, encoding="utf-8", check=True
        ).stdout
    )
    monkeypatch.setitem(sys.modules, "spanlab_dot", engine)
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    assert graph(lost_parent()).svg == drawn


def no_processes(*args: Any, **kwargs: Any) -> None:
    raise OSError(138, "Emscripten does not support processes.")


def test_an_engine_that_fails_hands_over_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain goes on after a crash."""
    engines = list(figure._engines())
    monkeypatch.setattr(figure, "_engines", lambda: iter([shutil.which("false"), *engines]))
    assert graph(lost_parent()).svg


def test_dot_draws_it_too() -> None:
    """Debian's engine reads the same DOT text."""
    dot = need("dot", "apt-get install graphviz")
    for trace in lost_parent(), fixed():
        subprocess.run([dot, "-Tsvg"], input=graph(trace).dot.encode(), check=True, timeout=60,
                       stdout=subprocess.DEVNULL)  # fmt: skip


def test_save_writes_the_svg_and_nothing_else(tmp_path: Path) -> None:
    """Another ending is a mistake, and the message has the right call."""
    drawn = graph(fixed())
    drawn.save(tmp_path / "fixed.svg")
    assert (tmp_path / "fixed.svg").read_text(encoding="utf-8") == drawn.svg
    with pytest.raises(UsageError, match=r'got .fixed.png.\. Write: save\("trace.svg"\)'):
        drawn.save(tmp_path / "fixed.png")
    with pytest.raises(UsageError, match=r'by its name, got 5\. Write: save\("trace.svg"\)'):
        drawn.save(5)  # type: ignore[arg-type]


def test_something_else_than_a_trace_is_refused() -> None:
    """The message has the right call."""
    with pytest.raises(UsageError, match=r"graph\(\) needs a trace.*graph\(run\(main\(\)\)\)"):
        graph(None)  # type: ignore[arg-type]


def test_the_repr_is_the_sentence() -> None:
    """No address, so that outputs can be compared."""
    assert repr(graph(fixed())) == f"<Figure: {graph(fixed()).alt}>"


@pytest.mark.parametrize(("runtime", "thread"), [(CurrentThread(), 1), (VirtualThreads(), 17)])
def test_the_parent_is_lost_on_one_thread_and_on_many(runtime: Any, thread: int) -> None:
    """The article's program as it runs: it is not the thread."""

    @instrument
    def sub_task() -> Any:
        async def task() -> None:
            info("performing task")

        return task()

    @instrument
    async def work() -> None:
        tasks = JoinSet()
        tasks.spawn(info_span("sub_task").instrument(sub_task()) if fix else sub_task())
        while await tasks.join_next():
            pass

    fix = False
    lost = graph(run(work(), on=runtime))
    assert f"sub_task on ThreadId({thread}) lost its parent" in lost.alt
    fix = True
    assert "Nothing lost its parent." in graph(run(work(), on=runtime)).alt
