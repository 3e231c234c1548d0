"""The coroutine behind a future, and the frames that an exception leaves behind."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import CoroutineType
from typing import Any

Place = tuple[Any, int]  # code and instruction, or file and line
NOWHERE: Place = ("", 0)
DEEP = "A call of a function with @instrument takes 3 levels of Python, one that is awaited 5. " + (
    "Python 3.12 has a limit of its own for them: take another, or a loop"
    if sys.version_info[:2] == (3, 12)
    else "Write: sys.setrecursionlimit(10_000)"
)


def coroutine(future: Any) -> CoroutineType[Any, Any, Any] | None:
    """Give the coroutine behind a future, through its wrappers, if it is one."""
    while type(future) is not CoroutineType:
        future = getattr(future, "inner", None)
        if future is None:
            return None
    return future


def name_of(future: Any) -> str:
    """Name the async function behind a future; empty if it is none of those."""
    inner = coroutine(future)
    return inner.cr_code.co_name if inner else ""


def unwind(error: BaseException) -> None:
    """Drop what the frames of `error` hold, innermost first, as a panic does on its way out.

    Without it the traceback would keep spans, guards and futures alive.
    """
    if isinstance(error, RecursionError) and not hasattr(error, "__notes__"):
        error.add_note(DEEP)
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    for frame in reversed(frames):
        with suppress(RuntimeError):  # the frames above the catch are still running
            frame.clear()
