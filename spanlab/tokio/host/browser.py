"""Python in the browser: it has no threads, and the loop of the page can never wait for ours.

So a thread runs at once, to its end, where it is started. It keeps what makes it one: an identity,
a span stack of its own, an empty context. Only nothing happens beside it.
"""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context
from typing import Any

from spanlab import threads
from spanlab.tokio.runtime.schedule import Seeded
from spanlab.tokio.runtime.virtual_threads import VirtualThreads


class OsThreads(VirtualThreads):
    """Stands in for real threads: a schedule by chance, and time that passes by itself."""

    def __init__(self, workers: int = 4) -> None:
        super().__init__(workers)

    def __repr__(self) -> str:
        return f"OsThreads({self.workers})"

    def _reset(self) -> None:
        self.schedule_by, self._start = Seeded(random.randrange(1_000_000)), time.perf_counter_ns()
        super()._reset()

    def now(self) -> int:
        return super().now() + time.perf_counter_ns() - self._start  # a wait is a jump


@contextmanager
def _being(thread: threading.Thread) -> Iterator[None]:
    """Be another thread for a `with` block, for Python and for the recordings that know it."""
    active, ours = threading._active, vars(thread)  # type: ignore[attr-defined]
    before, threading.get_ident = threading.get_ident, lambda: id(thread)
    active[id(thread)] = thread
    with threads.on(ours.get("spanlab")):
        try:
            yield
        finally:
            ours["spanlab"] = threads.local.thread
            threading.get_ident = before
            del active[id(thread)]


def start(self: threading.Thread) -> None:
    """Run a thread to its end: stands in for `Thread.start`."""
    self._started.set()  # type: ignore[attr-defined]
    self.is_alive = lambda: True  # type: ignore[method-assign]
    with _being(self):
        try:
            (getattr(self, "_context", None) or Context()).run(self.run)
        except Exception:
            threading.excepthook(threading.ExceptHookArgs([*sys.exc_info(), self]))
    self.is_alive = lambda: False  # type: ignore[method-assign]
    self.join = lambda timeout=None: None  # type: ignore[method-assign]


def submit(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
    """Run a function on the one thread of a pool: stands in for `ThreadPoolExecutor.submit`."""
    done = Future[Any]()
    with _being(vars(self).setdefault("thread", threading.Thread(name="asyncio_0"))):
        try:
            done.set_result(Context().run(function, *args, **kwargs))
        except Exception as error:
            done.set_exception(error)
    return done


class Loop(asyncio.BaseEventLoop):
    """A loop that needs nobody: it has no sockets to select from."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self

    def select(self, timeout: float | None) -> list[Any]:
        until = time.monotonic() + (timeout or 0)
        while time.monotonic() < until:
            pass  # not `sleep`: where that can, it lets the loop of the page go on inside of ours
        return []

    def get_map(self) -> dict[int, Any]:
        return {}

    def _process_events(self, events: list[Any]) -> None: ...

    def _write_to_self(self) -> None: ...


@contextmanager
def aside(outer: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have no loop run for a `with` block, while the loop of the page waits."""
    if task := asyncio.current_task(outer):
        asyncio.tasks._leave_task(outer, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        if task:
            asyncio.tasks._enter_task(outer, task)


if sys.platform == "emscripten":
    from pyodide import webloop

    webloop.can_run_sync = lambda: False  # else `time.sleep` lets the page go on inside of a run
    threading.Thread.start = start  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]
