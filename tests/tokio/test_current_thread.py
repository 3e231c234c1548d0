"""`CurrentThread`: tokio's exact order on one thread, which nothing may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spanlab import (
    CurrentThread,
    Future,
    Pending,
    Trace,
    info,
    info_span,
    pending,
    recording,
    run,
    spawn,
    spawn_thread,
    threads,
    yield_now,
)
from spanlab.record import PollEnded, PollStarted, TaskWoken


def ran(main: Any) -> str:
    """Run a main function and give what it logged."""
    return " ".join(event.message for event in run(main(), on=CurrentThread()).events)


@contextmanager
def dropped(name: str) -> Iterator[None]:
    """Log `name` when the block is left, in whatever way."""
    try:
        yield
    finally:
        info(name)


async def say(name: str) -> None:
    info(name)


async def steps(name: str, letters: str) -> None:
    for letter in letters:
        if letter != letters[0]:
            await yield_now()
        info(name + letter)


async def stuck(name: str) -> None:
    with dropped(name):
        await pending()


class Channel:
    """An unbounded channel as far as these tests need one: it wakes its idle receiver."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self.waker: Any = None

    def send(self, item: str) -> None:
        self.items.append(item)
        waker, self.waker = self.waker, None
        if waker is not None:
            waker.wake()


class Receive(Future[str]):
    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def poll(self) -> str | Pending:
        if self.channel.items:
            return self.channel.items.pop(0)
        self.channel.waker = threads.local.thread.waker
        return Pending("a message")


class WakeItself(Future[None]):
    """A yield made by hand: it wakes its own task and is pending once."""

    def __init__(self) -> None:
        self.polled = False

    def poll(self) -> Pending | None:
        if self.polled:
            return None
        self.polled = True
        threads.local.thread.waker.wake()
        return Pending("itself")


# ---------------------------------------------------------------- the order of polls


def test_a_yield_in_main_runs_all_ready_tasks_once() -> None:
    """Main goes on when the queue has run dry."""

    async def main() -> None:
        for name in ("t0", "t1", "t2"):
            spawn(say(name))
        info("main-before")
        await yield_now()
        info("main-after")

    assert ran(main) == "main-before t0 t1 t2 main-after"


def test_main_waits_until_the_queue_is_dry_though_its_task_ended_first() -> None:
    """It is not a task in the queue: it is looked at only between rounds."""

    async def main() -> None:
        first = spawn(say("t0"))
        for name in ("t1", "t2", "t3"):
            spawn(say(name))
        await first
        info("main")

    assert ran(main) == "t0 t1 t2 t3 main"


def test_when_main_returns_the_queued_tasks_do_not_run() -> None:
    """They are dropped unpolled."""

    async def main() -> None:
        spawn(say("never"))

    assert ran(main) == ""


def test_main_is_looked_at_after_61_polls() -> None:
    """130 tasks, main waits for the first: `t0..t60 MAIN t61..t121 MAIN2 t122..t129 MAIN3`."""

    async def main() -> None:
        handles = [spawn(say(f"t{number}")) for number in range(130)]
        await handles[0]
        info("MAIN")
        await yield_now()
        info("MAIN2")
        await yield_now()
        info("MAIN3")

    words = ran(main).split()
    assert [words.index(word) for word in ("MAIN", "MAIN2", "MAIN3")] == [61, 123, 132]
    assert [word for word in words if word[0] == "t"] == [f"t{n}" for n in range(130)]


def test_three_tasks_that_yield_alternate() -> None:
    """`0a 1a 2a 2b 1b 0b 0c 1c 2c`, then the joins in order."""

    async def main() -> None:
        for handle in [spawn(steps(f"{number}", "abc")) for number in range(3)]:
            await handle
            info("j")

    assert ran(main) == "0a 1a 2a 2b 1b 0b 0c 1c 2c j j j"


def test_a_task_that_wakes_itself_goes_to_the_back_of_the_queue() -> None:
    """Unlike a yield it is woken at once: `a0 b0 a1 b1 a2 b2`."""

    async def task(name: str) -> None:
        for step in range(3):
            info(f"{name}{step}")
            await WakeItself()

    async def main() -> None:
        for handle in [spawn(task("a")), spawn(task("b"))]:
            await handle

    assert ran(main) == "a0 b0 a1 b1 a2 b2"


def test_a_sender_wakes_an_idle_receiver_once() -> None:
    """The receiver queues behind what is there: `s1 s2 x r1 r2 s3 r3`."""
    channel = Channel()

    async def receiver() -> None:
        for _ in range(3):
            info(await Receive(channel))

    async def sender() -> None:
        for word in ("1", "2"):
            info(f"s{word}")
            channel.send(f"r{word}")
        await yield_now()
        info("s3")
        channel.send("r3")

    async def main() -> None:
        receives = spawn(receiver())
        await yield_now()
        spawn(sender())
        spawn(say("x"))
        await receives

    assert ran(main) == "s1 s2 x r1 r2 s3 r3"


def test_main_woken_by_a_task_waits_for_the_round_to_end() -> None:
    """`a` notifies main and spawns a child, with b queued: `a b a-child main`."""
    channel = Channel()

    async def a() -> None:
        info("a")
        channel.send("main")
        spawn(say("a-child"))

    async def main() -> None:
        spawn(a())
        spawn(say("b"))
        info(await Receive(channel))

    assert ran(main) == "a b a-child main"


def remote(names: list[str]) -> None:
    """Spawn from another thread: the tasks go to the inject queue."""
    runtime = threads.local.thread.runtime

    def spawn_all() -> None:
        threads.local.thread.runtime = runtime
        for name in names:
            spawn(say(name))

    spawn_thread(spawn_all).join()


def test_spawns_from_another_thread_wait_behind_the_local_queue() -> None:
    """`local local2 remote`, whatever came first."""

    async def main() -> None:
        spawn(say("local"))
        remote(["remote"])
        spawn(say("local2"))
        await yield_now()

    assert ran(main) == "local local2 remote"


def test_every_31st_poll_looks_at_the_inject_queue_first() -> None:
    """With 100 local tasks three remote ones are polled 31st, 62nd and 93rd."""

    async def main() -> None:
        remote(["r"] * 3)
        for _ in range(100):
            spawn(say("t"))
        for _ in range(3):
            await yield_now()

    words = ran(main).split()
    assert [number for number, word in enumerate(words, 1) if word == "r"] == [31, 62, 93]


# ---------------------------------------------------------------- guards across awaits


def test_a_held_guard_leaks_into_the_next_task() -> None:
    """Two tasks with a guard each: every later event lands in gB, also those of A (V8)."""

    async def task(name: str) -> None:
        with info_span(f"g{name}").enter():
            await steps(name, "abc")

    async def main() -> None:
        for handle in [spawn(task("A")), spawn(task("B"))]:
            await handle

    trace = run(main(), on=CurrentThread())
    told = [f"{event.message}[{'<'.join(trace.scope(event))}]" for event in trace.events]
    assert told == [
        "Aa[gA]", "Ba[gB<gA]", "Bb[gB<gA]", "Ab[gB<gA]", "Ac[gB<gA]", "Bc[gB<gA]",
    ]  # fmt: skip
    closed = [trace.spans[r.span].name for r in trace.records if type(r).__name__ == "SpanClosed"]
    assert closed == ["gB", "gA"]


def test_a_guard_held_by_main_is_seen_by_the_tasks() -> None:
    """One thread, one stack: a task polled inside main's guard belongs to main's span."""

    async def main() -> None:
        with info_span("main").enter():
            await spawn(say("task"))

    trace = run(main(), on=CurrentThread())
    assert trace.scope(trace.events[0]) == ("main",)


# ---------------------------------------------------------------- how a run ends


def test_left_over_tasks_are_dropped_by_shards() -> None:
    """Nine tasks with ids 3 to 11 go in the order 1 5 2 6 3 7 0 4 8."""

    async def main() -> None:
        for _ in range(2):
            spawn(say("")).abort()  # ids 1 and 2
        for number in range(9):
            spawn(stuck(f"{number}"))
        await yield_now()
        info("end")

    assert ran(main) == "end 1 5 2 6 3 7 0 4 8"


def test_left_over_futures_are_dropped_inside_their_spans() -> None:
    """The runtime cancels them as an abort would."""

    async def main() -> None:
        spawn(info_span("s").instrument(stuck("drop")))
        await yield_now()

    trace = run(main(), on=CurrentThread())
    assert trace.scope(trace.events[0]) == ("s",)
    assert [type(record).__name__ for record in trace.records[-4:]] == [
        "SpanExited", "SpanClosed", "PollEnded", "TaskFinished",
    ]  # fmt: skip


def test_a_second_block_on_runs_what_the_first_left() -> None:
    """Tasks stay with their runtime."""
    runtime = CurrentThread()

    async def first() -> str:
        spawn(say("left"))
        return "one"

    async def second() -> str:
        await yield_now()
        return "two"

    with recording() as trace:
        results = runtime.block_on(first()), len(trace.events), runtime.block_on(second())
        runtime.shutdown()
    assert results == ("one", 0, "two")
    assert [event.message for event in trace.events] == ["left"]


def test_an_exception_of_main_is_raised_with_the_trace_so_far() -> None:
    """What is left is dropped first."""

    async def main() -> None:
        spawn(stuck("drop"))
        await yield_now()
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose") as caught:
        run(main(), on=CurrentThread())
    assert [event.message for event in caught.value.trace.events] == ["drop"]


def interrupted(inside_a_task: bool) -> Any:
    async def interrupts() -> None:
        with info_span("s").enter():
            raise KeyboardInterrupt

    async def main() -> None:
        spawn(stuck("drop"))
        await yield_now()
        await (spawn(interrupts()) if inside_a_task else interrupts())

    return main()


@pytest.mark.parametrize("inside_a_task", [True, False])
def test_an_interrupt_leaves_nothing_behind(inside_a_task: bool) -> None:
    """It goes through, what is left is dropped, and the same runtime starts afresh."""
    runtime = CurrentThread()
    with pytest.raises(KeyboardInterrupt) as caught:
        run(interrupted(inside_a_task), on=runtime)
    assert [event.message for event in caught.value.trace.events] == ["drop"]
    assert threads.current() is None

    async def main() -> None:
        await spawn(say("fresh"))

    again = run(main(), on=runtime)
    assert [(event.message, again.scope(event)) for event in again.events] == [("fresh", ())]


def test_the_same_program_gives_the_same_records() -> None:
    """Every record, its time and its number."""

    async def main() -> None:
        for handle in [spawn(steps(name, "abc")) for name in "xyz"]:
            await handle

    assert run(main(), on=CurrentThread()).rows == run(main(), on=CurrentThread()).rows


# ---------------------------------------------------------------- what is recorded of it


def polls(trace: Trace) -> list[tuple[int | None, bool, str, int | None]]:
    return [(r.task, r.ready, r.waits_for, r.awaits) for r in trace.of(PollEnded)]


def test_each_poll_says_what_it_waits_for() -> None:
    """Main waits for task 1, task 1 for its next turn."""

    async def main() -> None:
        await spawn(steps("t", "ab"))

    trace = run(main(), on=CurrentThread())
    assert polls(trace) == [
        (0, False, "task 1", 1),
        (1, False, "its next turn", None),
        (1, True, "", None),
        (0, True, "", None),
    ]
    assert [r.task for r in trace.of(PollStarted)] == [0, 1, 1, 0]
    assert [r.woken for r in trace.of(TaskWoken)] == [1, 0]


def test_all_of_it_runs_on_one_thread() -> None:
    """`ThreadId(1)`, called main."""

    async def main() -> None:
        await spawn(say("t"))

    trace = run(main(), on=CurrentThread())
    assert {record.thread for record in trace.records} == {1}
    assert [started.name for started in trace.threads.values()] == ["main"]
    assert repr(CurrentThread()) == "CurrentThread()"
