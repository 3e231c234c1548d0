"""The tape: rows written flat, in pieces, and cut into rows again when somebody reads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    JoinError,
    OsThreads,
    VirtualThreads,
    info,
    info_span,
    instrument,
    join,
    pending,
    recording,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    spawn_thread,
    yield_now,
)
from spanlab.record import KINDS, WIDTHS
from spanlab.tape import FULL, Tape

EXIT = ("exit", 0, 1, None, "", 0)


def test_rows_come_back_as_they_were_written_however_the_tape_is_turned() -> None:
    """A piece ends between two rows, never within one."""
    tape, rows = Tape(), [(*EXIT, n) for n in range(100)]
    for row in rows:
        tape.extend(row)
        if row[-1] % 7 == 0:
            tape.turn()
    assert tape.rows() == rows
    assert tape.past == 100 * WIDTHS["exit"]


def test_what_is_written_after_a_look_follows_what_was_read() -> None:
    """Whoever reads while a program runs sees each row once."""
    with recording() as trace:
        for n in range(50):
            info("again", n=n)
            assert len(trace.events) == n + 1
    assert [dict(event.fields)["n"] for event in trace.events] == [*range(50)]


def test_a_long_recording_is_put_aside_in_pieces() -> None:
    """What is being written stays short."""
    with recording() as trace:
        for n in range(FULL // 10):
            info("again", n=n)
    assert len(trace.tape) < FULL + 100
    assert trace.tape.aside
    assert [dict(event.fields)["n"] for event in trace.events] == [*range(FULL // 10)]


def test_threads_may_write_while_others_read() -> None:
    """No row is lost, and each thread's are in order."""
    with recording() as trace:

        def write() -> None:
            for n in range(5_000):
                info("again", n=n)

        threads = [threading.Thread(target=write) for _ in range(3)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            len(trace)
    said: dict[int, list[Any]] = {}
    for event in trace.events:
        said.setdefault(event.thread, []).append(dict(event.fields)["n"])
    assert list(said.values()) == [[*range(5_000)]] * 3


@instrument
async def work(n: int) -> None:
    info("working", n=n)
    await yield_now()


async def panics() -> None:
    raise ValueError("on purpose")


async def program() -> None:
    """Leave a record of each kind."""
    with info_span("outer").enter():
        info_span("effect", a=None).record("a", 1).follows_from(info_span("cause"))
        info_span("named", parent=None)
        info("named", parent=None)
    await spawn(work(1))
    await select(join(work(2), yield_now()), sleep(1))
    spawn(pending()).abort()
    await sleep(0.01)
    spawn_thread(lambda: info("on a thread")).join()
    await spawn_blocking(lambda: None)
    with pytest.raises(JoinError):
        await spawn(panics())


@pytest.mark.parametrize("make", [CurrentThread, VirtualThreads, lambda: OsThreads(2), AsyncioLoop])
def test_every_row_has_the_width_of_its_kind(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever there is to say, all of its places are filled."""
    kinds = set[str]()

    class Strict(Tape):
        def extend(self, row: Any) -> None:
            assert len(row) == WIDTHS[row[0]], row
            kinds.add(row[0])
            super().extend(row)

    monkeypatch.setattr("spanlab.traces.Tape", Strict)
    run(program(), on=make())
    assert KINDS.keys() - kinds <= {"park"}
