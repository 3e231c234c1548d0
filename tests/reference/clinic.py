"""The cases of the clinic in spanlab, with their repairs: each function is the `main` of one.

Read each beside the Rust file of its name.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from spanlab import (
    Span,
    in_current_span,
    info,
    info_span,
    instrument,
    interval,
    join_all,
    sleep,
    spawn,
)

MS = 0.001


async def clinic_orphan(carried: Any = lambda future: future) -> None:
    info("gateway started")
    for id in range(1, 5):
        await add_tx(id, carried)
        await sleep(50 * MS)


@instrument(skip=["carried"])
async def add_tx(id: int, carried: Any) -> None:
    info("transaction received")
    sent = spawn(carried(send(id)))
    await sleep(2 * MS)
    info("signature checked")
    await sent
    info("transaction accepted")


async def send(id: int) -> None:
    await sleep(5 * MS)
    info("sent to the mempool", tx=id)


async def clinic_orphan_fixed() -> None:
    await clinic_orphan(in_current_span)


async def clinic_foreign(guarded: bool = True) -> None:
    info("server started")
    call = guarded_call if guarded else instrumented_call
    await join_all([call(id) for id in range(1, 4)])
    await sleep(50 * MS)
    await call(4)


async def guarded_call(id: int) -> None:
    await sleep(3 * id * MS)
    with info_span("method_call", id=id).enter():
        await answer(id)


async def instrumented_call(id: int) -> None:
    await sleep(3 * id * MS)
    await info_span("method_call", id=id).instrument(answer(id))


async def answer(id: int) -> None:
    info("call begins")
    await sleep(5 * MS)
    info("call ends", call=id)


async def clinic_foreign_fixed() -> None:
    await clinic_foreign(guarded=False)


def connection() -> Span:
    return info_span("connection")


def linked_connection() -> Span:
    span = info_span("connection", parent=None)
    span.follows_from(Span.current())
    return span


async def clinic_stuck(open: Any = connection) -> None:
    pool: list[Span] = []
    for id in range(1, 9):
        await request(id, pool, open)
        await sleep(50 * MS)
    pool[0].in_scope(partial(info, "ping"))


@instrument(skip=["pool", "open"])
async def request(id: int, pool: list[Span], open: Any) -> None:
    info("request begins")
    if not pool:
        pool.append(open())
        pool[0].in_scope(partial(info, "connected"))
    await sleep(10 * MS)
    info("request ends")


async def clinic_stuck_fixed() -> None:
    await clinic_stuck(linked_connection)


async def clinic_clean() -> None:
    beat = spawn(heartbeat())
    await join_all([upload(id) for id in range(1, 4)])
    await sleep(20 * MS)
    beat.abort()


@instrument
async def upload(id: int) -> None:
    info("upload begins")
    for part in (1, 2):
        await sleep((4 + id) * MS)
        info("part sent", part=part)
    info("upload ends")


async def heartbeat() -> None:
    beats = interval(10 * MS)
    while True:
        await beats.tick()
        info("still alive")


PROGRAMS = (
    clinic_orphan, clinic_orphan_fixed, clinic_foreign, clinic_foreign_fixed, clinic_stuck,
    clinic_stuck_fixed, clinic_clean,
)  # fmt: skip
