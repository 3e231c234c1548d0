"""How far a long run has come: one line, rewritten, in a terminal or in a notebook."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

PATIENCE = 0.5  # seconds before anything is shown
EVERY = 0.1  # seconds between two looks


class Progress:
    """A line that says how far something has come, gone when it has ended.

    Only the main thread draws, so that no output of a notebook is torn. Where nobody looks,
    as in a pipe, nothing is drawn.
    """

    def __init__(self) -> None:
        self._next = time.monotonic() + PATIENCE
        self._width = 0

    def show(self, text: str) -> None:
        """Draw the line anew if it is time to."""
        now = time.monotonic()
        if now < self._next or threading.current_thread() is not threading.main_thread():
            return
        self._next = now + EVERY
        self._draw(text.ljust(self._width))
        self._width = len(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            self._draw(" " * self._width + "\r")
            self._width = 0

    def _draw(self, text: str) -> None:
        out = _where()
        if out is not None:
            out.write("\r" + text)
            out.flush()


def _where() -> TextIO | None:
    """Give what the user looks at: the cell's output, else a terminal."""
    if type(sys.stdout).__module__.startswith("ipykernel."):
        return sys.stdout
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
