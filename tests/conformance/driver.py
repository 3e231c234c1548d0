"""Runs programs written in the language of LANGUAGE.md on spanlab's public API."""

from __future__ import annotations

from typing import Any

from spanlab import (
    JoinError,
    JoinSet,
    Span,
    in_current_span,
    info,
    info_span,
    instrument,
    join,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    spawn_thread,
    yield_now,
)
from spanlab.record import (
    Event,
    SpanClosed,
    SpanEntered,
    SpanExited,
    SpanFollows,
    SpanNew,
    TaskFinished,
)
from spanlab.traces import Trace


def report(name: str, error: JoinError | None) -> None:
    if error is not None:
        info(f"{name} panicked" if error.is_panic() else f"{name} cancelled")


def run_sync(statements: list[Any]) -> None:
    for st in statements:
        match st:
            case ["ev", message]:
                info(message)
            case ["ev_root", message]:
                info(message, parent=None)
            case ["scope", name, body]:
                with info_span(name).entered():
                    run_sync(body)
            case ["in_scope", name, body]:
                info_span(name).in_scope(lambda body=body: run_sync(body))
            case ["overlap", first, second, x, y, z]:
                overlap(first, second, x, y, z)
            case ["twice", name, x, y]:
                twice(name, x, y)
            case ["child_of_current", a, b, body]:
                child_of_current(a, b, body)
            case ["sync_fn", body]:
                sync_fn(body)
            case ["thread", body]:
                spawn_thread(lambda body=body: run_sync(body)).join()
            case other:
                raise AssertionError(f"no statement is called {other}")


def overlap(first: str, second: str, x: Any, y: Any, z: Any) -> None:
    a = info_span(first).entered()
    run_sync(x)
    b = info_span(second).entered()
    run_sync(y)
    a.exit()
    run_sync(z)
    b.exit()


def twice(name: str, x: Any, y: Any) -> None:
    span = info_span(name)
    with span.enter():
        with span.enter():
            run_sync(x)
        run_sync(y)


def child_of_current(a: str, b: str, body: Any) -> None:
    current = Span.current()
    with info_span(a, parent=None).entered(), info_span(b, parent=current).entered():
        run_sync(body)
    del current


@instrument(skip_all=True)
def sync_fn(body: Any) -> None:
    run_sync(body)


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
        case ["cur", inner]:
            return in_current_span(make(inner))
        case ["or_cur", inner]:
            made = make(inner)
            return Span.none().or_current().instrument(made)
        case ["follows", name, inner]:
            made = make(inner)
            span = info_span(name, parent=None)
            span.follows_from(Span.current())
            return span.instrument(made)
        case other:
            raise AssertionError(f"no future is called {other}")


async def block(statements: list[Any]) -> None:
    futures: dict[str, Any] = {}
    handles: dict[str, Any] = {}
    sets: dict[str, JoinSet] = {}
    try:
        for st in statements:
            await statement(st, futures, handles, sets)
    finally:
        drop(sets)
        drop(handles)
        drop(futures)


def drop(kept: dict[str, Any]) -> None:
    """Drop by name, and close what Python would warn about."""
    for name in sorted(kept):
        value = kept.pop(name)
        if hasattr(value, "close"):
            value.close()
        del value


async def statement(st: list[Any], futures: Any, handles: Any, sets: Any) -> None:
    match st:
        case ["yield"]:
            await yield_now()
        case ["sleep", ms]:
            await sleep(ms / 1000)
        case ["panic"]:
            raise RuntimeError("on purpose")
        case ["await", future]:
            await make(future)
        case ["join2", a, b]:
            await join(make(a), make(b))
        case ["select", a, b, x, y]:
            index, _ = await select(make(a), make(b), biased=True)
            run_sync((x, y)[index])
        case ["let", name, future]:
            futures[name] = make(future)
        case ["await_var", name]:
            await futures.pop(name)
        case ["drop_var", name]:
            futures.pop(name).close()
        case ["spawn", name, future]:
            handles[name] = spawn(make(future))
        case ["join", name]:
            await reported(name, handles.pop(name))
        case ["abort", name]:
            handles[name].abort()
        case ["detach", name]:
            del handles[name]
        case ["set_spawn", name, future]:
            made = make(future)
            sets.setdefault(name, JoinSet()).spawn(made)
        case ["set_drain", name, body]:
            if tasks := sets.pop(name, None):
                while joined := await tasks.join_next():
                    report(name, joined.error)
                    run_sync(body)
        case ["blocking", body]:
            await spawn_blocking(lambda: run_sync(body))
        case ["await_in_scope", name, body]:
            with info_span(name).enter():
                await block(body)
        case _:
            run_sync([st])


async def reported(name: str, handle: Any) -> None:
    try:
        await handle
    except JoinError as error:
        report(name, error)


def run_program(program: dict[str, Any], runtime: Any) -> Trace:
    return run(block(program["body"]), on=runtime)


def records(trace: Trace) -> list[list[Any]]:
    """Write a trace the way the oracle does: up to the end of the main future."""
    threads: dict[int, int] = {}
    found: list[list[Any]] = []
    threads[1] = 0
    for record in trace.records:
        number = lambda record=record: threads.setdefault(record.thread, len(threads))  # noqa: E731
        match record:
            case SpanNew():
                found.append(["new", record.span, record.name, record.parent, number()])
            case SpanEntered():
                found.append(["enter", record.span, number()])
            case SpanExited():
                found.append(["exit", record.span, number()])
            case SpanClosed():
                found.append(["close", record.span])
            case SpanFollows():
                found.append(["follows", record.span, record.follows])
            case Event():
                found.append(["event", record.message, list(trace.scope(record)), number()])
            case TaskFinished(finished=0):
                break
    return found
