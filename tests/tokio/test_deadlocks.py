"""A program that can never finish ends in an error that says who waits for what."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Deadlock,
    Future,
    JoinSet,
    OsThreads,
    Pending,
    VirtualThreads,
    explore,
    join,
    pending,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    yield_now,
)

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
