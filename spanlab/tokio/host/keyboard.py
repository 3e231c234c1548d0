"""A keyboard interrupt ends a run between two of its steps, never in the middle of one.

Python may raise it behind any instruction: after a lock was taken, within a `__del__` that swallows
it. So while a run lasts, the signal is only noted when it comes in our own code, and raised at the
next poll. In the code of the user it is raised where it comes.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from spanlab.errors import HERE, is_readers


class Keyboard:
    """Whether the user wants the run to end, and nobody has raised it yet."""

    asked = False

    def check(self) -> None:
        """Raise the interrupt that was noted, if one was."""
        if self.asked:
            self.asked = False
            raise KeyboardInterrupt


keyboard = Keyboard()


@contextmanager
def held() -> Iterator[None]:
    """Note keyboard interrupts for a `with` block, where nobody else handles them."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    keyboard.asked = False
    signal.signal(signal.SIGINT, _note)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _note:  # else the program has set its own
            signal.signal(signal.SIGINT, signal.default_int_handler)
        keyboard.check()


def _note(number: int, frame: FrameType | None) -> None:
    is_urgent, keyboard.asked = keyboard.asked, True
    if is_urgent or not _is_ours(frame):  # whoever asks twice does not wait for a poll to end
        keyboard.check()


def _is_ours(frame: FrameType | None) -> bool:
    """Tell whether the code that runs is ours, or a library's that we called."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(HERE):
            return True
        if is_readers(file):
            return False
        frame = frame.f_back
    return False
