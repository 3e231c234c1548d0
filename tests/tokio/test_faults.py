"""Whatever breaks in a run, wherever it is: the run ends, leaves nothing, and the next is right."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from soak import SOAK, often, went_well

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    JoinError,
    JoinSet,
    OsThreads,
    PollBudgetExceeded,
    Seeded,
    VirtualThreads,
    explore,
    info,
    info_span,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    threads,
    yield_now,
)
from spanlab.recorder import Recorder

RUNTIMES = {
    "CurrentThread": CurrentThread,
    "VirtualThreads": lambda: VirtualThreads(4, Seeded(7)),
    "OsThreads": lambda: OsThreads(4),
    "AsyncioLoop": AsyncioLoop,
}
each_runtime = pytest.mark.parametrize("make", RUNTIMES.values(), ids=RUNTIMES)
RUNS = often(15, 1_000)


class Panic(Exception):
    pass


class Fault:
    """Does something at one of the steps of a program, and knows who can be aborted then."""

    def __init__(self, at: int, kind: str) -> None:
        self.left, self.kind = at, kind
        self.handles: list[Any] = []
        self.lock = threading.Lock()

    def step(self) -> None:
        with self.lock:
            self.left -= 1
            due = self.left == 0
        if due:
            getattr(self, self.kind)()

    def exception(self) -> None:
        raise Panic

    def abort(self) -> None:
        for handle in self.handles:
            handle.abort()

    def interrupt(self) -> None:
        raise KeyboardInterrupt

    def signal(self) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


async def program(fault: Fault) -> str:
    """Do a little of everything, and step before, within and after it."""
    tasks = JoinSet()
    for _ in range(3):
        fault.handles.append(tasks.spawn(info_span("worker").instrument(worker(fault))))
    fault.step()
    while joined := await tasks.join_next():
        fault.step()
        with info_span("joined").enter():
            info("joined", ok=joined.error is None)
    return "done"


async def worker(fault: Fault) -> None:
    fault.step()
    child = spawn(leaf(fault))
    fault.handles.append(child)
    await yield_now()
    fault.step()
    await select(sleep(0.001), leaf(fault))
    try:
        await child
    except JoinError:
        info("no child")
    await spawn_blocking(lambda: info_span("blocked").in_scope(fault.step))
    fault.step()


async def leaf(fault: Fault) -> None:
    with info_span("leaf").enter():
        fault.step()
    await yield_now()
    fault.step()


@contextmanager
def nothing_left() -> Iterator[None]:
    """Check after a run that no thread goes on, no stack holds a span, and none is current."""
    made: list[threads.Thread] = []
    make = Recorder.thread

    def thread(self: Recorder, *args: Any, **kwargs: Any) -> threads.Thread:
        made.append(make(self, *args, **kwargs))
        return made[-1]

    before = threading.active_count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recorder, "thread", thread)
        yield
    assert threading.active_count() <= before  # those of earlier runs may end meanwhile
    assert [thread for thread in made if thread.span_stack] == []
    assert threads.local.thread is None
    assert threads.process.recorder is None


async def fine() -> list[int]:
    async def child(i: int) -> int:
        await yield_now()
        return i

    handles = [spawn(child(i)) for i in range(5)]
    return [await handle for handle in handles]


ERRORS = {
    "exception": Panic, "abort": None, "interrupt": KeyboardInterrupt, "signal": KeyboardInterrupt,
}  # fmt: skip


def ended(work: Callable[[], Any]) -> Any:
    """Give the result of a run, or the type of the error that ended it, which has the trace."""
    try:
        return work().result
    except (KeyboardInterrupt, Panic) as error:
        return type(error) if error.trace.records else "no trace"


@each_runtime
@pytest.mark.parametrize("kind", ERRORS)
def test_a_fault_anywhere_ends_the_run_and_not_the_next(make: Callable[[], Any], kind: str) -> None:
    """An exception, an abort or an interrupt at a random poll; the next run is right.

    It may end the run or only a task, and a step may come too late for it.
    """
    seed = random.randrange(10**6)
    chance, runtime, longest = random.Random(seed), make(), 0.0
    for turn in range(RUNS):
        at = chance.randrange(1, 28)
        where = f"seed {seed}, turn {turn}, step {at}"
        start = time.monotonic()
        with nothing_left():
            outcome = ended(lambda at=at: run(program(Fault(at, kind)), on=runtime))
            assert outcome in ("done", ERRORS[kind]), where
        longest = max(longest, time.monotonic() - start)
        assert run(fine(), on=runtime).result == [0, 1, 2, 3, 4], where
    went_well("a fault at a random poll: exception, abort, interrupt, signal", RUNS, longest)
    assert longest < 1 or not SOAK


class Alarm:
    """Sends an interrupt to the process after some time, from a thread of its own.

    Between two runs Python itself may swallow one, in a `__del__`; so it is sent until it is heard.
    """

    def __init__(self) -> None:
        self.set, self.heard = threading.Event(), threading.Event()
        self.seconds: float | None = None
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self) -> None:
        while self.set.wait() and self.seconds is not None:
            time.sleep(self.seconds)
            self.set.clear()
            os.kill(os.getpid(), signal.SIGINT)
            while not self.heard.wait(2):
                os.kill(os.getpid(), signal.SIGINT)
            self.heard.clear()

    def __call__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.set.set()


@pytest.mark.filterwarnings("ignore:coroutine 'fine' was never awaited")  # it came before the run
@pytest.mark.filterwarnings("ignore:Exception ignored in.*WeakSet")  # between two runs
@each_runtime
def test_an_interrupt_at_any_instant_leaves_nothing(make: Callable[[], Any]) -> None:
    """Not only at a poll: wherever the main thread is, within our own code too."""
    chance, runtime, alarm, interrupted, longest = random.Random(7), make(), Alarm(), 0, 0.0

    def until_interrupted() -> None:
        while True:
            assert run(fine(), on=runtime).result == [0, 1, 2, 3, 4]

    try:
        for _ in range(RUNS):
            with nothing_left():
                seconds = chance.uniform(0.0001, 0.01)
                begin = time.monotonic()
                alarm(seconds)
                try:
                    until_interrupted()
                except KeyboardInterrupt:
                    interrupted += 1
                    longest = max(longest, time.monotonic() - begin - seconds)
                    alarm.heard.set()
            assert run(fine(), on=runtime).result == [0, 1, 2, 3, 4]
    finally:
        alarm.heard.set()
        alarm(None)
        alarm.thread.join()
    assert interrupted == RUNS
    went_well("an interrupt at any instant", RUNS, longest)


@each_runtime
def test_a_program_that_never_stops_is_stopped_with_the_place(make: Callable[[], Any]) -> None:
    """The poll budget ends it, and says which task was next and on which line it stood."""

    async def spin() -> None:
        while True:
            await yield_now()

    async def main() -> None:
        await spawn(spin())

    runtime = make()
    with nothing_left(), pytest.raises(PollBudgetExceeded) as caught:
        run(main(), on=runtime, polls=500)
    assert re.search(r"task 1, 'spin' at .*test_faults\.py:\d+\. .*polls=5000", str(caught.value))
    assert run(fine(), on=runtime).result == [0, 1, 2, 3, 4]


@each_runtime
def test_a_main_future_that_never_stops_is_stopped_too(make: Callable[[], Any]) -> None:
    """The budget counts the polls of the main future as well."""

    async def main() -> None:
        while True:
            await yield_now()

    with nothing_left(), pytest.raises(PollBudgetExceeded, match=r"'main' at .*test_faults\.py:"):
        run(main(), on=make(), polls=500)


@each_runtime
def test_an_error_in_a_drop_ends_the_task_and_not_the_run(make: Callable[[], Any]) -> None:
    """What a `finally` raises while an aborted task is dropped is that task's panic."""

    async def stubborn() -> None:
        try:
            await sleep(10)
        finally:
            raise Panic

    async def main() -> bool:
        handle = spawn(stubborn())
        await yield_now()
        await sleep(0.001)
        handle.abort()
        try:
            await handle
        except JoinError as error:
            return error.is_panic()
        return False

    runtime = make()
    with nothing_left():
        assert run(main(), on=runtime).result
    assert run(fine(), on=runtime).result == [0, 1, 2, 3, 4]


@each_runtime
def test_an_interrupt_while_everything_waits_ends_the_run(make: Callable[[], Any]) -> None:
    """Nobody polls, so nobody could raise it: the thread that waits does."""
    main_thread = threading.main_thread().ident or 0

    async def main() -> None:
        wait = 10 if runtime.clock is None else 0.001  # a virtual clock does not wait
        spawn_blocking(lambda: signal.pthread_kill(main_thread, signal.SIGINT))
        await sleep(wait)
        await sleep(wait)

    runtime = make()
    start = time.monotonic()
    with nothing_left(), pytest.raises(KeyboardInterrupt):
        run(main(), on=runtime)
    assert time.monotonic() - start < 5
    assert run(fine(), on=runtime).result == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("make", [lambda: OsThreads(2), AsyncioLoop], ids=["OsThreads", "Asyncio"])
def test_an_interrupt_ends_threads_that_go_on(make: Callable[[], Any]) -> None:
    """A function that never returns is stopped on its own thread."""

    def forever() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        while True:
            pass

    async def main() -> None:
        await spawn_blocking(forever)

    with nothing_left(), pytest.raises(KeyboardInterrupt):
        run(main(), on=make())


def test_an_interrupt_ends_the_search() -> None:
    """`explore` stops in the middle of a run as `run` does."""

    async def main() -> None:
        await spawn(task())

    async def task() -> None:
        signal.raise_signal(signal.SIGINT)

    with nothing_left(), pytest.raises(KeyboardInterrupt):
        explore(main)
