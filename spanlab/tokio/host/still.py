"""Threads that wait for what only another thread can bring: if all do, none ever goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from itertools import takewhile
from types import FrameType
from weakref import WeakKeyDictionary

from spanlab.errors import Deadlock, is_readers
from spanlab.evidence.sites import file_name
from spanlab.os_thread import ThreadHandle
from spanlab.threads import local, process
from spanlab.tokio.host.keyboard import keyboard

FUTEX = ("202", "98")  # the call that waits for a lock, on x86-64 and on ARM
LOOKS = 8  # so many in a row must find that all wait


class Others:
    """The threads beside this one that may do something, from a moment on.

    A daemon from before that moment counts if it runs code of the reader's.
    """

    def __init__(self) -> None:
        self._before = {*threading.enumerate()}
        self._looks = WeakKeyDictionary[threading.Thread, int]()  # of who looks

    def all(self) -> list[threading.Thread]:
        """List them."""
        here = threading.current_thread()
        return [one for one in threading.enumerate() if one is not here and self._counts(one)]

    def stand_still(self, looks: int = LOOKS, is_quiet: bool = True) -> bool:
        """Tell whether so many looks in a row have found all of them waiting, and all quiet."""
        here = threading.current_thread()
        before = self._looks.get(here, 0)
        self._looks[here] = before + 1 if is_quiet and all(map(_waits, self.all())) else 0
        return self._looks[here] >= looks

    def _counts(self, one: threading.Thread) -> bool:
        return not one.daemon or one not in self._before or _place(one) is not None

    def waiting(self) -> str:
        """Say of every thread since then that it waits, and where in the reader's code."""
        places = ((one.name, _place(one)) for one in self.all() if one not in self._before)
        return "".join(f"\n  {name} {at} waits for another thread" for name, at in places if at)


def _place(one: threading.Thread) -> str | None:
    """Say in which function of the reader's a thread is, and on which line."""
    for frame in _frames(one):
        name, file = frame.f_code.co_name, frame.f_code.co_filename
        if is_readers(file):
            return f"('{name}', {file_name(file)}:{frame.f_lineno})"
    return None


def _frames(one: threading.Thread) -> Iterator[FrameType]:
    """Give what a thread is in, from the inside out."""
    frame = sys._current_frames().get(one.ident or 0)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _waits(one: threading.Thread) -> bool:
    """Tell whether a thread waits for a lock, and not only for some time, or for a thread."""
    frames = [*_frames(one)]
    inside = takewhile(lambda frame: not is_readers(frame.f_code.co_filename), frames)
    if any(frame.f_code is ThreadHandle.join.__code__ for frame in inside):
        return True  # it looks at times, as we do
    try:
        with open(f"/proc/self/task/{one.native_id}/syscall") as call:
            number, *arguments = call.read().split()
        return number in FUTEX and arguments[3] == "0x0"
    except OSError:  # not on Linux: all but a lock that is waited for without `threading`
        inner = frames[:1]
        return any(f.f_code.co_filename == threading.__file__ for f in inner) and all(
            f.f_locals.get("timeout", 0) is None for f in inner
        )


def _waited(until: threading.Thread | None = None) -> None:
    """Raise if the user does not want to wait, or if one waits for the end of who never ends."""
    keyboard.check()
    here = local.thread
    runtime = here and here.runtime
    others = runtime.others if runtime else _OTHERS
    if until is None or not others.stand_still(is_quiet=until.is_alive()):
        return
    if not (here and runtime and runtime.pass_time(here.task)):
        raise Deadlock(
            f"{until.name} was expected to end, and nothing is left that could wake it:"
            f"{others.waiting()}\nSend what it waits for before it is joined, or let it end. "
            f"Tasks go on beside a join on real workers alone: run(main(), on=OsThreads())"
        )
    others.stand_still(is_quiet=False)  # looked at anew: it goes on


_OTHERS = Others()
process.waited = _waited
