"""Timeouts, intervals and deadlines come when the real ones came."""

from __future__ import annotations

from typing import Any

import pytest
from facts import RECORDED, D, Polls, fact, p, says

from spanlab import (
    CurrentThread,
    Elapsed,
    NoRuntime,
    UsageError,
    by_ref,
    interval,
    now,
    pending,
    run,
    select,
    sleep,
    sleep_until,
    spawn,
    timeout,
    yield_now,
)


async def in_time(seconds: float, future: Any) -> bool:
    try:
        await timeout(seconds, future)
    except Elapsed:
        return False
    return True


def ms() -> int:
    return round(now() * 1000)


@fact
async def time_1() -> None:
    async def yields() -> None:
        await yield_now()

    async def two() -> None:
        await sleep(0.004)
        await sleep(0.002)

    async def nothing() -> None:
        pass

    p(await in_time(0, nothing()), await in_time(0, yields()))
    p(await in_time(0.005, Polls("f", sleep(0.005))))
    p(await in_time(0.005, Polls("f", two())))


@fact
async def time_2() -> None:
    async def holds() -> None:
        _d = D("inner")
        await pending()

    p(await in_time(0.005, holds()), ms())


@fact
async def time_3() -> None:
    ticks = interval(0.01)
    for k in range(6):
        await ticks.tick()
        p(f"{k}@{ms()}")
        if k == 1:
            await sleep(0.035)


@fact
async def time_4() -> None:
    ticks = interval(0.01)
    await sleep(0.025)
    for k in range(5):
        await ticks.tick()
        p(f"{k}@{ms()}")


async def say(word: str) -> None:
    p(word)


@fact
async def time_5() -> None:
    ticks = interval(0.01)
    spawn(say("other"))
    for n in range(4):
        if n == 2:
            await sleep(0.025)
        await Polls(f"t{n}", ticks.tick())
        p(f"t{n}")


@fact
async def time_6() -> None:
    await sleep(0.01)
    past = now() - 0.005
    spawn(say("other"))
    await Polls("past", sleep_until(past))
    p("a")
    await Polls("zero", sleep(0))
    p("b")
    await Polls("now", sleep_until(now()))
    p("c")


@fact
async def time_7() -> None:
    with pytest.raises(UsageError, match="interval"):
        interval(0)
    p(True)


@fact
async def time_8() -> None:
    async def late() -> int:
        await sleep(0.01)
        return 7

    handle = spawn(late())
    p(await in_time(0.005, by_ref(handle)), f"Ok({await handle})")


@fact
async def select_1() -> None:
    async def f() -> None:
        for k in range(3):
            p(f"f{k}")
            await sleep(0.01)
        p("f done")

    kept = f()
    while (await select(by_ref(kept), sleep(0.007), biased=True))[0]:
        p("tick")


@pytest.mark.parametrize("name", [n for n in RECORDED if n.split("-")[0] in ("time", "select")])
def test_what_the_real_ones_did(name: str) -> None:
    """The words come in the order in which the crates said them."""
    assert says(name) == RECORDED[name]


def test_a_timeout_takes_seconds() -> None:
    """Anything else is refused where it is written."""

    async def main() -> None:
        with pytest.raises(UsageError, match="seconds, got 'soon'"):
            timeout("soon", sleep(1))  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"sleep_until\(\) needs from 0"):
            sleep_until(-1)

    run(main(), on=CurrentThread())


def test_there_is_no_clock_outside_a_runtime() -> None:
    """Time is the runtime's."""
    with pytest.raises(NoRuntime, match=r"now\(\) must be called from the context of a runtime"):
        now()
