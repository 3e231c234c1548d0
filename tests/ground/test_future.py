"""Futures: what yields to a runtime, and in which order it comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spanlab import (
    CurrentThread,
    Future,
    Panic,
    Pending,
    Seeded,
    VirtualThreads,
    info,
    info_span,
    join,
    panic,
    pending,
    run,
    select,
    sleep,
    spawn,
    yield_now,
)

Main = Callable[[], Awaitable[Any]]


def messages(main: Main, on: Any = None) -> str:
    """Run a main function on one thread and give what it logged."""
    trace = run(main(), on=on or CurrentThread())
    return " ".join(event.message for event in trace.events)


@contextmanager
def dropped(name: str) -> Iterator[None]:
    """Log `drop name` when the block is left, in whatever way."""
    try:
        yield
    finally:
        info(f"drop {name}")


async def steps(name: str, count: int) -> str:
    """Log `name0`, `name1`, … with a yield between two of them."""
    for step in range(count):
        if step:
            await yield_now()
        info(f"{name}{step}")
    return name


# ---------------------------------------------------------------- what a poll is


def test_a_future_does_nothing_until_it_is_polled() -> None:
    """A coroutine is lazy; dropped unpolled it has done nothing."""

    async def main() -> None:
        future = steps("a", 1)
        info("made")
        future.close()

    assert messages(main) == "made"


def test_a_future_awaits_inside_its_callers_poll() -> None:
    """Awaiting makes no task and no poll of its own."""

    async def main() -> None:
        await steps("a", 1)

    trace = run(main(), on=CurrentThread())
    assert [type(r).__name__ for r in trace.records].count("PollStarted") == 1


def test_a_future_can_be_written_as_a_class() -> None:
    """`poll` gives a value or a `Pending`, after it has arranged to be woken."""

    class Ready(Future[int]):
        def poll(self) -> int | Pending:
            return 42

    async def main() -> int:
        return await Ready()

    assert run(main(), on=CurrentThread()).result == 42


# ---------------------------------------------------------------- yield_now


def test_tasks_that_yield_are_woken_in_reverse() -> None:
    """The deferred wakes of one round are worked off from the end, so the order alternates."""

    async def main() -> None:
        handles = [spawn(steps(name, 3)) for name in "abc"]
        for handle in handles:
            await handle
            info("j")

    assert messages(main) == "a0 b0 c0 c1 b1 a1 a2 b2 c2 j j j"


def test_main_goes_before_the_tasks_that_yielded_with_it() -> None:
    """The main future is looked at first in each round."""

    async def main() -> None:
        handles = [spawn(steps(name, 3)) for name in "su"]
        await steps("m", 4)
        for handle in handles:
            await handle

    assert messages(main) == "m0 s0 u0 m1 u1 s1 m2 s2 u2 m3"


# ---------------------------------------------------------------- sleep


def test_sleeping_costs_no_real_time_and_moves_the_clock() -> None:
    """The clock jumps when nothing else can run, to whole milliseconds."""

    async def main() -> None:
        await sleep(3600)
        info("woken")

    (event,) = run(main(), on=CurrentThread()).events
    assert event.time == 3600 * 10**9


def test_timers_of_one_instant_fire_in_the_order_of_their_first_poll() -> None:
    """Deadlines 30, 10, 10, 20, 100, 100, 1 wake as the paused clock of tokio wakes them."""

    async def task(number: int, ms: int) -> None:
        await sleep(ms / 1000)
        info(f"w{number}")

    async def main() -> None:
        times = [30, 10, 10, 20, 100, 100, 1]
        for handle in [spawn(task(number, ms)) for number, ms in enumerate(times)]:
            await handle

    trace = run(main(), on=CurrentThread())
    at = [f"{event.message}@{event.time // 10**6}" for event in trace.events]
    assert " ".join(at) == "w6@1 w1@10 w2@10 w3@20 w0@30 w4@100 w5@100"


def test_main_is_polled_before_tasks_that_wake_at_the_same_instant() -> None:
    """A tick wakes all of them; main is looked at first."""

    async def task(name: str) -> None:
        await sleep(0.01)
        info(name)

    async def main() -> None:
        spawn(task("t1"))
        spawn(task("t2"))
        await yield_now()
        await task("main")
        await yield_now()

    assert messages(main) == "main t1 t2"


def test_a_deadline_is_fixed_when_the_sleep_is_made() -> None:
    """What goes on between making and awaiting counts."""

    async def main() -> None:
        later = sleep(0.010)
        await sleep(0.007)
        await later
        info("ten")
        await later
        info("still ten")

    trace = run(main(), on=CurrentThread())
    assert [event.time // 10**6 for event in trace.events] == [10, 10]


def test_a_sleep_of_nothing_is_ready_at_once() -> None:
    """On a paused clock now is a whole millisecond, so there is nothing to wait for."""

    async def main() -> None:
        spawn(steps("t", 1))
        await sleep(0)
        info("main")
        await yield_now()

    assert messages(main) == "main t0"


def test_fractions_of_a_millisecond_are_rounded_up() -> None:
    """A timer fires in whole milliseconds, never early."""

    async def main() -> None:
        await sleep(0.0001)
        info("ev")

    assert run(main(), on=CurrentThread()).events[0].time == 1_000_000


def test_a_yielding_task_keeps_the_clock_from_moving() -> None:
    """As long as anything is ready no time passes."""

    async def sleeper() -> None:
        await sleep(0.001)
        info("slept")

    async def main() -> None:
        spawn(sleeper())
        await steps("m", 5)
        await sleep(0.001)
        await yield_now()

    assert messages(main) == "m0 m1 m2 m3 m4 slept"


# ---------------------------------------------------------------- join


def test_join_gives_all_values_in_the_order_of_its_futures() -> None:
    """Whichever ends first."""

    async def main() -> Any:
        return await join(steps("a", 2), steps("b", 1), yield_now())

    assert run(main(), on=CurrentThread()).result == ("a", "b", None)


def test_the_branch_that_join_polls_first_rotates() -> None:
    """a b c, then b c a, then c a b."""

    async def main() -> None:
        await join(*(steps(name, 3) for name in "abc"))

    assert messages(main) == "a0 b0 c0 b1 c1 a1 c2 a2 b2"


def test_join_polls_inside_the_callers_span() -> None:
    """All branches share the caller's poll, and so its stack."""

    async def main() -> None:
        await join(steps("a", 2), steps("b", 2))

    with_span = run(in_span(main), on=CurrentThread())
    assert {with_span.scope(event) for event in with_span.events} == {("outer",)}


async def in_span(main: Main) -> None:
    await info_span("outer").instrument(main())


def test_join_of_nothing_is_ready() -> None:
    """As `join!()` is."""

    async def main() -> Any:
        return await join()

    assert run(main(), on=CurrentThread()).result == ()


def test_join_lets_a_panic_through_and_drops_the_others() -> None:
    """A panic in one branch unwinds through all."""

    async def panics() -> None:
        await yield_now()
        panic("on purpose")

    async def waits() -> None:
        with dropped("b"):
            await pending()

    async def main() -> None:
        with pytest.raises(Panic, match="on purpose"):
            await join(waits(), panics())
        info("caught")

    assert messages(main) == "drop b caught"


# ---------------------------------------------------------------- select


def test_a_biased_select_takes_the_first_that_is_ready() -> None:
    """It polls from the top at each poll."""

    async def main() -> Any:
        return await select(steps("a", 2), steps("b", 2), biased=True)

    assert run(main(), on=CurrentThread()).result == (0, "a")


def test_the_losers_are_dropped_in_order_before_the_winner_is_seen() -> None:
    """The handler of the winner runs when the others are gone."""

    async def waits(name: str) -> None:
        with dropped(name):
            await pending()

    async def main() -> None:
        index, _ = await select(waits("a"), steps("b", 2), waits("c"), biased=True)
        info(f"won {index}")

    assert messages(main) == "b0 b1 drop a drop c won 1"


def test_a_loser_is_dropped_inside_its_span() -> None:
    """Its drop is logged in `loser`, which closes then; the handler has no span (V11)."""

    async def waits() -> None:
        with dropped("loser"):
            await pending()

    async def main() -> None:
        await select(info_span("loser").instrument(waits()), yield_now(), biased=True)
        info("winner handler")

    trace = run(main(), on=CurrentThread())
    assert [(event.message, trace.scope(event)) for event in trace.events] == [
        ("drop loser", ("loser",)),
        ("winner handler", ()),
    ]


def test_a_loser_that_was_never_polled_is_dropped_too() -> None:
    """A biased select that is ready at its first branch polls no other."""

    async def main() -> None:
        await select(steps("a", 1), steps("b", 1), biased=True)
        info("end")

    assert messages(main) == "a0 end"


def winner(seed: int) -> int:
    async def main() -> Any:
        return await select(steps("a", 1), steps("b", 1), steps("c", 1))

    index: int = run(main(), on=VirtualThreads(1, Seeded(seed))).result[0]
    return index


def test_an_unbiased_select_is_a_choice_of_the_run() -> None:
    """A seed decides, the same way each time; some seed lets each branch win."""
    winners = [winner(seed) for seed in range(20)]
    assert winners == [winner(seed) for seed in range(20)]
    assert set(winners) == {0, 1, 2}


def test_a_timeout_polls_its_future_first() -> None:
    """`select` with a sleep of nothing still takes what is ready."""

    async def main() -> Any:
        return await select(steps("a", 1), sleep(0), biased=True)

    assert run(main(), on=CurrentThread()).result == (0, "a")


def test_a_select_inside_a_finished_select_is_dropped_whole() -> None:
    """Dropping a select drops its branches."""

    async def waits(name: str) -> None:
        with dropped(name):
            await pending()

    async def main() -> None:
        inner = select(waits("a"), waits("b"), biased=True)
        await select(inner, yield_now(), biased=True)

    assert messages(main) == "drop a drop b"


# ---------------------------------------------------------------- the budget of a poll


def test_a_poll_ends_after_128_operations() -> None:
    """300 ready operations take three polls, with other tasks in between."""

    async def main() -> None:
        handles = [spawn(steps("", 0)) for _ in range(300)]
        await sleep(0.001)  # all of them have ended
        other = spawn(ticking())
        for number, handle in enumerate(handles):
            await handle
            if number in (0, 126, 127, 254, 255, 299):
                info(f"{number}")
        other.abort()

    async def ticking() -> None:
        while True:
            info("other")
            await yield_now()

    # the sleep cost main one operation of its first poll, which had 127 left
    assert messages(main) == "0 126 other 127 254 other 255 299"


def test_select_and_sleep_spend_the_budget_too() -> None:
    """At zero they are pending, whatever is ready behind them."""

    async def main() -> None:
        spawn(steps("t", 1))
        for _ in range(128):
            await sleep(0)
        info("spent")
        index, _ = await select(steps("a", 1), biased=True)
        info(f"won {index}")

    assert messages(main) == "spent t0 a0 won 0"


def test_yield_now_costs_nothing() -> None:
    """A loop of yields alone never runs out of budget."""

    async def main() -> None:
        for _ in range(200):
            await yield_now()

    trace = run(main(), on=CurrentThread())
    assert [type(r).__name__ for r in trace.records].count("PollStarted") == 201
