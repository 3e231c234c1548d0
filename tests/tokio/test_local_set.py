"""Local tasks are polled inside the set, in the order of the real ones."""

from __future__ import annotations

from typing import Any

import pytest
from facts import RECORDED, D, fact, p, says

from spanlab import (
    CurrentThread,
    JoinError,
    LocalSet,
    UsageError,
    info_span,
    join,
    mpsc,
    pending,
    run,
    sleep,
    spawn,
    spawn_local,
    yield_now,
)


async def say(*words: Any) -> None:
    """Say one word in each turn."""
    for at, word in enumerate(words):
        if at:
            await yield_now()
        p(word)


@fact
async def local_1() -> None:
    async def l0() -> None:
        p("l0")
        spawn_local(say("l0c"))
        await yield_now()
        p("l0b")

    async def block() -> None:
        spawn_local(l0())
        spawn_local(say("l1"))
        spawn(say("rt"))
        await say("main", "main2", "main3")

    await LocalSet().run_until(block())
    p("after")


@fact
async def local_4() -> None:
    tasks = LocalSet()
    tasks.spawn_local(say("task"))
    await tasks.run_until(say("block"))
    p("after")
    await tasks
    p("end")


async def holds(n: int, d: D) -> None:
    p(f"run{n}")
    await pending()
    del d


@fact
async def local_2() -> None:
    tasks = LocalSet()
    for n in range(4):
        tasks.spawn_local(holds(n, D(n)))

    async def block() -> None:
        p("block")
        await yield_now()

    await tasks.run_until(block())
    p("drop set")
    del tasks
    p("dropped")
    tasks = LocalSet()
    for n in range(4):
        tasks.spawn_local(holds(n, D(n)))
    p("never run")
    del tasks
    p("dropped")


@fact
async def local_11() -> None:
    tasks = LocalSet()
    handle = tasks.spawn_local(say("never"))
    del tasks
    with pytest.raises(JoinError) as error:
        await handle
    p(error.value.is_cancelled())


@fact
async def local_3() -> None:
    tasks = LocalSet()

    async def three(n: int) -> None:
        await say(f"a{n}", f"b{n}")
        await sleep(0.005)
        p(f"c{n}")

    for n in range(3):
        tasks.spawn_local(three(n))
    spawn(say("rt"))
    await tasks
    p("done")


async def is_error(handle: Any) -> bool:
    try:
        await handle
    except JoinError:
        return True
    return False


@fact
async def local_5() -> None:
    async def fails() -> None:
        raise ValueError("x")

    async def block() -> None:
        p(await is_error(spawn_local(fails())))

    await LocalSet().run_until(block())


@fact
async def local_6() -> None:
    async def holds_one() -> None:
        _d = D("t")
        await pending()

    async def block() -> None:
        handle = spawn_local(holds_one())
        await yield_now()
        handle.abort()
        p("aborted")
        p(await is_error(handle))

    await LocalSet().run_until(block())


@fact
async def local_7() -> None:
    tasks = LocalSet()

    async def task(n: int) -> None:
        if n % 61 in (60, 0):
            p(n)

    for n in range(130):
        tasks.spawn_local(task(n))
    spawn(say("rt0", "rt1", "rt2"))

    async def block() -> None:
        await say("block0", "block1", "block2")
        await yield_now()

    await tasks.run_until(block())


@fact
async def local_8() -> None:
    async def send(tx: Any) -> None:
        for n in range(2):
            await tx.send(n)
            p(f"s{n}")

    async def receive(rx: Any) -> None:
        while (n := await rx.recv()) is not None:
            p(f"got{n}")

    async def block() -> None:
        tx, rx = mpsc.channel(1)
        spawn(send(tx))
        del tx
        await spawn_local(receive(rx))
        p("block")
        await sleep(0.005)
        p("end")

    await LocalSet().run_until(block())


@fact
async def local_9() -> None:
    async def receive(t: int, tx: Any, rx: Any) -> None:
        for n in range(200):
            await rx.recv()
            if n in (0, 127, 128):
                p(f"{t}:{n}")
        p(f"{t} done")

    async def block() -> None:
        handles = []
        for t in range(2):
            tx, rx = mpsc.unbounded_channel()
            for n in range(200):
                tx.send(n)
            handles.append(spawn_local(receive(t, tx, rx)))
        for handle in handles:
            await handle

    await LocalSet().run_until(block())


@fact
async def local_10() -> None:
    a, b = LocalSet(), LocalSet()
    for n in range(2):
        a.spawn_local(say(f"a{n}", f"a{n}'"))
        b.spawn_local(say(f"b{n}", f"b{n}'"))
    await join(a, b)
    p("|")

    async def inner() -> None:
        handle = spawn_local(say("inner"))
        p("inner block")
        await handle

    async def nested() -> None:
        await LocalSet().run_until(inner())
        p("inner over")

    async def outer() -> None:
        spawn_local(nested())
        await spawn_local(say("outer task"))
        await yield_now()
        await yield_now()
        p("outer over")

    await LocalSet().run_until(outer())


@pytest.mark.parametrize("name", [n for n in RECORDED if n.split("-")[0] == "local"])
def test_what_the_real_ones_did(name: str) -> None:
    """The words come in the order in which the crates said them."""
    assert says(name) == RECORDED[name]


def test_outside_a_set_there_are_no_local_tasks() -> None:
    """A task that has no set is a mistake."""

    async def main() -> None:
        work = say("never")
        with pytest.raises(UsageError, match="inside a LocalSet, and none is being polled"):
            spawn_local(work)
        work.close()

    run(main(), on=CurrentThread())


def test_a_local_task_may_hold_what_is_not_send() -> None:
    """It stays on its thread, so that a guard of `entered` may wait with it."""

    async def work() -> str:
        with info_span("held").entered():
            await yield_now()
        return "done"

    async def block() -> Any:
        return await spawn_local(work())

    assert run(LocalSet().run_until(block())).result == "done"
