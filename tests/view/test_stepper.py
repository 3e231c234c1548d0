"""What the stepper sends to the browser, and what it shows where there is no widget."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from dataclasses import fields
from typing import Any
from xml.etree import ElementTree

import pytest
from big import deep
from conftest import need
from reference.programs import lost_parent
from stepping import HOSTILE, hostile, leaking, many, panicking, steps_of

from spanlab import Trace, UsageError, VirtualThreads, run, step
from spanlab.evidence.replay import Stacks
from spanlab.record import KINDS, Event, SpanNew
from spanlab.view import figure
from spanlab.view.graph import picture
from spanlab.view.palette import static
from spanlab.view.stepper import UNSEEN, packed
from spanlab.view.stepper.states import changes

SHEETS = ("log", "why", "compare", "outcomes")  # the looks of the other views


def named(svg: str, kind: str = "") -> set[str]:
    """Give the names in an SVG, or those of one kind of element."""
    every = ElementTree.fromstring(svg).iter()
    return {e.attrib["id"] for e in every if "id" in e.attrib and kind in e.get("class", "")}


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
    """A row is the number of its kind, then the fields that the record has, by their names."""
    data = sent(lost)
    steps = steps_of(data)
    assert len(data["rows"]) == len(data["x"]) - 1
    for at, record in zip(steps, lost.records, strict=True):
        number, *row = data["rows"][at]
        word, names = data["kinds"][number]
        assert KINDS[word] is type(record)
        assert {field.name for field in fields(record)} - set(names) <= UNSEEN
        for name, value in zip(names, row, strict=True):
            if name not in ("file", "fields", "waits_for"):
                assert value == getattr(record, name), name
    number, *row = data["rows"][steps[lost.events[-1].index]]
    event = dict(zip(data["kinds"][number][1], row, strict=True))
    assert event["fields"] == "performing task"
    assert data["files"][event["file"]][0].endswith("programs.py")


@pytest.mark.parametrize("trace", [many(6), leaking()], ids=["many", "leaking"])
def test_the_changes_of_the_stacks_build_them_again(trace: Trace) -> None:
    """Take entries off, put entries on: after each record every stack is what Python replays."""
    built: dict[int, list[int]] = {}
    current: dict[int, int | None] = {}
    stacks, waiting = Stacks(), list(changes(trace))
    for record in trace.records:
        stacks.replay(record)
        while waiting and waiting[0].record == record.index:
            _, thread, off, on, now = waiting.pop(0)
            stack = built.setdefault(thread, [])
            del stack[len(stack) - off :]
            stack += on
            current[thread] = now
        for thread, stack in built.items():
            entries = [(at if at >= 0 else ~at, at < 0) for at in stack]
            assert entries == [(by.index, second) for by, second in stacks.pushed(thread)]
            assert current[thread] == stacks.current(thread)
    assert built
    assert not waiting


def test_a_span_that_closes_is_no_longer_current_on_any_thread() -> None:
    """One record changes two stacks, a second entry has the complement of its index."""
    rows: list[Any] = [("thread", 0, 1, None, "", 0, "a"), ("thread", 0, 2, None, "", 0, "b")]
    rows += [("new", 0, 1, None, "", 0, 0, None, "s", 3, "t", ())]
    rows += [(kind, 0, thread, None, "", 0, 0) for kind, thread in
             [("enter", 1), ("enter", 1), ("enter", 2), ("close", 1), ("exit", 1)]]  # fmt: skip
    assert [tuple(change) for change in changes(Trace(rows))] == [
        (3, 1, 0, [3], 0), (4, 1, 0, [~4], 0), (5, 2, 0, [5], 0),
        (6, 1, 0, [], None), (6, 2, 0, [], None), (7, 1, 1, [], None),
    ]  # fmt: skip


def test_every_node_edge_and_event_has_its_name_in_the_graph(lost: Trace) -> None:
    """The page restyles by these names; a list has one for each of its rows."""
    for trace in lost, leaking(), many(2):
        names = named(sent(trace)["graph"])
        assert {f"s{new.span}" for new in trace.of(SpanNew)} <= names
        events = {f"a_e{n}" for n, _ in enumerate(trace.of(Event), 1)}
        assert events | {f"{name}-text" for name in events} <= names
        assert {"s0-lost_s0_17", "lost_s0_17-s1", "cluster_1", "cluster_17"} <= names or (
            trace is not lost
        )


def test_edges_of_a_wide_graph_have_plain_names() -> None:
    """A graph that grows to the right tells the sides of its edges; their names do not."""
    names = named(sent(many(26))["graph"], "edge")
    assert any(name.startswith("lost_s0_17-s") for name in names)
    assert all(re.fullmatch(r"(\w+)-(\w+)", name) for name in names)


def test_debians_engine_gives_the_same_names(lost: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another engine, another drawing, the same names."""
    dot = need("dot", "apt-get install graphviz")
    own = named(picture(lost).svg)
    monkeypatch.setattr(figure, "_engines", lambda: iter([dot]))
    assert named(picture(lost).svg) == own


def test_equal_nodes_point_to_the_one_that_is_drawn() -> None:
    """Many tasks that did the same are one node, and each record finds it."""
    rows: list[Any] = [("thread", 0, 1, None, "", 0, "main")]
    for span in range(40):
        rows.append(("new", 0, 1, span, "a.py", 1, span, None, "fetch", 3, "t", ()))
        said = (("message", "done"),)
        rows.append(("event", 0, 1, span, "a.py", 1, 3, "t", said, span, span))
    data = sent(Trace(rows))
    drawn = {name.removeprefix("a_") for name in named(data["graph"])}
    assert {data["merged"][key] for key in ("s39", "e40")} == {"s0", "e1"}
    assert set(data["merged"].values()) <= drawn


def test_the_page_knows_each_colour_of_the_graph(lost: Trace) -> None:
    """Light and dark: what an engine paints in is a colour of the palette."""
    data = sent(lost)
    elements = list(ElementTree.fromstring(data["graph"]).iter())
    paints = {e.get(kind) for e in elements for kind in ("fill", "stroke")}
    assert paints - {None, "none", "transparent"} <= data["colours"].keys()
    assert "var(--c1)" in data["lanes"]
    assert not re.search("#[0-9a-f]{6}", json.dumps([data["lanes"], data["parts"]]))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_visible_and_short(text: str) -> None:
    """No control character and nothing long is sent; both pictures are XML without a script."""
    trace = hostile(text)
    data = sent(trace)
    lines = [line for _, file in data["files"] for _, line in file]
    texts = [value for row in data["rows"] for value in row if isinstance(value, str)]
    for shown in [*texts, *lines]:
        assert shown.isprintable()
        assert len(shown) <= 240
    lanes = "".join([data["lanes"], *(svg for _, _, svg in data["parts"])])
    lanes = f'<svg xmlns="http://www.w3.org/2000/svg">{lanes}</svg>'
    for svg in data["graph"], lanes:
        tags = {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(svg).iter()}
        assert tags <= {
            "svg", "g", "rect", "path", "text", "title", "polygon", "style", "defs", "pattern"
        }  # fmt: skip
    if "fill=" in text:
        shown = "".join(ElementTree.fromstring(data["graph"]).itertext()).replace("\xa0", " ")
        assert 'fill="white" stroke:#0072b2' in shown


def test_of_a_long_trace_the_beginning_is_sent() -> None:
    """The page and the figure say what is left out; the next part goes on with its numbers."""
    trace = many(200)
    shown = step(trace)
    data = json.loads(shown.sent)
    end = len(steps_of(data))
    assert data["rest"] == f"Records from {end} on are left out. Write: step(trace[{end}:])"
    assert data["rest"] in shown._repr_mimebundle_()["text/plain"]
    onward = json.loads(step(trace[end : end + 50]).sent)
    records, events, begun = onward["cut"]
    assert records + steps_of(onward).index(begun) == end
    assert events == len(trace[:end].events)
    assert onward["rest"] == ""


def test_what_builds_on_too_much_is_refused() -> None:
    """A stretch in which more is open than a page holds."""
    trace = deep(24_000)
    with pytest.raises(UsageError, match=r"builds on little.* Write: step\(trace\[:1000\]\)"):
        step(trace[20_000:])
    assert step(trace[:1000]).sent


def test_the_message_of_a_panic_is_sent() -> None:
    """As the sentence of the step in which its task is done."""
    data = sent(panicking())
    (end,) = [row for row in data["rows"] if data["kinds"][row[0]][0] == "finish"]
    names = data["kinds"][end[0]][1]
    assert (end[1 + names.index("outcome")], end[1 + names.index("panic")]) == (
        "panicked", "out of luck",
    )  # fmt: skip


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


def test_a_notebook_gets_a_figure_that_comes_to_life(lost: Trace) -> None:
    """The figure stands alone where no script runs; the text twin has no address."""
    bundle = step(lost)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    figure = re.sub(r"<(style|script)\b.*?</\1>", "", bundle["text/html"], flags=re.S)
    start = r'<figure class="sl-figure"><img alt="2 spans and 4 events[^"]*" '
    assert re.match(f'<div class="sl-saved"><div class="sl-still">{start}', figure)
    assert figure.endswith("</figure></div></div>")
    assert bundle["text/plain"].startswith("2 spans and 4 events on 2 threads. sub_task")
    assert repr(step(lost)) == (
        "<Stepper: 2 spans and 4 events on 2 threads. "
        "sub_task on ThreadId(17) lost its parent: its task was spawned in work.>"
    )


def test_no_package_is_needed(lost: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page and its script: no widget, which would need its kernel."""
    for package in "anywidget", "ipywidgets", "IPython":
        monkeypatch.setitem(sys.modules, package, None)
    assert step(lost)._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_breaks_out_of_the_saved_page(text: str) -> None:
    """What a name holds ends no script and begins no comment."""
    html = step(hostile(text))._repr_mimebundle_()["text/html"]
    assert len(re.findall("</?script", html)) == 4
    assert "<!--" not in html.partition("<script")[2]


def test_something_else_than_a_trace_is_refused() -> None:
    """The message has the right call."""
    with pytest.raises(UsageError, match=r"step\(\) needs a trace.*step\(run\(main\(\)\)\)"):
        step("trace")  # type: ignore[arg-type]


def test_its_look_changes_no_other_view_of_the_page() -> None:
    """A page may show a log, or what `why` says, beside it: their names are not the stepper's."""
    known = "|".join(re.findall(r"\.sl-(\w+) ", "".join(static(f"{name}.css") for name in SHEETS)))
    assert {"log", "why", "compare", "outcomes"} <= set(known.split("|"))
    assert not re.findall(rf"^\.sl-(?:{known})\b.*", static("stepper.css"), re.M)
