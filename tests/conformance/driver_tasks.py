"""The statements of LANGUAGE.md about tasks, and where they live."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import driver_block
from driver_sync import run_sync

from spanlab import (
    CurrentThread,
    Elapsed,
    Handle,
    JoinError,
    JoinSet,
    LocalSet,
    by_ref,
    info,
    info_span,
    spawn,
    spawn_blocking,
    spawn_local,
    spawn_thread,
    timeout,
)


def report(name: str, error: JoinError | None) -> None:
    if error is None:
        return
    if error.is_cancelled():
        info(f"{name} cancelled")
    else:
        failed = isinstance(error.__cause__, driver_block.Failed)
        info(f"{name} failed" if failed else f"{name} panicked")


async def reported(name: str, handle: Any) -> None:
    try:
        await handle
    except JoinError as error:
        report(name, error)


async def statement(st: list[Any], held: Any) -> None:
    make = driver_block.make
    match st:
        case ["spawn", name, future]:
            held.handles[name] = spawn(make(future))
        case ["spawn_local", name, future]:
            held.handles[name] = spawn_local(make(future))
        case ["join", name]:
            await reported(name, held.handles.pop(name))
        case ["join_instr", span_name, name]:
            handle = held.handles.pop(name)
            await reported(name, info_span(span_name).instrument(handle))
        case ["join_timeout", ms, name]:
            await join_timeout(ms, name, held)
        case ["abort", name]:
            if name in held.handles:
                held.handles[name].abort()
        case ["detach", name]:
            held.handles.pop(name, None)
        case ["set_spawn", name, future]:
            made = make(future)
            held.sets.setdefault(name, JoinSet()).spawn(made)
        case ["set_drain", name, body]:
            if tasks := held.sets.pop(name, None):
                while joined := await tasks.join_next():
                    report(name, joined.error)
                    run_sync(body)
        case ["blocking", body]:
            await spawn_blocking(lambda: run_sync(body))
        case ["local", before, body]:
            await local(before, driver_block.block(body))
        case ["local_all", futures]:
            await local(futures, None)
        case ["thread_spawn", name, future]:
            handle = Handle.current()
            held.handles[name] = spawn_thread(lambda: entered(handle, future)).join()
        case ["thread_block_on", future]:
            handle = Handle.current()
            spawn_thread(lambda: blocked(handle, future)).join()
        case ["runtime", future]:
            spawn_thread(lambda: second(future)).join()
        case _:
            await driver_block.shared_statement(st, held)


async def local(before: list[Any], block: Any) -> None:
    tasks = LocalSet()
    try:
        for future in before:
            tasks.spawn_local(driver_block.make(future))
        await (tasks if block is None else tasks.run_until(block))
    finally:
        del tasks


def entered(handle: Handle, future: list[Any]) -> Any:
    with handle.enter():
        return spawn(driver_block.make(future))


def blocked(handle: Handle, future: list[Any]) -> None:
    with suppress(driver_block.Failed):
        handle.block_on(driver_block.make(future))


def second(future: list[Any]) -> None:
    """A runtime of its own, on this thread."""
    runtime = CurrentThread()
    try:
        with suppress(driver_block.Failed):
            runtime.block_on(driver_block.make(future))
    finally:
        runtime.shutdown()


async def join_timeout(ms: int, name: str, held: Any) -> None:
    """The handle by name stays where it is if the time is over first."""
    handle = held.handles.get(name)
    if handle is None:
        info(f"{name} is gone")
        return
    try:
        await timeout(ms / 1000, by_ref(handle))
        error = None
    except Elapsed:
        info(f"{name} is late")
        return
    except JoinError as failed:
        error = failed
    del held.handles[name], handle
    report(name, error)
