"""spanlab does what the real crates did, on random programs that nobody tuned it to."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from spanlab import CurrentThread, Deadlock, Seeded, VirtualThreads, run

HERE = Path(__file__).parent

from driver import block, records, run_program  # noqa: E402
from driver_shared import clear  # noqa: E402

# Rust drops a future that was never polled without a word; Python has one for its coroutines.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine '.+' was never awaited:RuntimeWarning")


def load(family: str) -> list[tuple[dict[str, Any], list[Any]]]:
    """Pair each program with what the real crates recorded of it."""
    programs = (HERE / f"{family}.programs.jsonl").read_text().splitlines()
    recorded = (HERE / f"{family}.records.jsonl").read_text().splitlines()
    pairs = [(json.loads(p), json.loads(r)) for p, r in zip(programs, recorded, strict=True)]
    assert all(program["id"] == record["id"] for program, record in pairs)
    return [(program, record["records"]) for program, record in pairs]


def disagreeing(family: str, runtime: Any, view: Any) -> list[str]:
    """Name the programs of a family that differ, seen through `view`."""
    return [
        program["id"]
        for program, wanted in load(family)
        if view(records(run_program(program, runtime))) != view(wanted)
    ]


def events(found: list[Any]) -> Counter[Any]:
    return Counter((record[1], tuple(record[2])) for record in found if record[0] == "event")


@pytest.mark.parametrize("family", ["current_thread", "guards"])
def test_every_record_agrees_in_order(family: str) -> None:
    """On one thread nothing is left to chance, so nothing may differ."""
    assert len(load(family)) == 300
    assert disagreeing(family, CurrentThread(), list) == []


def test_every_record_of_real_shapes_agrees_in_order() -> None:
    """Channels, streams, timeouts, local sets: what programs are made of."""
    assert len(load("async")) == 600
    assert disagreeing("async", CurrentThread(), list) == []


def test_who_waits_in_vain_gets_what_it_gets_in_rust() -> None:
    """A channel never read, a receiver gone, a lock whose holder panics, a timeout of 0."""
    assert disagreeing("hold", CurrentThread(), list) == []


@pytest.mark.parametrize(
    "program",
    [program for program, recorded in load("hold") if recorded[-1:] == [["deadlock"]]],
    ids=lambda program: program["id"],
)
def test_who_waits_for_ever_is_named(program: dict[str, Any]) -> None:
    """Where the real ones hang, the error says who waits, where, and for what."""
    with pytest.raises(Deadlock, match=r"driver_\w+\.py:\d+\) waits for (a|one|task) .+"):
        run(block(program["body"]), on=CurrentThread())
    clear()


@pytest.mark.parametrize("schedule", [None, *map(Seeded, range(10))], ids=str)
def test_messages_and_scopes_agree_on_virtual_threads(schedule: Any) -> None:
    """Where threads race, what is logged and under which spans does not depend on the race."""
    assert len(load("multi_thread")) == 297
    assert disagreeing("multi_thread", VirtualThreads(4, schedule), events) == []


def test_main_logs_on_its_thread_and_tasks_elsewhere() -> None:
    """The main future stays on thread 0, spawned tasks never run there."""
    for program, _ in load("multi_thread"):
        for event in run_program(program, VirtualThreads(4)).events:
            assert event.task is None or (event.thread == 1) == (event.task == 0)
