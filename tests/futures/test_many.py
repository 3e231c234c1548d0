"""Many futures in one task are polled, dropped and given back as by the real ones."""

from __future__ import annotations

from typing import Any

import pytest
from facts import RECORDED, D, Polls, fact, p, says

from spanlab import (
    CurrentThread,
    Elapsed,
    Future,
    FuturesUnordered,
    JoinSet,
    NotAFuture,
    Pending,
    buffer_unordered,
    catch_unwind,
    join,
    join_all,
    now,
    panic,
    pending,
    run,
    select,
    sleep,
    spawn,
    stream,
    timeout,
    try_join,
    try_join_all,
    waker,
    yield_now,
)


async def yields(n: int, times: int) -> None:
    _d = D(n)
    for _ in range(times):
        await yield_now()


@fact
async def many_1() -> None:
    await join_all([Polls(n, yields(n, 3 - n)) for n in range(3)])
    p("joined")


@fact
async def many_2() -> None:
    await join(*(Polls(n, yields(n, 3 - n)) for n in range(3)))
    p("joined")


async def may_fail(n: int) -> int:
    d = D(n)
    try:
        await yield_now()
        if n == 1:
            raise ValueError
        await yield_now()
    finally:
        del d
    return n


async def is_error(future: Any) -> bool:
    try:
        await future
    except (ValueError, Elapsed):
        return True
    return False


@fact
async def many_3() -> None:
    p(await is_error(try_join(*(Polls(n, may_fail(n)) for n in range(3)))))


@fact
async def many_4() -> None:
    p(await is_error(try_join_all([Polls(n, may_fail(n)) for n in range(3)])))


@fact
async def many_12() -> None:
    async def work(n: int) -> None:
        if n in (0, 5):
            p(f"a{n}")
        await yield_now()
        if n in (0, 5, 30):
            p(f"b{n}")

    await join_all([work(n) for n in range(31)])
    p("joined")


async def late(n: int, seconds: float) -> int:
    _d = D(n)
    await sleep(seconds)
    return n


@fact
async def many_5() -> None:
    async for n in FuturesUnordered(Polls(n, late(n, 0.01 * (3 - n))) for n in range(3)):
        p(f"got{n}")


async def turn(n: int) -> int:
    await yield_now()
    return n


@fact
async def many_6() -> None:
    async for n in FuturesUnordered(Polls(n, turn(n)) for n in range(4)):
        p(f"got{n}")


@fact
async def many_7() -> None:
    futures = FuturesUnordered(late(n, 0.001 if n == 2 else 0.1) for n in range(5))
    p(f"Some({await anext(futures)})")
    del futures
    p("dropped")


async def holds(d: D) -> None:
    await pending()


@fact
async def many_7b() -> None:
    futures = FuturesUnordered(holds(D(n)) for n in range(4))
    del futures
    p("dropped")


@fact
async def many_7c() -> None:
    async def waits(n: int) -> None:
        _d = D(n)
        await pending()

    p(await is_error(timeout(0.001, join_all([waits(n) for n in range(4)]))))
    p(await is_error(timeout(0.001, join(*map(waits, range(3))))))
    p(await is_error(timeout(0.001, select(*map(waits, range(3)), biased=True))))


class Again(Future[None]):
    """Wakes itself a number of times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def poll(self) -> Pending | None:
        if not self.times:
            return None
        self.times -= 1
        waker().wake()
        return Pending("its next turn")


@fact
async def many_8() -> None:
    async def other() -> None:
        for _ in range(4):
            p("other")
            await yield_now()

    async def drain() -> None:
        async for _ in FuturesUnordered(Polls(n, Again(3)) for n in range(3)):
            pass

    spawn(other())
    await spawn(drain())


@fact
async def many_9() -> None:
    async def work(n: int) -> int:
        await sleep(0 if n == 9 else (10 + n) / 1000)
        return n

    futures = FuturesUnordered(Polls(n, work(n)) for n in range(2))
    async for n in futures:
        p(f"got{n}")
        if n == 0:
            futures.push(Polls(9, work(9)))


@fact
async def many_10() -> None:
    def make(n: int) -> Any:
        p(f"make{n}")
        return Polls(n, late(n, (10 - n) / 1000))

    async for n in buffer_unordered(map(make, range(4)), 2):
        p(f"got{n}")


@fact
async def many_11() -> None:
    async def work(n: int) -> int:
        await sleep(0.005)
        p(f"done{n}@{round(now() * 1000)}")
        return n

    async for n in buffer_unordered(map(work, range(3)), 2):
        p(f"got{n}")
        await sleep(0.1)


@fact
async def many_13() -> None:
    async def work(what: str, n: int) -> int:
        p(f"{what}{n}")
        return n

    tasks = JoinSet()
    for n in range(2):
        tasks.spawn(work("task", n))
    futures = FuturesUnordered(work("fu", n) for n in range(2))
    await yield_now()
    p("main")
    async for n in futures:
        p(f"got{n}")
    while joined := await tasks.join_next():
        p(f"joined{joined.value}")


@fact
async def panic_1() -> None:
    async def work(n: int) -> None:
        d = D(n)
        try:
            if n == 1:
                await yield_now()
                panic("x")
            await pending()
        finally:
            del d

    async def within(make: Any) -> None:
        local = D("local")
        try:
            await make()
        finally:
            del local

    async def unordered() -> None:
        futures = FuturesUnordered(map(work, range(3)))
        local = D("local")
        try:
            await anext(futures)
        finally:
            del local

    async def is_panic(future: Any) -> None:
        p((await catch_unwind(future)).error is not None)

    await is_panic(within(lambda: join(*map(work, range(3)))))
    await is_panic(within(lambda: join_all(map(work, range(3)))))
    await is_panic(unordered())


@fact
async def stream_1() -> None:
    @stream
    async def two() -> Any:
        a, b = D("a"), D("b")
        try:
            yield 1
            await yield_now()
            yield 2
        finally:
            del b, a

    async def one() -> Any:
        _a = D("a")
        yield 1

    def some(value: Any) -> str:
        return "None" if value is None else f"Some({value})"

    items = two()
    p(some(await anext(items)))
    p("now drop")
    del items
    p("dropped")
    items = one()
    p(some(await anext(items)))
    p(some(await anext(items, None)))
    p("ended, locals gone", some(await anext(items, None)))


MINE = [name for name in RECORDED if name.split("-")[0] in ("many", "panic", "stream")]


@pytest.mark.parametrize("name", MINE)
def test_what_the_real_ones_did(name: str) -> None:
    """The words come in the order in which the crates said them."""
    assert says(name) == RECORDED[name]


def result(main: Any) -> Any:
    return run(main, on=CurrentThread()).result


def test_values_come_in_the_order_of_the_futures() -> None:
    """Also where more than 30 are polled only when they were woken."""
    for count in (0, 3, 40):
        made = (late(n, (count - n) / 1000) for n in range(count))
        assert result(join_all(made)) == [*range(count)]
        made = (late(n, (count - n) / 1000) for n in range(count))
        assert result(try_join_all(made)) == [*range(count)]


@pytest.mark.parametrize("count", [3, 40])
def test_the_first_error_in_order_is_raised_when_all_have_ended(count: int) -> None:
    """A branch that fails stops no other."""
    ended: list[int] = []

    async def fails(n: int) -> None:
        await sleep((count - n) / 1000)
        ended.append(n)
        if n in (1, 2):
            raise ValueError(n)

    with pytest.raises(ValueError, match="1"):
        result(join_all(map(fails, range(count))))
    assert sorted(ended) == [*range(count)]


@pytest.mark.parametrize("joined", [join, try_join])
def test_a_mistake_of_the_program_is_no_error_of_a_branch(joined: Any) -> None:
    """It ends the run, and waits for nobody."""

    async def mistaken() -> None:
        spawn(42)

    with pytest.raises(NotAFuture):
        result(joined(mistaken(), pending()))


def test_what_is_lent_is_not_dropped() -> None:
    """Only its owner drops it."""

    async def main() -> int:
        futures = FuturesUnordered([late(7, 0.01)])
        index, _ = await select(anext(futures), sleep(0.001), biased=True)
        assert index == 1
        return await anext(futures)

    assert result(main()) == 7


def test_an_err_is_no_panic() -> None:
    """`catch_unwind` lets it by, as `?` does a panic."""

    async def fails() -> None:
        raise ValueError("an Err")

    async def main() -> None:
        await catch_unwind(fails())

    with pytest.raises(ValueError, match="an Err"):
        result(main())
    with pytest.raises(ValueError, match="Err"):
        catch_unwind(lambda: int("Err"))
    assert catch_unwind(lambda: 42).value == 42
