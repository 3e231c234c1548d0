"""How far a long run has come: one line, rewritten, in a terminal or in a notebook."""

from __future__ import annotations

import sys
import threading
import time

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
        _draw(text.ljust(self._width))
        self._width = len(text)

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            _draw(" " * self._width + "\r")
            self._width = 0


def _draw(text: str) -> None:
    """Draw the line where the user looks: in the cell's output, else in a terminal."""
    is_notebook = type(sys.stdout).__module__.startswith("ipykernel.")
    out = sys.stdout if is_notebook else sys.stderr
    if out is not None and (is_notebook or out.isatty()):
        out.write("\r" + text)
        out.flush()
