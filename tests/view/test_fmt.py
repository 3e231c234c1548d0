"""The log: what is shown beside the crate's own text, and what is refused."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from spanlab import Trace, UsageError, info, info_span, recording
from spanlab.view.fmt import file_name, log


class Page(HTMLParser):
    """What a reader sees of a page: its text, its elements, and what is marked as a thread."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.marked: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tags[-1] == "b":
            self.marked.append(data)
            self.tags.append("")


def page(trace: Trace, format: str = "pretty") -> Page:
    return Page(log(trace, format)._repr_mimebundle_()["text/html"])


@pytest.fixture
def trace() -> Trace:
    with recording() as trace, info_span("work", n=1).enter():
        info("one")
        info("two", k="v")
    return trace


def test_a_wrong_format_lists_the_right_ones(trace: Trace) -> None:
    """The message of the error names every format."""
    with pytest.raises(UsageError, match="pretty, full, compact, json, got 'tree'"):
        log(trace, "tree")


def test_wrong_span_events_list_the_right_ones(trace: Trace) -> None:
    """The message of the error names every span event."""
    with pytest.raises(UsageError, match=r"new, enter, exit, close, got 'end'.*'new\|close'"):
        log(trace, span_events="new|end")


def test_what_is_no_trace_is_refused() -> None:
    """A log needs a trace; the error shows how to get one."""
    with pytest.raises(UsageError, match=r"log\(run\(main\(\)\)\)"):
        log("pretty")  # type: ignore[arg-type]


def test_a_log_shows_itself(trace: Trace) -> None:
    """At a prompt the log is its own text."""
    assert repr(log(trace)) == str(log(trace)) == log(trace)._repr_mimebundle_()["text/plain"]


def test_the_time_is_utc_with_microseconds() -> None:
    """Virtual time starts in 2024."""
    rows = [("event", 1_234_567_890, 1, 0, "a.rs", 7, 3, "t", (("message", "hi"),), None, None)]
    text = str(log(Trace(rows), "full", time=True, thread_ids=False))
    assert text == "2024-01-01T00:00:01.234567Z  INFO hi\n"


def test_close_tells_how_long_a_span_was_busy() -> None:
    """Idle is all time between the making and the end of a span that is not busy."""
    times = iter([0, 0, 5_000, 20_500, 1_520_500_000])
    with recording(clock=lambda: next(times)) as trace:
        span = info_span("s")
        with span.enter():
            pass
        del span
    last = log(trace, "full", time=True, thread_ids=False, span_events="close").entries[-1]
    assert str(last).endswith("INFO s: close time.busy=15.5µs time.idle=1.52s\n")


def test_a_field_shows_only_in_events_after_it() -> None:
    """The log tells what was known at each event, not what is known at the end."""
    with recording() as trace:
        span = info_span("s", n=1)
        with span.enter():
            info("before")
            span.record("n", 2)
            info("after")
    before, after = map(str, log(trace, "full").entries)
    assert "s{n=1}:" in before
    assert "s{n=1 n=2}:" in after


@pytest.mark.parametrize("format", ["pretty", "full", "compact", "json"])
def test_events_are_numbered_and_their_threads_marked(trace: Trace, format: str) -> None:
    """The numbers are those of the other views; a thread is a colour and its name."""
    shown = page(trace, format)
    first, thread, second, other = shown.marked
    assert (first, second) == ("1", "2")
    assert "ThreadId(" in thread
    assert "ThreadId(" in other


def test_span_events_do_not_count_as_events(trace: Trace) -> None:
    """A number means the same event, whatever else is printed."""
    entries = log(trace, "full", span_events="full").entries
    assert [entry.number for entry in entries] == [0, 0, 1, 2, 0, 0]


def test_hostile_text_changes_neither_page_nor_direction() -> None:
    """Markup stays text, and what would steer a terminal or turn a line is written out."""
    with recording() as trace:
        span = info_span("</span><script>alert(1)</script>", k="\u202e<b>")
        with span.enter():
            info("\x1b[31m<img src=x onerror=alert(1)>\u202e\u2066\r\x00")
    shown = page(trace)
    assert set(shown.tags) - {""} == {"style", "div", "pre", "b"}
    assert "</span><script>alert(1)</script>" in shown.text
    assert "<img src=x onerror=alert(1)>\\u{202e}\\u{2066}\\u{d}\\u{0}" in shown.text
    assert all(char.isprintable() or char == "\n" for char in shown.text)


def test_a_path_below_the_current_directory_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths look as rustc gives them: relative to where the program is built."""
    monkeypatch.chdir(tmp_path)
    assert file_name(str(tmp_path / "src" / "main.py")) == "src/main.py"
    assert file_name("src/main.rs") == "src/main.rs"
    outside = str(tmp_path.parent / "other.py")
    assert file_name(outside) == outside


def test_a_cell_has_the_name_that_the_notebook_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython knows its cells; a cell of another kernel is a cell."""
    file = "/tmp/ipykernel_123/456.py"
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    assert file_name(file) == "cell"
    compiler = SimpleNamespace(format_code_name={file: ("Cell", "In[7]")}.get)
    shell = SimpleNamespace(compile=compiler)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell, raising=False)
    assert file_name(file) == "In[7]"
    assert file_name("<ipython-input-3-abc>") == "cell"
