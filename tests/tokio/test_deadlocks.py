"""A program that can never finish ends in an error that says who waits for what."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from queue import Queue, SimpleQueue
from typing import Any

import pytest

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Deadlock,
    Future,
    Handle,
    JoinSet,
    OsThreads,
    Pending,
    VirtualThreads,
    explore,
    info,
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
from spanlab.tokio.host import still

RUNTIMES = {
    "CurrentThread": CurrentThread,
    "VirtualThreads": lambda: VirtualThreads(4),
    "OsThreads": lambda: OsThreads(4),
    "AsyncioLoop": AsyncioLoop,
}


class Receive(Future[Any]):
    """What waits for a message; whoever sends would have to wake it."""

    def __init__(self, channel: list[Any]) -> None:
        self.channel = channel

    def poll(self) -> Any:
        return self.channel.pop() if self.channel else Pending("a message")


async def forever() -> None:
    await pending()


async def wait_for(handles: list[Any]) -> None:
    await yield_now()  # by then the handle is in the list
    await handles[0]


async def main_waits_for_nothing() -> None:
    await pending()


async def joins_a_task_that_waits_forever() -> None:
    await spawn(forever())


async def joins_itself() -> None:
    handles: list[Any] = []
    handles.append(spawn(wait_for(handles)))
    await sleep(0.01)
    await pending()


async def a_cycle_of_joins() -> None:
    first: list[Any] = []
    second: list[Any] = []
    first.append(spawn(wait_for(second)))
    second.append(spawn(wait_for(first)))
    await join(pending(), yield_now())


async def a_channel_that_no_one_sends_on() -> None:
    channel: list[Any] = []
    await spawn(receive(channel))


async def receive(channel: list[Any]) -> None:
    await Receive(channel)


async def a_set_of_tasks_that_wait_forever() -> None:
    tasks = JoinSet()
    tasks.spawn(forever())
    tasks.spawn(forever())
    while await tasks.join_next():
        pass


async def a_select_whose_branches_never_come() -> None:
    await select(pending(), forever())


async def a_join_of_which_one_half_never_comes() -> None:
    await join(sleep(0.001), forever())


async def two_wait_for_each_other_s_message() -> None:
    here: list[Any] = []
    there: list[Any] = []

    async def answer(ask: list[Any], reply: list[Any]) -> None:
        await Receive(ask)
        reply.append("answer")

    await join(spawn(answer(here, there)), spawn(answer(there, here)))


async def a_task_that_waits_for_the_main_future() -> None:
    told: list[Any] = []
    task = spawn(receive(told))
    await task
    told.append("main is done")


async def what_blocked_work_was_to_wake() -> None:
    channel: list[Any] = []
    await spawn_blocking(lambda: channel)
    await Receive(channel)


KINDS: dict[Callable[[], Any], list[str]] = {
    main_waits_for_nothing: ["main future .* waits for something that never comes"],
    joins_a_task_that_waits_forever: [
        "main future .* waits for task 1",
        "task 1 .'forever', .* waits for something that never comes",
    ],
    joins_itself: ["task 1 .'wait_for', .* waits for task 1"],
    a_cycle_of_joins: [
        "task 1 .'wait_for', .* waits for task 2",
        "task 2 .'wait_for', .* waits for task 1",
    ],
    a_channel_that_no_one_sends_on: ["task 1 .'receive', .* waits for a message"],
    a_set_of_tasks_that_wait_forever: ["main future .* waits for one of its tasks: 1, 2"],
    a_select_whose_branches_never_come: ["main future .* waits for something that never comes"],
    a_join_of_which_one_half_never_comes: ["main future .* waits for something that never comes"],
    two_wait_for_each_other_s_message: [
        "main future .* waits for task [12]",
        "task 1 .'answer', .* waits for a message",
        "task 2 .'answer', .* waits for a message",
    ],
    a_task_that_waits_for_the_main_future: [
        "main future .* waits for task 1",
        "task 1 .'receive', .* waits for a message",
    ],
    what_blocked_work_was_to_wake: ["main future .* waits for a message"],
}


@pytest.mark.parametrize("make", RUNTIMES.values(), ids=RUNTIMES)
@pytest.mark.parametrize("main", KINDS, ids=lambda main: main.__name__)
def test_a_deadlock_is_named(main: Callable[[], Any], make: Callable[[], Any]) -> None:
    """Everyone who waits is listed with the place and with what it waits for, within a second."""
    with pytest.raises(Deadlock) as caught:
        run(main(), on=make())
    message = str(caught.value)
    for line in KINDS[main]:
        assert re.search(f"(?m)^  {line}", message), message
    assert "test_deadlocks.py:" in message
    assert caught.value.trace.records


@pytest.mark.parametrize("make", RUNTIMES.values(), ids=RUNTIMES)
def test_a_long_wait_is_no_deadlock(make: Callable[[], Any]) -> None:
    """A task that sleeps longer than the watch looks on is still waited for."""

    async def main() -> str:
        await spawn(sleep(0.3))
        return "awake"

    async def blocking() -> str:
        return await spawn_blocking(lambda: time.sleep(0.3) or "done")

    runtime = make()
    assert run(main(), on=runtime).result == "awake"
    assert run(blocking(), on=runtime).result == "done"


def test_explore_tells_which_schedules_end_in_a_deadlock() -> None:
    """Of a program that only sometimes waits forever both outcomes are found."""

    async def main() -> None:
        channel: list[Any] = []
        sender = spawn(send(channel))
        await yield_now()
        if not sender.is_finished():
            await Receive(channel)

    async def send(channel: list[Any]) -> None:
        channel.append("too late: it wakes nobody")

    found = explore(main, prune=False)
    assert found.complete
    assert {outcome.error.partition(":")[0] for outcome in found.outcomes} == {"", "Deadlock"}


# ---------------------------------------------------------------- real threads

MESSAGES, INBOX, EVENT = SimpleQueue[int](), Queue[int](), threading.Event()
LOCK, BARRIER = threading.Lock(), threading.Barrier(2)
LOCK.acquire()
WAITS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {  # and what ends them
    "SimpleQueue": (MESSAGES.get, lambda: MESSAGES.put(1)),
    "Queue": (INBOX.get, lambda: INBOX.put(1)),
    "Event": (EVENT.wait, EVENT.set),
    "Lock": (LOCK.acquire, LOCK.release),
    "Barrier": (BARRIER.wait, BARRIER.wait),
}


@contextmanager
def released(end: Callable[[], Any]) -> Iterator[None]:
    """Let the threads that wait for ever end after all, and wait for them."""
    before = {*threading.enumerate()}
    yield
    end()
    for one in {*threading.enumerate()} - before:
        one.join()


def stuck_in(wait: Callable[[], Any]) -> Callable[[], Any]:
    def waits_in_vain() -> None:
        wait()

    return waits_in_vain


def from_main(wait: Any) -> Any:
    async def main() -> None:
        spawn_thread(stuck_in(wait)).join()

    return main()


def from_a_task(wait: Any) -> Any:
    async def main() -> None:
        await spawn(from_main(wait))

    return main()


def from_the_pool(wait: Any) -> Any:
    async def main() -> None:
        thread = spawn_thread(stuck_in(wait))
        await spawn_blocking(thread.join)

    return main()


def from_another_thread(wait: Any) -> Any:
    async def main() -> None:
        inner = spawn_thread(stuck_in(wait))
        spawn_thread(inner.join).join()

    return main()


def beside_a_task_that_waits(wait: Any) -> Any:
    async def main() -> None:
        spawn_thread(stuck_in(wait))
        await spawn(forever())

    return main()


JOINS = [
    from_main, from_a_task, from_the_pool, from_another_thread, beside_a_task_that_waits,
]  # fmt: skip


@pytest.mark.parametrize("make", RUNTIMES.values(), ids=RUNTIMES)
@pytest.mark.parametrize("joins", JOINS)
def test_a_thread_that_waits_for_ever_is_named(joins: Any, make: Callable[[], Any]) -> None:
    """Whoever joins it, and if nobody does: the run ends within a second and says where it is."""
    begin, inbox = time.monotonic(), SimpleQueue[int]()
    said = r"\('waits_in_vain', .*test_deadlocks\.py:\d+\) waits for"
    with released(lambda: inbox.put(1)), pytest.raises(Deadlock, match=said):
        run(joins(inbox.get), on=make())
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(("wait", "end"), WAITS.values(), ids=WAITS)
def test_whatever_a_thread_waits_for(wait: Callable[[], Any], end: Callable[[], Any]) -> None:
    """A message, an event, a lock: without a runtime as well."""
    with released(end), pytest.raises(Deadlock, match="waits_in_vain"):
        spawn_thread(stuck_in(wait)).join()


@pytest.mark.parametrize(("wait", "end"), [WAITS[name] for name in ("Queue", "Event")])
def test_where_the_system_does_not_tell(
    wait: Callable[[], Any], end: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only Linux says what a thread waits for; elsewhere Python's own `threading` does."""

    def no_file(name: str) -> Any:
        raise FileNotFoundError(name)

    monkeypatch.setattr(still, "open", no_file, raising=False)
    EVENT.clear()
    with released(end), pytest.raises(Deadlock, match="waits_in_vain"):
        spawn_thread(stuck_in(wait)).join()
    with released(lambda: None):
        assert spawn_thread(lambda: threading.Event().wait(0.6)).join() is False


def test_threads_that_are_joined_one_after_the_other_all_end() -> None:
    """What a look found while one was waited for says nothing of the next."""
    with recording(), released(lambda: None):
        for n in range(2 * still.LOOKS):
            assert spawn_thread(partial(wait_and_give, n)).join() == n


def wait_and_give(n: int) -> int:
    time.sleep(0.01)
    return n


def test_two_threads_that_join_each_other_are_named() -> None:
    """Each waits for the other one, and neither for time."""
    handles: list[Any] = []

    def joins_the_second() -> None:
        handles[1].join()

    def joins_the_first() -> None:
        both.wait()
        handles[0].join()

    both = threading.Event()
    with released(lambda: None):
        handles.append(spawn_thread(lambda: (both.wait(), joins_the_second())))
        handles.append(spawn_thread(joins_the_first))
        both.set()
        with pytest.raises(Deadlock, match="was expected to end"):
            handles[0].join()


ENDS: dict[str, Callable[[SimpleQueue[str]], Any]] = {
    "a timer": lambda inbox: threading.Timer(0.6, inbox.put, ["sent"]).start(),
    "a thread": lambda inbox: spawn_thread(lambda: (time.sleep(0.6), inbox.put("sent"))),
    "a thread of Python's": lambda inbox: threading.Thread(
        target=lambda: (time.sleep(0.6), inbox.put("sent"))
    ).start(),
    "time": lambda inbox: setattr(inbox, "get", lambda: time.sleep(0.6) or "sent"),
}


class Inbox(SimpleQueue[str]):
    pass


@pytest.mark.parametrize("make", RUNTIMES.values(), ids=RUNTIMES)
@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("is_before", [False, True])
def test_a_wait_that_somebody_ends_goes_on(
    is_before: bool, ends: Callable[[Any], Any], make: Callable[[], Any]
) -> None:
    """Longer than a stuck program is looked at; also where who ends it began before the run."""
    inbox = Inbox()

    async def main() -> str:
        if not is_before:
            ends(inbox)
        return spawn_thread(lambda: inbox.get()).join()

    with released(lambda: None):
        if is_before:
            ends(inbox)
        assert run(main(), on=make()).result == "sent"


# ---------------------------------------------------------------- blocked on the clock


async def ten_ms() -> None:
    await sleep(0.01)
    info("slept")


async def joins_who_sleeps() -> None:
    handle = Handle.current()
    spawn_thread(lambda: handle.block_on(ten_ms())).join()
    info("joined")


async def joins_in_a_task() -> None:
    await spawn(joins_who_sleeps())


@pytest.mark.parametrize(
    ("main", "runtime"),
    [
        (joins_who_sleeps, VirtualThreads(1)), (joins_who_sleeps, OsThreads(1)),
        (joins_in_a_task, VirtualThreads(2)),
    ],
)  # fmt: skip
def test_time_passes_while_a_worker_waits_for_a_thread(main: Any, runtime: Any) -> None:
    """The multi-thread runtime: another worker looks at the clock."""
    assert [event.message for event in run(main(), on=runtime).events] == ["slept", "joined"]


@pytest.mark.parametrize(
    ("main", "runtime"),
    [
        (joins_who_sleeps, CurrentThread()), (joins_who_sleeps, AsyncioLoop()),
        (joins_in_a_task, VirtualThreads(1)),
    ],
)  # fmt: skip
def test_no_time_passes_where_nobody_is_left_to_look(main: Any, runtime: Any) -> None:
    """Rust hangs there, and says nothing."""
    with pytest.raises(Deadlock, match=r"run\(main\(\), on=OsThreads\(\)\)"):
        run(main(), on=runtime)
