"""Threads that must end: waited for first, then stopped by an exception."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from spanlab.errors import Deadlock
from spanlab.threads import process
from spanlab.tokio.host.keyboard import keyboard

PATIENCE = 10.0  # seconds that a poll may go on after the end of the run
NO_PATIENCE = 0.05  # the same after an interrupt, and between two tries to stop a thread
TRIES = 40  # after these a thread is left alone: it sits in a call that nothing can stop
FEW = 3  # the same after an interrupt


class Stop(KeyboardInterrupt):
    """Raised inside a thread that must end now."""


def end(
    os_threads: Sequence[threading.Thread], error: BaseException | None, most: float = PATIENCE
) -> None:
    """Wait until all threads have ended, not long after an interrupt, and stop those that go on.

    The list may grow meanwhile: before it ends, a thread may begin another one.
    """
    at_once = isinstance(error, (KeyboardInterrupt, Deadlock))
    patience = NO_PATIENCE if at_once else most
    try:
        _wait(os_threads, patience)
    except KeyboardInterrupt:  # the user has waited long enough
        _wait(os_threads, NO_PATIENCE)
        raise


def end_started(recorder: Any, error: BaseException | None) -> None:
    """After an error, stop the threads that a program has started itself."""
    handles = [handle for handle in [*process.handles] if handle.recorder is recorder]
    started = [handle._os_thread for handle in handles]
    if error is not None and threading.current_thread() not in started:
        _wait(started, NO_PATIENCE)


def _wait(os_threads: Sequence[threading.Thread], patience: float) -> None:
    tries = FEW if patience == NO_PATIENCE else TRIES
    until = time.monotonic() + patience
    for os_thread in os_threads:
        while os_thread.is_alive() and (left := until - time.monotonic()) > 0:
            os_thread.join(min(left, NO_PATIENCE))
            keyboard.check()
    import ctypes  # few runs come this far

    for _ in range(tries):
        alive = [os_thread for os_thread in os_threads if os_thread.is_alive()]
        if not alive:
            return
        for os_thread in alive:
            ident = ctypes.c_ulong(os_thread.ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Stop))
        alive[0].join(NO_PATIENCE)
