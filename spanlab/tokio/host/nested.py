"""A coroutine on asyncio's loop: on a new one, or inside the one that runs here already."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from spanlab.errors import MissingPackage
from spanlab.threads import Thread, inherited


def run_to_end(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. After an interrupt it has ended too."""
    if (loop := asyncio._get_running_loop()) is None:
        with asyncio.Runner() as runner:
            _run_on(runner.get_loop(), coroutine)
    elif sys.platform == "emscripten":
        from spanlab.tokio.host import browser

        with browser.aside(loop), asyncio.Runner(loop_factory=browser.Loop) as runner:
            _run_on(runner.get_loop(), coroutine)
    else:
        _patch_loop(coroutine)
        _run_on(loop, coroutine)


def _run_on(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]) -> None:
    task = loop.create_task(coroutine)
    try:
        loop.run_until_complete(task)
    except BaseException as error:  # an interrupt between two steps leaves the loop as it is
        while not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        if not task.cancelled():
            task.exception()  # it was heard of
        if isinstance(error, KeyboardInterrupt):  # nobody waits for what its threads do
            loop.set_default_executor(ThreadPoolExecutor())
        raise


def _patch_loop(coroutine: Coroutine[Any, Any, None]) -> None:
    """Let a running loop be entered again, which asyncio forbids.

    The maintained fork is needed: nest-asyncio 1.6.0 hangs "Run All" in JupyterLab.
    """
    try:
        import nest_asyncio2
    except ImportError:
        coroutine.close()
        raise MissingPackage(
            "a loop is running here already, and nest-asyncio2, which lets it be entered again, "
            "is not installed. Write: await arun(main()), or: pip install nest-asyncio2"
        ) from None
    nest_asyncio2.apply()


def may_wake(loop: Any, thread: Thread) -> bool:
    """Tell whether a run has put a callback, a timer or a socket on a loop of asyncio.

    True where that cannot be seen.
    """
    try:
        sockets = [handle for key in loop._selector.get_map().values() for handle in key.data]
        handles = [*loop._ready, *loop._scheduled, *sockets]
    except (AttributeError, TypeError):  # a loop of another library
        return True
    return any(
        handle and not handle._cancelled and handle._context.get(inherited) is thread
        for handle in handles
    )
