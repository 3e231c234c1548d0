"""One runtime, one program; one function, one thread; one interrupt, one end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest
from test_faults import each_runtime, fine, nothing_left

from spanlab import (
    AsyncioLoop,
    Future,
    OsThreads,
    Pending,
    UsageError,
    arun,
    info,
    pending,
    run,
    spawn_blocking,
    spawn_thread,
    threads,
    yield_now,
)

REAL = {"OsThreads": lambda: OsThreads(2), "AsyncioLoop": AsyncioLoop}


@each_runtime
def test_a_runtime_in_use_is_refused_by_name(make: Callable[[], Any]) -> None:
    """From another thread, while it runs a program; when that has ended it is free again."""
    runtime, running, over = make(), threading.Event(), threading.Event()

    async def main() -> str:
        running.set()
        over.wait(10)
        return "ran"

    results: list[Any] = []
    other = threading.Thread(target=lambda: results.append(run(main(), on=runtime).result))
    other.start()
    running.wait(10)
    try:
        with pytest.raises(UsageError, match=rf"{type(runtime).__name__}.*is running one already"):
            run(fine(), on=runtime)
    finally:
        over.set()
        other.join()
    assert results == ["ran"]
    assert run(fine(), on=runtime).result == [0, 1, 2, 3, 4]


def test_two_arun_need_two_runtimes() -> None:
    """The second is refused before it begins, and the first goes on."""
    runtime = AsyncioLoop()

    async def main() -> Any:
        both = arun(asyncio.sleep(0.01, 1), on=runtime), arun(asyncio.sleep(0.01, 2), on=runtime)
        return await asyncio.gather(*both, return_exceptions=True)

    first, second = asyncio.run(main())
    assert first.result == 1
    assert isinstance(second, UsageError)


async def never() -> None:
    info("never")


@each_runtime
@pytest.mark.parametrize("given", [never, never()], ids=["async function", "coroutine"])
def test_a_thread_takes_a_plain_function(make: Callable[[], Any], given: Any) -> None:
    """An async function would only be called, and nothing would ever poll what it gives."""

    async def main() -> None:
        spawn_thread(given)

    with pytest.raises(UsageError, match=r"spawn_thread\(\) needs a"):
        run(main(), on=make())


@each_runtime
@pytest.mark.parametrize("error", [SystemExit(3), BaseException("end"), ValueError("no")])
def test_a_thread_s_end_is_raised_where_it_is_joined(
    make: Callable[[], Any], error: BaseException
) -> None:
    """Whatever it was, it is itself, and ends the run unless somebody catches it."""

    def fail() -> None:
        raise error

    async def main() -> None:
        spawn_thread(fail).join()

    with nothing_left(), pytest.raises(type(error)) as caught:
        run(main(), on=make())
    assert caught.value is error


slept: list[bool] = []


def nap() -> None:
    time.sleep(1.5)
    slept.append(True)


async def sleeps_in_a_thread() -> None:
    spawn_thread(nap).join()


async def sleeps_in_the_pool() -> None:
    await spawn_blocking(nap)


async def sleeps_in_asyncio() -> None:
    await asyncio.sleep(1.5)
    slept.append(True)


async def sleeps_in_asyncio_s_pool() -> None:
    await asyncio.to_thread(nap)


@pytest.mark.parametrize(
    ("make", "program"),
    [
        (REAL["OsThreads"], sleeps_in_a_thread),
        (REAL["OsThreads"], sleeps_in_the_pool),
        (REAL["AsyncioLoop"], sleeps_in_a_thread),
        (REAL["AsyncioLoop"], sleeps_in_the_pool),
        (REAL["AsyncioLoop"], sleeps_in_asyncio),
        (REAL["AsyncioLoop"], sleeps_in_asyncio_s_pool),
    ],
)
def test_an_interrupt_is_heard_before_the_wait_is_over(
    make: Callable[[], Any], program: Callable[[], Any]
) -> None:
    """Where no poll comes: the run ends while what it waited for goes on, and the next is right."""
    waits = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    slept.clear()
    before = {*threading.enumerate()}
    begin = time.monotonic()
    waits.start()
    with pytest.raises(KeyboardInterrupt):
        run(program(), on=make())
    print(f"heard after {time.monotonic() - begin - 0.1:.3f} s")
    assert not slept
    assert run(fine(), on=make()).result == [0, 1, 2, 3, 4]
    for still_asleep in {*threading.enumerate()} - before:
        still_asleep.join()


@each_runtime
def test_a_handler_of_the_program_s_own_stays(make: Callable[[], Any]) -> None:
    """Installed before the run or in it, it is there after it."""

    def mine(number: int, frame: Any) -> None:
        pass

    async def main() -> None:
        signal.signal(signal.SIGINT, mine)

    before = signal.getsignal(signal.SIGINT)
    try:
        for _ in range(2):
            run(main(), on=make())
            assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)
    assert sys.exception() is None


@each_runtime
def test_an_interrupt_ends_the_threads_of_the_program(make: Callable[[], Any]) -> None:
    """Those of `spawn_thread` as well, joined or not: nothing works on unseen."""

    def counts() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            time.sleep(0.001)

    async def main() -> None:
        spawn_thread(counts)
        await pending()

    with nothing_left(), pytest.raises(KeyboardInterrupt):
        run(main(), on=make())


def served(inbox: SimpleQueue[Any]) -> None:
    while (reply := inbox.get()) is not None:
        info("executing")
        reply.append(True)
    info("worker ends")


@each_runtime
def test_a_thread_may_wait_for_messages(make: Callable[[], Any]) -> None:
    """It is a real thread, so that the program goes on beside it; the lines keep their order."""

    async def main() -> None:
        inbox: SimpleQueue[Any] = SimpleQueue()
        thread = spawn_thread(lambda: served(inbox))
        for n in range(2):
            reply: list[bool] = []
            inbox.put(reply)
            while not reply:
                await yield_now()
            info(f"done {n}")
        inbox.put(None)
        thread.join()

    with nothing_left():
        trace = run(main(), on=make())
    lines = ["executing", "done 0", "executing", "done 1", "worker ends"]
    assert [event.message for event in trace.events] == lines


@each_runtime
def test_a_thread_may_look_again_and_again(make: Callable[[], Any]) -> None:
    """One that mostly sleeps is left to itself, though it never stands still."""

    async def main() -> str:
        sent: list[str] = []

        def looks() -> str:
            while not sent:
                time.sleep(0.002)
            return sent[0]

        thread = spawn_thread(looks)
        sent.append("sent")
        return thread.join()

    with nothing_left():
        assert run(main(), on=make()).result == "sent"


@each_runtime
def test_a_thread_wakes_what_waits_for_it(make: Callable[[], Any]) -> None:
    """A program in which nothing else is left waits for the thread, and is not called stuck."""

    class Told(Future[str]):
        waker: Any = None
        told = False

        def poll(self) -> str | Pending:
            self.waker = threads.local.thread.waker
            return "told" if self.told else Pending("a thread")

    async def main() -> str:
        told = Told()

        def tell() -> None:
            time.sleep(0.2)
            told.told = True
            told.waker.wake()

        thread = spawn_thread(tell)
        said = await told
        thread.join()
        return said

    with nothing_left():
        assert run(main(), on=make()).result == "told"
