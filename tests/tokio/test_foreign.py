"""What only asyncio's loop can wake is refused elsewhere: expected, came, what to write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from test_faults import RUNTIMES, fine, nothing_left

from spanlab import ForeignAwaitable, join, run, select, sleep, spawn, spawn_blocking, spawn_thread

OTHERS = {name: make for name, make in RUNTIMES.items() if name != "AsyncioLoop"}
each_other = pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)


async def locked(lock: Any) -> None:
    await lock.acquire()
    await lock.acquire()


async def group() -> None:
    async with asyncio.TaskGroup():
        await sleep(0)


async def timeout() -> None:
    async with asyncio.timeout(1):
        await sleep(0)


async def timeout_of_nothing() -> None:
    async with asyncio.timeout(None):
        await sleep(0)


async def condition() -> None:
    condition = asyncio.Condition()
    async with condition:
        await condition.wait()


async def executor() -> None:
    await asyncio.get_running_loop().run_in_executor(None, print)


given: list[Any] = []  # what asyncio was given and did not begin


def work() -> Any:
    given.append(fine())
    return given[-1]


WAITS: dict[str, Callable[[], Any]] = {
    "sleep": lambda: asyncio.sleep(0.01),
    "sleep(0)": lambda: asyncio.sleep(0),
    "Lock": lambda: locked(asyncio.Lock()),
    "Semaphore": lambda: locked(asyncio.Semaphore(1)),
    "Event": lambda: asyncio.Event().wait(),
    "Condition": condition,
    "Queue": lambda: asyncio.Queue[int]().get(),
    "wait_for": lambda: asyncio.wait_for(sleep(0), 1),
    "timeout": timeout,
    "timeout of nothing": timeout_of_nothing,
    "gather": lambda: asyncio.gather(work(), work()),
    "create_task": lambda: asyncio.create_task(work()),
    "TaskGroup": group,
    "Future": lambda: asyncio.Future[int](),
    "to_thread": lambda: asyncio.to_thread(print),
    "run_in_executor": executor,
    "streams": lambda: asyncio.open_connection("localhost", 1),
    "shield": lambda: asyncio.shield(work()),
    "current_task": lambda: asyncio.current_task(),
}
WITHIN: dict[str, Callable[[Any], Any]] = {
    "main": lambda work: work,
    "a task": spawn,
    "join": lambda work: join(work, sleep(0)),
    "select": lambda work: select(work, sleep(1), biased=True),
}


@each_other
@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("wait", WAITS)
def test_it_is_refused_with_what_to_write(make: Callable[[], Any], wait: str, within: str) -> None:
    """In a script, where no loop runs, as in a notebook."""

    async def awaits() -> None:
        await WAITS[wait]()

    async def main() -> None:
        await WITHIN[within](awaits())

    async def in_a_loop() -> None:
        run(main(), on=make())

    for program in (lambda: run(main(), on=make()), lambda: asyncio.run(in_a_loop())):
        with nothing_left(), pytest.raises(ForeignAwaitable) as caught:
            program()
        while given:
            given.pop().close()
        said = str(caught.value)
        assert "of spanlab was expected" in said
        assert "test_foreign.py:" in said
        assert "write: " in said


@pytest.mark.parametrize("runs", [spawn_blocking, spawn_thread])
@each_other
def test_blocking_work_may_run_a_loop_of_its_own(make: Callable[[], Any], runs: Any) -> None:
    """It is on a thread on which nothing is polled."""

    async def main() -> Any:
        handle = runs(lambda: asyncio.run(asyncio.sleep(0.001, "ran")))
        return handle.join() if runs is spawn_thread else await handle

    assert run(main(), on=make()).result == "ran"
