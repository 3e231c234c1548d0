"""A coroutine on asyncio's loop: on a new one, or inside the one that runs here already."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from spanlab.errors import MissingPackage


def run_to_end(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. After an interrupt it has ended too."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner() as runner:
            _run_on(runner.get_loop(), coroutine)
    else:
        _patch_loop(coroutine)
        _run_on(loop, coroutine)


def _run_on(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]) -> None:
    task = loop.create_task(coroutine)
    try:
        loop.run_until_complete(task)
    except BaseException:  # an interrupt between two steps leaves the loop as it is
        while not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
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
