"""A long run says how far it has come, where somebody looks, and takes it away again."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from spanlab import AsyncioLoop, OsThreads, explore, run, sleep, spawn, yield_now
from spanlab.tokio.host import progress
from spanlab.tokio.host.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the module takes for the standard streams: at first a pipe and a terminal."""
    streams = SimpleNamespace(stdout=io.StringIO(), stderr=Terminal())
    monkeypatch.setattr(progress, "sys", streams)
    return streams


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, streams: SimpleNamespace) -> Terminal:
    """A terminal, and no patience."""
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(progress, "EVERY", 0)
    return streams.stderr


def test_a_line_is_rewritten_and_cleared(terminal: Terminal) -> None:
    """A shorter text covers the longer one, and nothing stays."""
    line = Progress()
    line.show("100 polls")
    line.show("7 polls")
    line.clear()
    line.clear()
    assert terminal.getvalue() == "\r100 polls\r7 polls  \r       \r"


def test_nothing_is_shown_for_half_a_second(streams: SimpleNamespace) -> None:
    """A short run stays silent."""
    Progress().show("too early")
    assert streams.stderr.getvalue() == ""


def test_only_the_main_thread_draws(terminal: Terminal) -> None:
    """What another thread printed would land in another cell."""
    line = Progress()
    thread = threading.Thread(target=line.show, args=("elsewhere",))
    thread.start()
    thread.join()
    assert terminal.getvalue() == ""


def test_nothing_is_drawn_where_nobody_looks(terminal: Terminal, streams: SimpleNamespace) -> None:
    """A pipe or a file gets none of it."""
    streams.stderr = io.StringIO()
    Progress().show("7 polls")
    assert streams.stderr.getvalue() == streams.stdout.getvalue() == ""


def test_a_notebook_shows_it_in_the_cell(terminal: Terminal, streams: SimpleNamespace) -> None:
    """There the standard output is the cell's."""
    streams.stdout = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    Progress().show("7 polls")
    assert (streams.stdout.getvalue(), terminal.getvalue()) == ("\r7 polls", "")


async def long() -> None:
    for _ in range(1_100):
        await yield_now()
    await sleep(0.12)


@pytest.mark.parametrize("on", [None, OsThreads(2), AsyncioLoop()], ids=str)
def test_a_run_shows_its_polls(terminal: Terminal, on: Any) -> None:
    """Whatever polls, and also while all wait."""

    async def main() -> None:
        await spawn(long())

    run(main(), on=on)
    assert " polls, 1 tasks left" in terminal.getvalue()
    assert terminal.getvalue().endswith(" \r")


def test_explore_shows_its_runs(terminal: Terminal) -> None:
    """And how many outcomes it has found."""

    async def main() -> None:
        await spawn(yield_now())

    explore(main)
    assert "\r1 runs, 1 outcomes" in terminal.getvalue()
