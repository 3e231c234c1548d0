"""Where a run stands: whatever decides how it goes on makes another state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spanlab import JoinSet, info_span, recording, sleep, spawn, spawn_blocking, yield_now
from spanlab.tokio.explore.search import Chance
from spanlab.tokio.explore.state import State
from spanlab.tokio.runtime.virtual_threads import VirtualThreads


async def worker(steps: int) -> None:
    for _ in range(steps):
        await yield_now()


async def starter(tasks: list[Any]) -> None:
    tasks += [spawn(worker(1)), spawn(worker(2)), spawn(worker(0))]
    await sleep(0.001)


async def leaver(box: list[Any]) -> None:
    box.append(info_span("left").enter())
    await sleep(0.001)
    box.clear()


async def everything() -> None:
    """Have something in every queue, slot and list that a runtime has."""
    tasks, joined, box = list[Any](), JoinSet(), list[Any]()
    started = spawn(starter(tasks))
    left, blocked = spawn(leaver(box)), [spawn_blocking(lambda: None) for _ in range(2)]
    joined.spawn(worker(1))
    joined.spawn(worker(2))
    tired = spawn(sleep_and_work())
    tired.abort()
    await started
    for task in [*tasks, *blocked, left]:
        await task
    while await joined.join_next():
        await yield_now()


async def sleep_and_work() -> None:
    await sleep(0.002)
    await worker(2)


# Each gives what was changed, as (thing, attribute, other value), where there is something.


def of_workers(name: str, other: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    return lambda runtime: [
        (w, name, other(getattr(w, name))) for w in runtime._workers.values() if getattr(w, name)
    ]


def turned(queue: Any) -> Any:
    """The other way round, if that is another way."""
    return type(queue)(reversed(queue)) if len(queue) > 1 else type(queue)()


def of_tasks(name: str, other: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    return lambda runtime: [
        (t, name, other(getattr(t, name))) for t in runtime.tasks.values() if t.state != "polling"
    ]


def later(timers: list[Any]) -> list[Any]:
    return [(deadline + 1, number, timer) for deadline, number, timer in timers]


CHANGES: dict[str, Callable[[Any], list[Any]]] = {
    "the LIFO slot": of_workers("lifo", lambda task: None),
    "the order of a queue": of_workers("queue", turned),
    "who yielded": of_workers("deferred", turned),
    "what a worker has taken": of_workers("held", lambda task: None),
    "the common queue": lambda r: [(r, "_inject", turned(r._inject))] if r._inject else [],
    "the timers": lambda r: [(r, "_timers", later(r._timers))] if r._timers else [],
    "the clock": lambda r: [(r, "_time", r._time + 1)],
    "the blocked work": lambda r: [(r, "_blocking", r._blocking[:-1])] if r._blocking else [],
    "the state of a task": of_tasks("state", lambda state: f"not {state}"),
    "an abort": of_tasks("aborted", lambda aborted: not aborted),
    "who waits for a task": lambda r: [
        (t, "waiter", None) for t in r.tasks.values() if t.waiter is not None
    ],
    "whether main was woken": lambda r: [
        (r.main, "state", "idle" if r.main.is_woken else "queued")
    ],
}


@contextmanager
def changed(thing: Any, name: str, other: Any) -> Iterator[None]:
    before = getattr(thing, name)
    setattr(thing, name, other)
    try:
        yield
    finally:
        setattr(thing, name, before)


class Changing(Chance):
    """Before each choice, change each thing and see whether that is another state."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.noticed: set[str] = set()
        self.missed: set[str] = set()

    def choose(self, count: int, likely: int) -> int:
        state = State()
        for row in self.runtime.main.thread.recorder.trace.noted:
            state.read(row)
        key = state.key(self.runtime)
        for what, changes in CHANGES.items():
            for change in changes(self.runtime):
                with changed(*change):
                    is_other = state.key(self.runtime) != key
                (self.noticed if is_other else self.missed).add(what)
        assert state.key(self.runtime) == key
        return super().choose(count, likely)


def test_whatever_decides_how_a_run_goes_on_makes_another_state() -> None:
    """Slots, queues and their order, timers, the clock, the tasks and who waits for them."""
    schedule = Changing(0)
    for _ in range(20):
        schedule.start()
        runtime = VirtualThreads(2, schedule)
        with recording(clock=runtime.now):
            runtime.block_on(everything())
            runtime.shutdown()
    assert schedule.missed == set()
    assert schedule.noticed == CHANGES.keys()


def rows(*said: tuple[Any, ...]) -> State:
    state = State()
    for kind, thread, task, *what in said:
        state.read((kind, 0, thread, task, "main.py", 1, *what))
    return state


SPAWNED = ("spawn", 1, 0, 1, "task")
NEW = ("new", 2, 1, 1, None, "work", 2, "main", ())
HISTORIES = {
    "an event": ("event", 2, 1, 2, "main", "said", (), None, None),
    "a span": NEW,
    "an end": ("finish", 2, 1, 1, "ok"),
    "a field": ("record", 2, 1, 1, (("n", 1),)),
}


@pytest.mark.parametrize("what", HISTORIES)
def test_what_a_task_did_is_in_its_history(what: str) -> None:
    """Also where nothing else tells of it."""
    before = (SPAWNED, NEW) if what == "a field" else (SPAWNED,)
    assert rows(*before).history != rows(*before, HISTORIES[what]).history


def test_names_do_not_depend_on_who_was_first() -> None:
    """A span is named by the task that made it, whatever its number is."""
    two = SPAWNED, ("spawn", 1, 0, 2, "task")
    ones, others = ("new", 2, 1), ("new", 3, 2)
    made = None, "work", 2, "main", ()
    one = rows(*two, (*ones, 1, *made), (*others, 2, *made))
    other = rows(*two, (*others, 1, *made), (*ones, 2, *made))
    assert one.span(1) == other.span(2) == "main/ta1/sp1"
    assert one.history == other.history


def test_a_closed_span_on_a_stack_counts_for_what_it_hides() -> None:
    """At the bottom it hides nothing; above an open one it does."""
    enter, close = ("enter", 2, 1, 1, None), ("close", 2, 1, 1)
    assert rows(SPAWNED, NEW, enter).on(2) == ("main/ta1/sp1",)
    assert rows(SPAWNED, NEW, enter, close).on(2) == ()
    second = ("new", 2, 1, 2, None, "other", 2, "main", ())
    both = SPAWNED, NEW, second, ("enter", 2, 1, 2, None), enter, close
    assert rows(*both).on(2) == ("main/ta1/sp2", "")


def test_a_poll_inside_a_span_holds_no_guard() -> None:
    """It exits by itself at its end; a guard of the same span stays."""
    guard, poll, exit = ("enter", 2, 1, 1, None), ("enter", 2, 1, 1, 7), ("exit", 2, 1, 1)
    assert rows(SPAWNED, NEW, poll).guards[2] == []
    assert rows(SPAWNED, NEW, guard, poll, exit).guards[2] == ["main/ta1/sp1"]
    assert rows(SPAWNED, NEW, guard, poll, exit, exit).guards[2] == []
