"""A log behind a pipe: its lines pass through as they come, and suspicion is said meanwhile."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Queue
from stat import S_ISFIFO
from tempfile import SpooledTemporaryFile
from threading import Thread
from time import monotonic
from typing import IO

from spanlab.yours.read_log import read_log
from spanlab.yours.suspects import Suspects, suspects

PIECE, LATELY, KEPT = 1 << 16, 1 << 18, 1 << 26  # bytes: taken at once, judged meanwhile, in memory
PAUSE, REST = 0.3, 9  # seconds; times as long as a judgement took, until the next


def followed(tell: Callable[[Suspects], None]) -> tuple[IO[bytes] | None, bool]:
    """Pass on what comes from a pipe; give it all, and whether Ctrl-C came before its end.

    Now and then what came lately is judged, which takes a tenth of the time at most. Where
    standard input is no pipe, nothing is given.
    """
    pipe = sys.stdin.fileno()
    if not S_ISFIFO(os.fstat(pipe).st_mode):
        return None, False
    whole, lately, due = SpooledTemporaryFile(KEPT), b"", 0.0  # noqa: SIM115
    fresh = stopped = False
    try:
        for new in _pieces(pipe):
            whole.write(new)
            sys.stdout.buffer.write(new)
            sys.stdout.buffer.flush()
            lately, fresh = (lately + new)[-LATELY:], fresh or bool(new)
            if fresh and (begun := monotonic()) >= due:
                tell(suspects(read_log(lately[: lately.rfind(b"\n") + 1])))
                fresh, due = False, monotonic() + REST * (monotonic() - begun)
    except KeyboardInterrupt:
        stopped = True
    whole.seek(0)
    return whole, stopped


def _pieces(pipe: int) -> Iterator[bytes]:
    """Give what comes; where nothing does for a while, nothing: then there is time to think."""
    came = Queue[bytes](16)  # a program that is faster waits, as behind any pipe

    def take() -> None:
        with suppress(OSError):
            while piece := os.read(pipe, PIECE):
                came.put(piece)
        came.put(b"")

    Thread(target=take, daemon=True).start()
    while True:
        try:
            piece = came.get(timeout=PAUSE)
        except Empty:
            yield b""
        else:
            if not piece:
                return
            yield piece
