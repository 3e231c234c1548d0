"""Looking into suspended futures and the frames that an exception leaves behind."""

from __future__ import annotations

from contextlib import suppress
from types import CodeType, CoroutineType
from typing import Any


def suspended_at(future: Any) -> tuple[str, str, int]:
    """Name the innermost function in which a future is suspended, its file and its line."""
    found = ("", "", 0)
    while future is not None:
        frame = getattr(future, "cr_frame", None) or getattr(future, "gi_frame", None)
        if frame is not None:
            found = (frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno)
        future = getattr(future, "cr_await", None) or getattr(future, "inner", None)
    return found


def code_of(future: Any) -> CodeType | None:
    """Give the code of the async function behind a future, through its wrappers."""
    while type(future) is not CoroutineType:
        future = getattr(future, "inner", None)
        if future is None:
            return None
    return future.cr_code


def unwind(error: BaseException) -> None:
    """Drop what the frames of `error` hold, innermost first, as a panic does on its way out.

    Without it the traceback would keep spans, guards and futures alive.
    """
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    for frame in reversed(frames):
        with suppress(RuntimeError):  # the frames above the catch are still running
            frame.clear()
