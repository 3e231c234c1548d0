"""The futures of LANGUAGE.md, and the statements that may await."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import driver_shared as shared
import driver_streams as streams
import driver_tasks as tasks
from driver_sync import OnDrop, run_sync

from spanlab import (
    Elapsed,
    Future,
    FuturesUnordered,
    Span,
    by_ref,
    catch_unwind,
    in_current_span,
    info,
    info_span,
    instrument,
    interval,
    join,
    join_all,
    select,
    sleep,
    sleep_until,
    span,
    timeout,
    try_join,
    try_join_all,
    yield_now,
)


class Failed(Exception):
    """What `["err"]` makes a block end in."""


class Locals:
    """What a block holds, each by name."""

    def __init__(self) -> None:
        self.streams: dict[str, Any] = {}
        self.pools: dict[str, Any] = {}
        self.sets: dict[str, Any] = {}
        self.handles: dict[str, Any] = {}
        self.futures: dict[str, Any] = {}

    def drop(self) -> None:
        """Drop what is left, in Rust's order, and close what Python would warn about."""
        for kept in (self.streams, self.pools, self.sets, self.handles, self.futures):
            for name in sorted(kept):
                value = kept.pop(name)
                if kept is self.futures:
                    value.close()
                del value


async def block(statements: list[Any]) -> None:
    held = Locals()
    try:
        for st in statements:
            await statement(st, held)
    finally:
        held.drop()


@instrument(skip_all=True)
async def afn(body: Any) -> None:
    await block(body)


@instrument(skip_all=True)
def mk(sync: Any, body: Any) -> Any:
    """The last statement returns an async block: the attribute takes the block."""
    run_sync(sync)

    async def task() -> None:
        await block(body)

    return task()


@instrument(skip_all=True)
def mk_let(sync: Any, body: Any) -> Any:
    """Bound to a name first: the attribute takes the function."""
    run_sync(sync)

    async def task() -> None:
        await block(body)

    future = task()
    return future  # noqa: RET504


def mk_manual(name: str, sync: Any, body: Any) -> Any:
    with info_span(name).entered():
        run_sync(sync)
        return block(body)


async def owns(log: OnDrop, inner: Any) -> None:
    try:
        await inner
    finally:
        del log


def make(future: list[Any]) -> Any:
    match future:
        case ["async", body]:
            return block(body)
        case ["afn", body]:
            return afn(body)
        case ["mk", sync, body]:
            return mk(sync, body)
        case ["mk_let", sync, body]:
            return mk_let(sync, body)
        case ["mk_manual", name, sync, body]:
            return mk_manual(name, sync, body)
        case ["instr", name, inner]:
            made = make(inner)
            return info_span(name).instrument(made)
        case ["instr_root", name, inner]:
            made = make(inner)
            return info_span(name, parent=None).instrument(made)
        case ["instr_at", target, level, name, user, inner]:
            made = make(inner)
            return span(level, name, target=target, user=user).instrument(made)
        case ["cur", inner]:
            return in_current_span(make(inner))
        case ["or_cur", inner]:
            made = make(inner)
            return Span.none().or_current().instrument(made)
        case ["follows", name, inner]:
            made = make(inner)
            follower = info_span(name, parent=None)
            follower.follows_from(Span.current())
            return follower.instrument(made)
        case ["owns", message, inner]:
            return owns(OnDrop(message), make(inner))
        case other:
            raise AssertionError(f"no future is called {other}")


async def statement(st: list[Any], held: Locals) -> None:
    match st:
        case ["yield"]:
            await yield_now()
        case ["sleep", ms]:
            await sleep(ms / 1000)
        case ["sleep_until", ms]:
            await sleep_until(ms / 1000)
        case ["err"]:
            raise Failed
        case ["await", future]:
            with suppress(Failed):
                await make(future)
        case ["try", future]:
            await make(future)
        case ["catch", future]:
            with suppress(Failed):
                if (await catch_unwind(make(future))).error:
                    info("caught")
        case ["timeout", ms, future]:
            await in_time(ms, make(future))
        case ["interval", ms, count, body]:
            ticks = interval(ms / 1000)
            for _ in range(count):
                await ticks.tick()
                await block(body)
        case ["join2", a, b]:
            await unless_one_failed(join, make(a), make(b))
        case ["join_all", futures]:
            await unless_one_failed(join_all, [make(f) for f in futures])
        case ["try_join", a, b]:
            await unless_one_failed(try_join, make(a), make(b))
        case ["try_join_all", futures]:
            await unless_one_failed(try_join_all, [make(f) for f in futures])
        case ["select", a, b, x, y]:
            run_sync((x, y)[await first_of(make(a), make(b))])
        case ["select_ref", name, other, x, y]:
            await select_ref(name, other, x, y, held)
        case ["let", name, future]:
            held.futures[name] = make(future)
        case ["await_var", name]:
            if name in held.futures:
                await awaited(held.futures.pop(name))
        case ["drop_var", name]:
            if name in held.futures:
                held.futures.pop(name).close()
        case ["await_in_scope", name, body]:
            within = info_span(name)
            try:
                with within.enter():
                    await block(body)
            finally:
                del within
        case ["await_overlap", a, b, x, y, z]:
            await overlap(a, b, x, y, z)
        case ["dropping", message, body]:
            await owns(OnDrop(message), block(body))
        case _:
            await tasks.statement(st, held)


async def in_time(ms: int, future: Any) -> None:
    try:
        with suppress(Failed):
            await timeout(ms / 1000, future)
    except Elapsed:
        info("timed out")


async def unless_one_failed(joined: Any, *futures: Any) -> None:
    try:
        await joined(*futures)
    except Failed:
        info("one failed")


async def first_of(*futures: Any) -> int:
    """Give the index of the future that is done first, well or not."""
    index, _ = await select(*map(Outcome, futures), biased=True)
    return index


class Outcome(Future[None]):
    """Ends when a future ends, well or not."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def poll(self) -> Any:
        try:
            return self.inner.send(None)
        except (StopIteration, Failed):
            return True

    def close(self) -> None:
        self.inner.close()


async def awaited(future: Any) -> None:
    """Await a future that may have been polled before."""
    try:
        with suppress(Failed):
            await by_ref(future)
    finally:
        future.close()


async def select_ref(name: str, other: Any, x: Any, y: Any, held: Locals) -> None:
    """The future by name stays where it is if the other one is done first."""
    kept = held.futures.pop(name, None)
    if kept is None:
        info(f"{name} is gone")
        return
    index = await first_of(by_ref(kept), make(other))
    run_sync((x, y)[index])
    if index == 0:
        kept.close()
    else:
        held.futures[name] = kept


async def overlap(a: str, b: str, x: Any, y: Any, z: Any) -> None:
    outer = info_span(a)
    first = outer.enter()
    try:
        await block(x)
        inner = info_span(b)
        second = inner.enter()
        try:
            await block(y)
            first.exit()
            await block(z)
        finally:
            second.__exit__()
            del second, inner
    finally:
        first.__exit__()
        del first, outer


async def shared_statement(st: list[Any], held: Locals) -> None:
    match st:
        case ["send", name, n]:
            await shared.send(name, n)
        case ["send_in", name, n, span_name]:
            await shared.send(name, n, info_span(span_name))
        case ["flood", name, count]:
            for n in range(count):
                await shared.send(name, n)
        case ["recv", name]:
            with shared.taken(name) as receiver:
                if receiver is not None:
                    shared.tell(name, await receiver.recv())
        case ["take", name, count]:
            with shared.taken(name) as receiver:
                if receiver is not None:
                    for _ in range(count):
                        await receiver.recv()
                    info(f"{name} taken")
        case ["serve", name, body]:
            with shared.taken(name) as receiver:
                if receiver is not None:
                    await serve(name, receiver, body)
        case ["question", name]:
            await shared.question(name)
        case ["notified", name]:
            await shared.notifies[name].notified()
        case ["lock", name, body]:
            with await shared.locks[name].lock():
                await block(body)
        case ["pool", name, future]:
            held.pools.setdefault(name, FuturesUnordered()).push(make(future))
        case ["pool_drain", name, body]:
            await drain(name, held.pools.pop(name, None), body)
        case ["stream", name, made]:
            held.streams[name] = streams.items(made)
        case ["next", name]:
            tell_next(name, await anext(held.streams[name], None))
        case ["next_instr", span_name, name]:
            following = anext(held.streams[name], None)
            tell_next(name, await info_span(span_name).instrument(following))
        case ["drop_stream", name]:
            held.streams.pop(name, None)
        case ["each", made, body]:
            async for n in streams.items(made):
                info(f"each {n}")
                await block(body)
        case _:
            run_sync([st])


def tell_next(name: str, got: int | None) -> None:
    info(f"{name} ended" if got is None else f"{name} gave {got}")


async def serve(name: str, receiver: Any, body: Any) -> None:
    while (message := await receiver.recv()) is not None:
        n, span = message
        del message
        info(f"{name} got {n}")
        with suppress(Failed):
            work = (span or Span.none()).instrument(block(body))
            del span
            await work
        del work
    info(f"{name} ended")


async def drain(name: str, pool: Any, body: Any) -> None:
    while pool:
        try:
            await anext(pool)
        except Failed:
            info(f"{name} gave an error")
        else:
            info(f"{name} gave a value")
        run_sync(body)
    if pool is not None:
        await anext(pool, None)


async def until_stuck(program: Any) -> bool:
    """Tell whether nobody is left to wake anybody: only then a paused clock reaches this hour."""
    index, _ = await select(sleep(3600), by_ref(program), biased=True)
    return index == 0
