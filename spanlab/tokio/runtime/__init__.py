"""Ways to run the same program: one interface, and the name says what a thread is there."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

from spanlab import threads
from spanlab.errors import UsageError, cut
from spanlab.field import Level
from spanlab.future import check_future
from spanlab.recorder import RECORDS, recording
from spanlab.tokio.beside.handle import refuse_nested
from spanlab.tokio.host.keyboard import held
from spanlab.tokio.runtime.base import Runtime
from spanlab.tokio.runtime.current_thread import CurrentThread
from spanlab.tokio.runtime.schedule import Replay, Schedule, Seeded
from spanlab.tokio.runtime.virtual_threads import VirtualThreads
from spanlab.traces import Trace

if sys.platform == "emscripten":
    from spanlab.tokio.host.browser import OsThreads
else:
    from spanlab.tokio.runtime.os_threads import OsThreads

__all__ = [
    "CurrentThread", "OsThreads", "Replay", "Runtime", "Schedule", "Seeded", "VirtualThreads",
    "run",
]  # fmt: skip


def run(
    main: Any, on: Runtime | None = None, level: str | Level = "trace",
    polls: int = 1_000_000, records: int = RECORDS, filter: Any = None, scoped: bool = False,
) -> Trace:  # fmt: skip
    """Run a main future to its end, drop what is left, and give the trace of it all.

    The default runtime is `VirtualThreads()`. `level`, `filter` and `scoped` are as in `recording`.
    An exception of the main future is raised, with the trace so far as its `.trace`. After
    `polls` polls, or operations within them, or about `records` records the program is stopped
    with an error that says where it was.

    In Rust: `#[tokio::main]`, with a subscriber installed.

    >>> async def main():
    ...     info("in main")
    ...     return 42
    >>> run(main()).result
    42
    """
    runtime = VirtualThreads() if on is None else on
    main = check_future(main, "run()")
    refuse_nested(threads.current(), main)
    if not isinstance(runtime, Runtime):
        main.close()
        name = on.__name__ if isinstance(on, type) else "CurrentThread"
        raise UsageError(
            f"run() needs a runtime, got on={on!r:.80}. Write: run(main(), on={name}())"
        )
    asked = level, runtime.clock, records, filter, scoped
    with closing(main), held(), runtime.owned(), recording(*asked) as trace:
        try:
            runtime.begin(polls)
            trace.result = runtime.block_on(main)
        except BaseException as error:
            error.trace = trace  # type: ignore[attr-defined]
            cut(error)
            raise
        finally:
            runtime.shutdown()
            runtime.progress.clear()
    return trace
