"""Real threads: they agree with the real crates, run in parallel, and nothing is lost."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from soak import often, went_well
from test_conformance import events, load
from test_faults import nothing_left

from spanlab import (
    JoinError,
    JoinSet,
    OsThreads,
    Trace,
    UsageError,
    info,
    info_span,
    run,
    sleep,
    spawn,
    spawn_blocking,
    yield_now,
)
from spanlab.tokio.host import ending

from driver import records, run_program  # isort: skip

# ---------------------------------------------------------------- the real crates


@pytest.mark.parametrize("workers", [4, 1])
def test_messages_scopes_and_threads_agree(workers: int) -> None:
    """What is logged, under which spans, and who is on the main thread, for every program."""
    programs = load("multi_thread")
    assert len(programs) == 297
    for _ in range(often(1, 10)):
        for program, wanted in programs:
            trace = run_program(program, OsThreads(workers))
            assert events(records(trace)) == events(wanted), program["id"]
            for event in trace.events:
                assert event.task is None or (event.thread == 1) == (event.task == 0), program["id"]


def test_threads_are_numbered_as_in_a_fresh_process() -> None:
    """Main is 1, the workers follow, then the first thread of the blocking pool."""

    async def main() -> None:
        await spawn_blocking(lambda: info("blocked"))

    trace = run(main(), on=OsThreads(3))
    assert {n: thread.name for n, thread in trace.threads.items()} == {
        1: "main", **dict.fromkeys([2, 3, 4, 5], "tokio-rt-worker"),
    }  # fmt: skip
    assert [event.thread for event in trace.events] == [5]


# ---------------------------------------------------------------- in parallel


def test_two_tasks_are_polled_at_the_same_time() -> None:
    """Each waits inside its poll for the other one."""
    both = threading.Barrier(2, timeout=10)

    async def meet() -> int:
        return both.wait()

    async def main() -> set[int]:
        handles = [spawn(meet()), spawn(meet())]
        return {await handle for handle in handles}

    assert run(main(), on=OsThreads(2)).result == {0, 1}


def test_the_main_future_is_polled_beside_the_tasks() -> None:
    """Main and a task meet inside their polls."""
    both = threading.Barrier(2, timeout=10)

    async def meet() -> None:
        both.wait()

    async def main() -> None:
        handle = spawn(meet())
        both.wait()
        await handle

    run(main(), on=OsThreads(1))


def test_work_is_stolen_from_a_worker_in_a_long_poll() -> None:
    """What waits in its queue goes on elsewhere; what is in its LIFO slot does not."""
    stolen = threading.Event()

    async def thief() -> None:
        stolen.set()

    async def busy() -> bool:
        spawn(thief())  # pushed out of the LIFO slot into the queue
        spawn(thief())
        return stolen.wait(10)

    async def main() -> bool:
        return await spawn(busy())

    assert run(main(), on=OsThreads(2)).result


def test_two_tasks_that_wake_each_other_do_not_starve_a_third() -> None:
    """The LIFO slot goes first three times in a row at most."""
    over: list[bool] = []

    async def ping_pong() -> None:
        while not over:
            await spawn(nothing())

    async def nothing() -> None:
        pass

    async def third() -> None:
        over.append(True)

    async def main() -> None:
        players = spawn(ping_pong())
        await spawn(third())
        await players

    run(main(), on=OsThreads(1))


def test_blocking_work_runs_beside_all_workers() -> None:
    """The pool has as many threads as it needs, and takes one again."""
    all_of_them = threading.Barrier(6, timeout=10)

    async def main() -> None:
        handles = [spawn_blocking(all_of_them.wait) for _ in range(6)]
        for handle in handles:
            await handle
        await spawn_blocking(lambda: None)

    trace = run(main(), on=OsThreads(1))
    assert len(trace.threads) == 1 + 1 + 6


# ---------------------------------------------------------------- nothing is lost


async def worker() -> None:
    info("0")
    info("1")
    await yield_now()
    info("2")
    info("3")


def test_under_load_no_record_is_lost_or_out_of_order() -> None:
    """Each task's records are complete and in its order, and no span stays on a stack."""
    tasks = often(5_000, 200_000)

    async def main() -> None:
        handles = [spawn(info_span("task").instrument(worker())) for _ in range(tasks)]
        for handle in handles:
            await handle

    start = time.perf_counter()
    with nothing_left():
        trace = run(main(), on=OsThreads(8), polls=10**7, records=10**7)
    longest = time.perf_counter() - start
    check_order(trace, tasks)
    went_well("a task on one of 8 workers, all in one run", tasks, longest)


def check_order(trace: Trace, tasks: int) -> None:
    kinds, messages, times = defaultdict(list), defaultdict(list), defaultdict(list)
    for kind, when, thread, task, *what in trace.rows:
        times[thread].append(when)
        if kind == "event":
            messages[task].append(dict(what[4])["message"])
            assert what[5] == what[6] is not None
        elif kind != "wake":
            kinds[task].append(kind)
    del kinds[0], kinds[None]
    assert len(kinds) == tasks
    assert set(map(tuple, messages.values())) == {("0", "1", "2", "3")}
    poll = ["poll", "enter", "exit"]
    drop = ["enter", "exit", "close"]
    whole = (*poll, "polled", *poll, *drop, "polled", "finish")
    assert set(map(tuple, kinds.values())) == {whole}
    assert all(a <= b for each in times.values() for a, b in pairwise(each))


def test_memory_is_flat_when_traces_are_dropped() -> None:
    """Run after run, nothing is kept: no record, no task, no thread."""

    async def main() -> None:
        tasks = JoinSet()
        for _ in range(50):
            tasks.spawn(info_span("task").instrument(worker()))
        tasks.spawn_blocking(lambda: info("blocked"))
        while await tasks.join_next():
            pass
        spawn(sleep(1))

    runtime, blocks = OsThreads(4), []
    for turn in range(often(40, 200)):
        run(main(), on=runtime)
        if turn >= 20:
            gc.collect()
            blocks.append(sys.getallocatedblocks())
    assert max(blocks[-10:]) < min(blocks[:10]) + 500  # one trace has thousands


def test_no_timer_is_lost() -> None:
    """Timers are set and fire while other workers park and wake."""

    async def sleeper(i: int) -> int:
        for _ in range(5):
            await sleep(0.001 * (i % 3))
        return i

    async def main() -> int:
        handles = [spawn(sleeper(i)) for i in range(100)]
        return sum([await handle for handle in handles])

    for _ in range(often(3, 100)):
        assert run(main(), on=OsThreads(4)).result == 4950


def test_no_task_of_a_set_is_lost() -> None:
    """A task may end before the set has noted it."""

    async def nothing() -> None:
        pass

    async def main() -> int:
        tasks, joined = JoinSet(), 0
        for _ in range(500):
            tasks.spawn(nothing())
        while await tasks.join_next():
            joined += 1
        return joined

    for _ in range(often(5, 200)):
        assert run(main(), on=OsThreads(4)).result == 500


def test_an_abort_meets_a_task_that_runs_elsewhere() -> None:
    """However they race, the task ends once, and its handle tells."""

    async def task() -> str:
        for _ in range(3):
            await yield_now()
        return "ok"

    async def is_cancelled(handle: Any) -> Any:
        try:
            return await handle
        except JoinError as error:
            return error.is_cancelled()

    async def main() -> int:
        ended = 0
        for _ in range(200):
            handle = spawn(task())
            await yield_now()
            handle.abort()
            ended += await is_cancelled(handle) in (True, "ok")
        return ended

    for _ in range(often(5, 200)):
        assert run(main(), on=OsThreads(4)).result == 200


# ---------------------------------------------------------------- the end of a run


def test_what_is_left_is_dropped_and_every_thread_joined() -> None:
    """Detached tasks and work that has not begun end with the run."""
    begun = threading.Event()

    async def forever() -> None:
        with info_span("forever").enter():
            begun.set()
        await sleep(1_000)

    async def main() -> None:
        spawn(forever())
        await spawn_blocking(lambda: begun.wait(10))

    with nothing_left():
        trace = run(main(), on=OsThreads(2))
    assert {end.outcome for end in trace.records if hasattr(end, "outcome")} == {"ok", "cancelled"}


def test_a_poll_that_never_ends_is_stopped_after_the_run(monkeypatch: Any) -> None:
    """A detached task in a loop without an await does not hold up the end for long."""
    monkeypatch.setattr(ending, "PATIENCE", 0.1)

    async def forever() -> None:
        while True:
            pass

    async def main() -> None:
        spawn(forever())
        await sleep(0.001)

    runtime = OsThreads(2)
    with nothing_left():
        run(main(), on=runtime)
    test_no_timer_is_lost()


@pytest.mark.parametrize("workers", [0, -1, 1.5, "4", True, 257, 20_000])
def test_a_number_of_workers_is_a_number(workers: Any) -> None:
    """Zero workers would never do anything."""
    with pytest.raises(UsageError, match="from 1 to 256 workers"):
        OsThreads(workers)
