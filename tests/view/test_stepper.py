"""What the stepper sends to the browser, and what it shows where there is no widget."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import need
from reference.programs import lost_parent
from stepping import HOSTILE, hostile, leaking, many

from spanlab import MissingPackage, Trace, UsageError, VirtualThreads, run, step
from spanlab.record import Event, SpanNew
from spanlab.view import figure
from spanlab.view import live as widget
from spanlab.view.graph import picture
from spanlab.view.stepper import named, packed

VIEW = "application/vnd.jupyter.widget-view+json"


def sent(trace: Trace) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(packed(trace, picture(trace)))
    return found


@pytest.fixture(scope="module")
def lost() -> Trace:
    return run(lost_parent()(), on=VirtualThreads(16))


def test_a_thousand_records_are_small_and_quickly_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 300 kB, in less than 300 ms (printed; the bar here is wider), one engine call."""
    calls = []
    draw = figure.draw
    monkeypatch.setattr(
        sys.modules["spanlab.view.graph"], "draw", lambda dot: calls.append(dot) or draw(dot)
    )
    trace = many(27)
    assert len(trace.records) > 1000
    start = time.perf_counter()
    text = packed(trace, picture(trace))
    taken = time.perf_counter() - start
    print(f"{len(trace)} records: {len(text) / 1000:.0f} kB in {taken * 1000:.0f} ms")
    assert len(text) <= 300_000
    assert taken < 1.5
    assert len(calls) == 1


def test_rows_hold_what_the_records_hold(lost: Trace) -> None:
    """Each row begins with kind, time, thread, task, file and line; texts are sent once."""
    data = sent(lost)
    assert len(data["rows"]) == len(data["x"]) - 1 == len(lost)
    for row, record in zip(data["rows"], lost.rows, strict=True):
        assert data["kinds"][row[0]] == record[0]
        assert [row[2], row[3], row[5]] == [record[2], record[3], record[5]]
    assert len(set(data["texts"])) == len(data["texts"])
    event = lost.events[-1]
    row = data["rows"][event.index]
    assert data["texts"][row[6]] == "performing task"
    assert row[7:] == [event.parent, event.current]
    assert data["files"][row[4]][0].endswith("programs.py")


def test_every_node_edge_and_event_has_its_name_in_the_graph(lost: Trace) -> None:
    """The page restyles by these names; a list has one for each of its rows."""
    for trace in lost, leaking(), many(2):
        svg = sent(trace)["graph"]
        names = {e.get("data-k") for e in ElementTree.fromstring(svg).iter() if e.get("data-k")}
        assert {f"s{new.span}" for new in trace.of(SpanNew)} <= names
        assert {f"e{n}" for n, _ in enumerate(trace.of(Event), 1)} <= names
        assert {"s0-lost_s0_17", "lost_s0_17-s1", "cluster_1", "cluster_17"} <= names or (
            trace is not lost
        )
        assert not re.search(r' id="[^"]*[es]\d|#[0-9a-f]{6}"|<title', svg)


def test_edges_of_a_wide_graph_have_plain_names() -> None:
    """A graph that grows to the right tells the sides of its edges; their names do not."""
    svg = sent(many(26))["graph"]
    names = re.findall(r'class="edge" data-k="([^"]+)"', svg)
    assert any(name.startswith("lost_s0_17-s") for name in names)
    assert all(re.fullmatch(r"(\w+)-(\w+)", name) for name in names)


def test_debians_engine_gives_the_same_names(lost: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another engine, another drawing, the same names."""
    dot = need("dot", "apt-get install graphviz")
    own = set(re.findall(r'data-k="([^"]+)"', named(picture(lost).svg)))
    monkeypatch.setattr(figure, "_engines", lambda: iter([dot]))
    assert set(re.findall(r'data-k="([^"]+)"', named(picture(lost).svg))) == own


def test_equal_nodes_point_to_the_one_that_is_drawn() -> None:
    """Many tasks that did the same are one node, and each record finds it."""
    trace = many(40)
    data = sent(trace)
    drawn = set(re.findall(r'data-k="([es]\d+)"', data["graph"]))
    assert set(data["merged"].values()) <= drawn


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_visible_and_short(text: str) -> None:
    """No control character and nothing long is sent; both pictures are XML without a script."""
    trace = hostile(text)
    data = sent(trace)
    lines = [line for _, file in data["files"] for _, line in file]
    for shown in [*data["texts"], *lines, *(name for _, name in data["threads"])]:
        assert shown.isprintable()
        assert len(shown) <= 240
    lanes = f'<svg xmlns="http://www.w3.org/2000/svg">{data["lanes"]}</svg>'
    for svg in data["graph"], lanes:
        tags = {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(svg).iter()}
        assert tags <= {"svg", "g", "rect", "path", "text", "polygon", "style", "defs", "pattern"}
    if "fill=" in text:
        shown = "".join(ElementTree.fromstring(data["graph"]).itertext()).replace("\xa0", " ")
        assert 'fill="white" stroke:#0072b2' in shown


def test_of_a_long_file_only_what_ran_is_sent() -> None:
    """And the lines keep their numbers."""
    import linecache

    lines = [f"line {n}\n" for n in range(1, 2001)]
    linecache.cache["long.py"] = (1, None, lines, "long.py")
    rows = [("thread", 0, 1, None, "", 0, "main")]
    rows += [("event", 0, 1, None, "long.py", n, 3, "t", (), None, None) for n in (500, 1500)]
    ((_, shown),) = sent(Trace(rows))["files"]
    assert [500, "line 500"] in shown
    assert [1500, "line 1500"] in shown
    assert len(shown) == 50


def test_where_no_engine_is_the_graph_is_text(lost: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stepper works without Graphviz; the tree stands in the graph's place."""
    monkeypatch.setattr(shutil, "which", lambda *args, **kwargs: None)
    data = sent(lost)
    assert data["graph"] == ""
    assert "performing task" in data["graphText"]


def test_a_notebook_gets_the_widget_and_a_figure_where_there_is_none(lost: Trace) -> None:
    """The HTML has alt text and no script; the text twin has no address."""
    bundle = step(lost)._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert re.match(
        r'<figure><img alt="2 spans and 4 events[^"]*" src="data:image', bundle["text/html"]
    )
    assert bundle["text/plain"].startswith("2 spans and 4 events on 2 threads. sub_task")
    assert repr(step(lost)) == (
        "<Stepper: 2 spans and 4 events on 2 threads. "
        "sub_task on ThreadId(17) lost its parent: its task was spawned in work.>"
    )


def test_without_anywidget_the_message_says_what_to_install(
    lost: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the call fails, with the install line."""
    monkeypatch.setitem(sys.modules, "anywidget", None)
    widget._class.cache_clear()
    with pytest.raises(MissingPackage, match="pip install anywidget"):
        step(lost)


def test_something_else_than_a_trace_is_refused() -> None:
    """The message has the right call."""
    with pytest.raises(UsageError, match=r"step\(\) needs a trace.*step\(run\(main\(\)\)\)"):
        step("trace")  # type: ignore[arg-type]
