"""The lanes: what each thread did, as places, as a picture and in words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from reference.programs import joinset_instrumented, lost_parent
from soak import often
from stepping import HOSTILE, hostile, leaking, many, panicking

from spanlab import OsThreads, Trace, UsageError, VirtualThreads, info, info_span, recording, run
from spanlab.record import Event, PollStarted, TaskFinished
from spanlab.view.lanes import PAGE, lanes, strip
from spanlab.view.places import Bar, Places
from spanlab.view.tree import titles_of
from spanlab.view.words import wide

SVG = "{http://www.w3.org/2000/svg}"


def placed(trace: Trace) -> Places:
    return Places(trace, titles_of(trace))


def drawn(trace: Trace) -> str:
    frame, parts = strip(placed(trace))
    return frame + "".join(svg for _, _, svg in parts)


def bars(trace: Trace, kind: str) -> list[Bar]:
    return [bar for bar in placed(trace).bars if bar.kind == kind]


@pytest.fixture(scope="module")
def lost() -> Trace:
    return run(lost_parent()(), on=VirtualThreads(16))


def test_the_words_of_the_lost_parent(lost: Trace) -> None:
    """The alt text is a sentence; the text twin has a line for each poll."""
    figure = lanes(lost)
    assert figure.alt == (
        "3 polls: main on ThreadId(1); task 1 on ThreadId(17). 4 events on 2 threads."
    )
    assert figure.text.splitlines() == [
        "ThreadId(1) · main",
        "  main: ① in main, in work, ② starting work, ③ making sub task, spawns task 1, "
        "waits for task 1",
        "  main: in work, in work, ends",
        "ThreadId(17) · tokio-rt-worker",
        "  task 1: in sub_task, ④ performing task (parent lost), in sub_task, ends",
    ]


def test_a_poll_in_which_nothing_was_said_is_a_line_of_its_own() -> None:
    """Its task alone; no sign waits for more."""
    rows: list[Any] = [("thread", 0, 1, None, "", 0, "main"), ("poll", 0, 1, 1, "", 0)]
    assert lanes(Trace(rows)).text.splitlines() == ["ThreadId(1) · main", "  task 1"]


def test_a_bar_is_a_poll_and_no_two_polls_of_a_thread_overlap(lost: Trace) -> None:
    """As many bars as polls, each in the lane of its thread."""
    for trace in lost, leaking(), many(6):
        polls = bars(trace, "poll")
        assert [bar.record for bar in polls] == [r.index for r in trace.of(PollStarted)]
        for thread in {bar.thread for bar in polls}:
            lane = [(bar.start, bar.end) for bar in polls if bar.thread == thread]
            assert all(a[1] <= b[0] for a, b in pairwise(lane))


def test_marks_have_the_numbers_of_the_log(lost: Trace) -> None:
    """Mark ④ is the fourth event."""
    marks = placed(lost).marks
    assert [(m.number, m.record) for m in marks] == [
        (n, e.index) for n, e in enumerate(lost.of(Event), 1)
    ]
    assert re.findall(r">(\d+)</text></g>", drawn(lost)) == ["1", "2", "3", "4"]


def test_arrows_go_from_spawn_and_wake_to_the_next_poll(lost: Trace) -> None:
    """Task 1 is polled after its spawn, main after its wake."""
    found = [(a.kind, *(lost.rows[at][0] for at in a.records)) for a in placed(lost).arrows]
    assert found == [("spawn", "spawn", "poll"), ("wake", "wake", "poll")]


def test_main_is_shown_waiting_between_its_polls(lost: Trace) -> None:
    """One dashed stretch, from the end of a poll to the start of the next."""
    (wait,) = bars(lost, "wait")
    first, second = (bar for bar in bars(lost, "poll") if bar.task == 0)
    assert (first.end, second.start) == (wait.start, wait.end)
    assert wait.label == "main waits for task 1"
    assert ">main waits for task 1</text>" in drawn(lost)


def test_a_leaked_guard_reaches_into_the_polls_of_another_task() -> None:
    """The bar of the guilty span ends only when its own task leaves it."""
    (guilty,) = (bar for bar in bars(leaking(), "span") if bar.label == "guilty")
    innocent = [bar for bar in bars(leaking(), "poll") if bar.task == 2]
    assert len(innocent) == 2
    assert all(guilty.start < bar.start and bar.end < guilty.end for bar in innocent)


def test_tasks_differ_in_colour_and_in_pattern() -> None:
    """Neighbours differ in both; thirty tasks have thirty looks."""
    svg = drawn(many(30))
    looks = re.findall(r'<pattern id="look(\d+)".*?fill="var\((.*?)\)"/><path d="(.*?)"', svg)
    assert len({(tint, lines) for _, tint, lines in looks}) == 30
    ordered = [(tint, lines) for _, tint, lines in looks]
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in pairwise(ordered))


def test_what_runs_outside_any_poll_has_a_bar_too() -> None:
    """A recording without a runtime is one lane."""
    with recording() as trace, info_span("work").enter():
        info("hello")
    assert [bar.kind for bar in placed(trace).bars] == ["outside", "span"]
    assert lanes(trace).alt == "1 event on 1 thread, and no polls."


def test_a_long_strip_comes_in_parts() -> None:
    """Each says from which page to which it reaches, and is small; no shape comes twice."""
    trace = many(60)
    _, parts = strip(placed(trace))
    shape = re.compile(r'data-i="\d+">(?:<title>.*?</title>)?<rect x="(\d+)')
    every = [(int(x), first, last) for first, last, svg in parts for x in shape.findall(svg)]
    assert all(first * PAGE - 13 <= x <= (last + 1) * PAGE for x, first, last in every)
    assert len(every) == len(placed(trace).bars) + len(placed(trace).marks)
    assert max(len(svg) for _, _, svg in parts) < 10 * PAGE


def test_a_panic_is_drawn_and_said() -> None:
    """A mark without a number, a sentence, and the message where the record has it."""
    trace = panicking()
    (mark,) = [mark for mark in placed(trace).marks if not mark.number]
    end = trace[mark.record]
    assert (type(end), getattr(end, "outcome", "")) == (TaskFinished, "panicked")
    assert drawn(trace).count(">✗</text>") == 1
    figure = lanes(trace)
    assert figure.alt.endswith(" 1 event on 2 threads. Task 1 panicked: out of luck.")
    assert "  task 1: ① before, ends, panics: out of luck" in figure.text.splitlines()


def test_real_threads_are_drawn_and_the_clock_is_written() -> None:
    """Where time passes it stands below."""

    async def main() -> None:
        for _ in range(9):
            info("tick")

    svg = lanes(run(main(), on=OsThreads(2))).svg
    assert re.search(r'class="time"[^>]*>[\d.]+ (ns|µs|ms)<', svg)


def test_exits_out_of_order_end_the_right_bar() -> None:
    """Two spans of one name are two bars; an exit that nobody entered is let be."""
    rows: list[tuple[Any, ...]] = [("thread", 0, 1, None, "", 0, "main")]
    for kind, span in (("new", 0), ("new", 1), ("enter", 0), ("enter", 1), ("exit", 0),
                       ("exit", 0), ("enter", 0), ("exit", 1), ("exit", 0)):  # fmt: skip
        rest = (None, "same", 3, "t", ()) if kind == "new" else ()
        rows.append((kind, 0, 1, None, "a.py", 1, span, *rest))
    spans = bars(Trace(rows), "span")
    assert [(bar.span, bar.row) for bar in spans] == [(0, 0), (1, 1), (0, 0)]
    assert spans[0].end < spans[1].end < spans[2].end


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_text(text: str) -> None:
    """Whatever a name holds, the SVG is XML, and nothing in it is more than text."""
    figure = lanes(hostile(text))
    root = ElementTree.fromstring(figure.svg)
    assert not list(root.iter(SVG + "script"))
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        "svg", "title", "rect", "defs", "g", "style", "pattern", "path", "text", "use"
    }  # fmt: skip
    assert figure.alt.isprintable()
    assert all(line.isprintable() for line in figure.text.splitlines())
    html = figure._repr_mimebundle_()["text/html"]
    assert "<script" not in html
    assert "onerror=alert(1) <img" not in html


def test_ten_thousand_records_are_drawn_and_cut() -> None:
    """Nothing is left out silently, and the picture stays one that a page can hold."""
    trace = many(280)
    assert len(trace.records) > 10_000
    assert re.search(r"1 thread. Records from \d+ on are left out. Write: ", lanes(trace).alt)
    first = often(9_500, 0)
    figure = lanes(trace[first:])
    while left_out := re.search(r" on are left out. Write: lanes\(trace\[(\d+):\]\)$", figure.alt):
        assert figure.text.endswith(left_out[0])
        assert first < int(left_out[1])
        first = int(left_out[1])
        height = re.search(r'height="(\d+)', figure.svg)
        assert height
        assert int(height[1]) < 3200
        figure = lanes(trace[first:])
    numbers = [n for n, event in trace.numbered if event.index >= first]
    assert [mark.number for mark in placed(trace[first:]).marks] == numbers


def test_spans_ten_thousand_deep_do_not_explode() -> None:
    """No recursion, and no lane that is taller than a few spans."""
    rows: list[tuple[Any, ...]] = [("thread", 0, 1, None, "", 0, "main")]
    for span in range(10_000):
        rows.append(
            ("new", 0, 1, None, "a.py", 1, span, span - 1 if span else None, "s", 3, "t", ())
        )
        rows.append(("enter", 0, 1, None, "a.py", 1, span))
    assert placed(Trace(rows)).height < 200


def test_an_empty_trace_is_a_figure_too() -> None:
    """Nothing recorded is nothing to be afraid of."""
    assert lanes(Trace()).alt == "0 events on 0 threads, and no polls."


def test_the_same_trace_gives_the_same_bytes() -> None:
    """No address and no order of a set gets into the picture."""
    assert lanes(leaking()).svg == lanes(leaking()).svg


def test_something_else_than_a_trace_is_refused() -> None:
    """The message has the right call."""
    with pytest.raises(UsageError, match=r"lanes\(\) needs a trace.*lanes\(run\(main\(\)\)\)"):
        lanes([1, 2])  # type: ignore[arg-type]


def test_no_word_is_cut_at_the_edge_of_a_line() -> None:
    """A label or a time that would reach over it begins earlier, is shortened, or stands again."""
    for trace in (many(6), leaking()):
        root = ElementTree.fromstring(lanes(trace).svg)
        for window in root.iter(SVG + "svg"):
            left, _, width, _ = map(float, window.attrib["viewBox"].split())
            for text in window.iter(SVG + "text") if window is not root else ():
                if "mark" in text.attrib.get("class", "") or text.text in (None, "✗"):
                    continue
                x, size = float(text.attrib["x"]), wide(text.text or "", 9.5)
                assert left <= x
                assert (text.text or "").isdigit() or x + size <= left + width + 1, text.text


def test_a_name_stands_whole_or_in_the_title_of_its_bar() -> None:
    """Where a bar is too narrow for its name it is what one sees when one points at it."""
    trace = run(joinset_instrumented()(), on=VirtualThreads(16))
    bars = [g for g in ElementTree.fromstring(lanes(trace).svg).iter(SVG + "g")
            if g.attrib.get("class", "").split()[0] in ("poll", "span")]  # fmt: skip
    names = [(g.findtext(SVG + "title"), g.findtext(SVG + "text")) for g in bars]
    assert all((title is None) != (text is None) for title, text in names)
    found = {title or text for title, text in names}
    assert found == {"main", "task 1", "work", "sub_task", "spawned sub_task"}
    assert any(title for title, _ in names)


def test_lanes_say_that_they_are_not_to_scale(lost: Trace) -> None:
    """A place along them is a place among the records."""
    assert ">To the right: one record after the other, not to scale</text>" in lanes(lost).svg
