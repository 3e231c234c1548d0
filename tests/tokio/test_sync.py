"""Channels, notifications and locks wake, wait and give way as the real ones did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from facts import RECORDED, D, Polls, fact, p, says

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Elapsed,
    FuturesUnordered,
    JoinSet,
    Mutex,
    Notify,
    OsThreads,
    RecvError,
    SendError,
    TryLockError,
    UsageError,
    VirtualThreads,
    by_ref,
    explore,
    info,
    info_span,
    interval,
    join,
    mpsc,
    oneshot,
    pending,
    run,
    select,
    sleep,
    spawn,
    timeout,
    yield_now,
)


def some(value: Any) -> str:
    return "None" if value is None else f"Some({value})"


async def is_ok(sent: Any) -> bool:
    try:
        await sent
    except (SendError, Elapsed):
        return False
    return True


async def poll_once(future: Any) -> None:
    """Poll what is lent once, and leave it."""
    await select(by_ref(future), yield_now(), biased=True)


@fact
async def mpsc_1() -> None:
    tx, rx = mpsc.channel(1)

    async def send(tx: Any, t: int) -> None:
        for k in range(2):
            await tx.send(t * 10 + k)
            p(f"sent{t * 10 + k}")

    for t in range(3):
        spawn(send(tx, t))
    del tx
    while (value := await rx.recv()) is not None:
        p(f"got{value}")
    p("ended")


async def send_one(tx: Any) -> None:
    p(*(["sent1"] if await is_ok(tx.send(1)) else []))


@fact
async def mpsc_2() -> None:
    tx, rx = mpsc.channel(1)
    await tx.send(0)
    handle = spawn(send_one(tx))
    await yield_now()
    p(f"recv{some(await rx.recv())}")
    with pytest.raises(SendError) as full:
        tx.try_send(9)
    p("try_send", not full.value.is_full())
    p(f"recv{some(await rx.recv())}")
    await handle


@fact
async def mpsc_3() -> None:
    tx, rx = mpsc.channel(8)

    async def receive() -> None:
        while (value := await Polls("rx", rx.recv())) is not None:
            p(f"got{value}")
        p("end")

    async def say(word: str) -> None:
        p(word)

    handle = spawn(receive())
    spawn(say("other"))
    await yield_now()
    await tx.send(1)
    p("s1")
    spawn(say("x"))
    await tx.send(2)
    p("s2")
    await yield_now()
    p("main")
    del tx
    p("dropped")
    await handle


@fact
async def mpsc_4() -> None:
    tx, rx = mpsc.channel(1)
    await tx.send(D("m0"))

    async def send(t: int) -> None:
        try:
            await tx.send(D(f"m{t}"))
        except SendError as error:
            p(f"s{t} false")
            del error

    for t in range(1, 4):
        spawn(send(t))
    await yield_now()
    p("drop rx")
    del rx
    p("rx gone")
    await yield_now()
    await yield_now()
    p("main")
    p(await is_ok(tx.send(D("late"))))
    p("closed", not await is_ok(tx.send(1)))


async def send_two(tx: Any) -> None:
    p("s1", await is_ok(tx.send(1)))


@fact
async def mpsc_5() -> None:
    tx, rx = mpsc.channel(1)
    await tx.send(0)
    spawn(send_two(tx))
    await yield_now()
    rx.close()
    p("closed", some(await rx.recv()), some(await rx.recv()))
    await yield_now()
    p("main")


@fact
async def mpsc_6() -> None:
    tx, rx = mpsc.channel(1)
    await tx.send(0)
    spawn(send_two(tx))
    await yield_now()
    p(some(await rx.recv()))
    rx.close()
    p("closed")
    p(some(await rx.recv()))
    await yield_now()
    p("main")


async def others() -> None:
    for n in range(4):
        p(f"other{n}")
        await yield_now()


def milestones(n: int) -> None:
    if n in (127, 128, 255, 256):
        p(n)


@fact
async def mpsc_7() -> None:
    tx, rx = mpsc.unbounded_channel()
    for n in range(300):
        tx.send(n)

    async def receive() -> None:
        for n in range(300):
            await rx.recv()
            milestones(n)
        p("done")

    handle = spawn(receive())
    spawn(others())
    await handle


@fact
async def mpsc_8() -> None:
    tx, _rx = mpsc.channel(1000)

    async def send() -> None:
        for n in range(300):
            await tx.send(n)
            milestones(n)
        p("done")

    handle = spawn(send())
    spawn(others())
    await handle


async def between(what: str, make: Callable[[], Any]) -> None:
    """Say how often another task ran while 200 of these were awaited."""
    seen = [0]

    async def other() -> None:
        for k in range(1, 9):
            seen[0] = k
            await yield_now()

    async def rounds() -> None:
        spawn(other())
        for _ in range(200):
            await make()
        p(f"{what}:{seen[0]}")

    await spawn(rounds())


async def nothing() -> None:
    pass


@fact
async def mpsc_9() -> None:
    mutex, notify, (tx, _rx) = Mutex(), Notify(), mpsc.unbounded_channel()

    async def lock() -> None:
        with await mutex.lock():
            pass

    async def notified(notify: Notify) -> None:
        notify.notify_one()
        await notify.notified()

    async def ask() -> None:
        a, b = oneshot.channel()
        a.send(1)
        await b

    async def late() -> None:
        with pytest.raises(Elapsed):
            await timeout(0, pending())

    async def send() -> None:
        tx.send(1)

    async def unordered(count: int) -> None:
        async for _ in FuturesUnordered(nothing() for _ in range(count)):
            pass

    async def items() -> Any:
        yield 0

    async def stream() -> None:
        await anext(items())

    async def joined(count: int) -> None:
        tasks = JoinSet()
        for _ in range(count):
            tasks.spawn(nothing())
        await tasks.join_next()

    async def spawned() -> None:
        await spawn(nothing())

    async def tick() -> None:
        await interval(0.001).tick()

    async def passed() -> None:
        a, b = mpsc.channel(1)
        await a.send(1)
        await b.recv()

    async def closed() -> None:
        await mpsc.channel(1)[1].recv()

    await between("Mutex::lock", lock)
    await between("Notify::notified", lambda: notified(notify))
    await between("oneshot", ask)
    await between("sleep(0)", lambda: sleep(0))
    await between("timeout(ready)", lambda: timeout(0.005, nothing()))
    await between("timeout(0, pending)", late)
    await between("async block", nothing)
    await between("try_recv/send", send)
    await between("FuturesUnordered of ready", lambda: unordered(1))
    await between("FuturesUnordered of 40 ready", lambda: unordered(40))
    await between("stream::iter", stream)
    await between("JoinSet spawn+join_next", lambda: joined(1))
    await between("spawn+await handle", spawned)
    await between("interval tick due", tick)
    await between("Notify stored permit", lambda: notified(Notify()))
    await between("mpsc send+recv", passed)
    await between("mpsc recv of a closed one", closed)
    await between("JoinSet empty", lambda: joined(0))


@fact
async def budget_1() -> None:
    tx, rx = mpsc.unbounded_channel()
    for n in range(1000):
        tx.send(n)
    got = [0]

    async def receive() -> None:
        while True:
            await rx.recv()
            got[0] += 1

    p(await is_ok(timeout(0, receive())), got[0])


@fact
async def budget_2() -> None:
    (tx, rx), (tx2, rx2) = mpsc.unbounded_channel(), mpsc.unbounded_channel()
    for n in range(200):
        tx.send(n)
        tx2.send(n)

    async def first() -> None:
        for _ in range(200):
            await rx.recv()
        p("A")

    async def second() -> None:
        for n in range(1, 201):
            await rx2.recv()
            if n in (1, 56, 57):
                p(f"B{n}")
        p("B")

    spawn(others())
    await join(first(), second())


@fact
async def budget_3() -> None:
    tx, rx = mpsc.unbounded_channel()
    for n in range(200):
        tx.send(n)

    async def second(n: int) -> None:
        p(f"second at {n}")

    spawn(others())
    for n in range(200):
        await select(rx.recv(), second(n), biased=True)
    p("end")


@fact
async def oneshot_1() -> None:
    async def answer(b: Any) -> None:
        try:
            p(f"Ok({await b})")
        except RecvError:
            p("Err(RecvError(()))")

    a, b = oneshot.channel()
    handle = spawn(answer(b))
    await yield_now()
    p("send")
    a.send(1)
    await handle
    a, b = oneshot.channel()
    del a
    await answer(b)
    a, b = oneshot.channel()
    del b
    with pytest.raises(SendError) as gone:
        a.send(2)
    p(f"Err({gone.value.value})", "closed", gone.value.is_closed())
    a, b = oneshot.channel()
    with pytest.raises(RecvError) as early:
        b.try_recv()
    p("Err(Empty)" if early.value.is_empty() else "Err(Closed)")
    a.send(3)
    b.close()
    await answer(b)


async def waits(notify: Notify, word: str, again: str = "") -> None:
    await notify.notified()
    p(word)
    if again:
        await notify.notified()
        p(again)


@fact
async def notify_1() -> None:
    notify = Notify()
    for t in range(3):
        spawn(waits(notify, f"w{t}"))
    await yield_now()
    for _ in range(3):
        notify.notify_one()
    p("notified")
    await yield_now()
    p("main")


@fact
async def notify_2() -> None:
    notify = Notify()
    notify.notify_one()
    notify.notify_one()
    await notify.notified()
    p("first")
    p("second", await is_ok(timeout(0.005, notify.notified())))


@fact
async def notify_3() -> None:
    notify = Notify()
    notify.notify_waiters()
    p(await is_ok(timeout(0.005, notify.notified())))
    made = notify.notified()
    notify.notify_waiters()
    p(await is_ok(timeout(0.005, made)))
    made = notify.notified()
    notify.notify_one()
    other = notify.notified()
    p(await is_ok(timeout(0.005, other)), await is_ok(timeout(0.005, made)))


@fact
async def notify_4() -> None:
    notify = Notify()
    for t in range(4):
        spawn(waits(notify, f"w{t}", f"again{t}"))
    await yield_now()
    notify.notify_waiters()
    await yield_now()
    p("main")
    notify.notify_one()
    await yield_now()
    p("main2")


@fact
async def notify_5() -> None:
    notify = Notify()
    waiting = notify.notified()
    await poll_once(waiting)
    spawn(waits(notify, "second"))
    await yield_now()
    notify.notify_one()
    del waiting
    await yield_now()
    p("main")
    spawn(waits(notify, "third"))
    waiting = notify.notified()
    await poll_once(waiting)
    await yield_now()
    notify.notify_waiters()
    del waiting
    await yield_now()
    p(await is_ok(timeout(0.001, notify.notified())))


@fact
async def mutex_1() -> None:
    mutex = Mutex()

    async def inside(t: int) -> None:
        with await mutex.lock():
            p(f"in{t}")
            await yield_now()
            p(f"out{t}")

    with await mutex.lock():
        for t in range(3):
            spawn(inside(t))
        await yield_now()
    with pytest.raises(TryLockError):
        mutex.try_lock()
    p("try", False)
    with await mutex.lock():
        p("main in")


@fact
async def mutex_2() -> None:
    mutex = Mutex()

    async def second() -> None:
        with await mutex.lock():
            p("second")

    guard = await mutex.lock()
    waiting = mutex.lock()
    await poll_once(waiting)
    spawn(second())
    await yield_now()
    del guard
    waiting.close()
    await yield_now()
    p("main")


MINE = [name for name in RECORDED if name.split("-")[0] in "mpsc budget oneshot notify mutex"]


@pytest.mark.parametrize("name", MINE)
def test_what_the_real_ones_did(name: str) -> None:
    """The words come in the order in which the crates said them."""
    assert says(name) == RECORDED[name]


def test_a_channel_has_a_place() -> None:
    """None at all is a mistake, not a channel that is always full."""
    with pytest.raises(UsageError, match="from 1, got 0"):
        mpsc.channel(0)


def test_a_value_that_was_not_sent_comes_back() -> None:
    """Whoever sends keeps what nobody receives."""

    async def main() -> list[Any]:
        tx, rx = mpsc.channel(1)
        tx.try_send("kept")
        with pytest.raises(SendError) as full:
            tx.try_send("full")
        del rx
        with pytest.raises(SendError) as gone:
            await tx.send("gone")
        return [full.value.value, gone.value.value, full.value.is_full(), gone.value.is_closed()]

    assert run(main(), on=CurrentThread()).result == ["full", "gone", True, True]


def test_a_lock_keeps_its_value() -> None:
    """A guard that is dropped without a `with` gives it back too."""

    async def main() -> int:
        counter = Mutex(0)
        for _ in range(3):
            guard = await counter.lock()
            guard.value += 1
            del guard
        with counter.try_lock() as last:
            return last.value

    assert run(main(), on=CurrentThread()).result == 3


async def late(n: int) -> int:
    await sleep(n % 3 / 1000)
    return n


@pytest.mark.parametrize("runtime", [CurrentThread, VirtualThreads, OsThreads, AsyncioLoop])
def test_nothing_is_lost_between_tasks(runtime: Any) -> None:
    """On real threads neither: eight send, one receives, all lock."""

    async def main() -> Any:
        (tx, rx), mutex, notify = mpsc.channel(3), Mutex(0), Notify()

        async def send(tx: Any, task: int) -> None:
            for k in range(25):
                await tx.send((task, k))
                with await mutex.lock() as guard:
                    guard.value += 1

        async def receive() -> list[Any]:
            got = []
            while (message := await rx.recv()) is not None:
                got.append(message)
            notify.notify_one()
            return got

        senders, receiver = [spawn(send(tx, task)) for task in range(8)], spawn(receive())
        del tx
        await notify.notified()
        for sender in senders:
            await sender
        with await mutex.lock() as guard:
            total = guard.value
        values = [n async for n in FuturesUnordered(spawn(late(n)) for n in range(20))]
        return await receiver, total, sorted(values)

    for _ in range(5):
        got, total, values = run(main(), on=runtime()).result
        assert sorted(got) == [(task, k) for task in range(8) for k in range(25)]
        assert [k for task, k in got if task == 3] == [*range(25)]
        assert (total, values) == (200, [*range(20)])


def test_explore_sees_who_was_faster() -> None:
    """The order of two senders is a choice, and each has its outcome."""

    async def send(tx: Any, name: str) -> None:
        await tx.send(name)

    async def main() -> None:
        tx, rx = mpsc.channel(2)
        tasks = [spawn(send(tx, name)) for name in "ab"]
        with info_span(await rx.recv()).entered():
            info("first")
        for task in tasks:
            await task

    found = explore(main, workers=2)
    assert len(found.outcomes) == 2
