"""What "the current thread" is, real or virtual.

A span stack belongs to a thread. So does the runtime that drives it. Spans and runtimes never
import each other: they meet here, in the slots of a `Thread`, as they do in Rust's thread-locals.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

ENDED = 7  # the level of a recorder whose recording has ended


class Thread:
    """One thread, real or virtual: a number, and what lives on it.

    In Rust: `std::thread::Thread` together with the thread-local values of
    tracing (`span_stack`, `recorder`) and of tokio (`runtime`, `task`, `waker`).
    """

    def __init__(self, id: int, name: str, recorder: Any, runtime: Any = None) -> None:
        self.id = id
        self.name = name
        self.recorder = recorder  # where records go: the thread's default subscriber
        self.span_stack: list[Any] = []  # of weak references to spans; stack.py has the rule
        self.runtime = runtime  # whom spawn() asks
        self.task: int | None = None  # the task that is polled now; 0 is the main future
        self.waker: Any = None  # the task that `wake()` wakes for the future that is polled now
        self.budget = 0  # operations left in this poll before it must yield: wait.py spends it
        self.ident = threading.get_ident()  # of the real thread that made it
        self.pinned: list[Any] = []  # values that must stay here (not `Send`), the oldest first

    def __repr__(self) -> str:
        return f"ThreadId({self.id})"


class _Local(threading.local):
    thread: Thread | None = None


local = _Local()  # `local.thread` is the thread that runs this line, None if it is unknown
# the same, for what the tasks of a run put on asyncio's loop beside them
inherited: ContextVar[Thread | None] = ContextVar("spanlab_thread", default=None)
_MAIN = threading.main_thread()


# where the records of threads go that nobody told us of; running threads of `spawn_thread`; whom to
# tell of a panic, see evidence/panic.py; whom to ask while one waits, see tokio/host/still.py
process = SimpleNamespace(recorder=None, handles=set(), panicked=None, waited=None)


def current() -> Thread | None:
    """Give the thread that runs this line; one that we do not know yet joins the recording.

    In Rust: `std::thread::current`, where all threads share one subscriber.
    """
    thread, recorder = local.thread, process.recorder
    if thread is None and (lent := inherited.get()) and lent.ident == threading.get_ident():
        thread = lent  # not on a thread that a copy of the context was given to
    unknown = thread is None or thread.recorder.level == ENDED  # or known to a run that has ended
    if unknown and recorder is not None and threading.current_thread() is not _MAIN:
        thread = local.thread = recorder.thread("")
    return thread


@contextmanager
def on(thread: Thread | None) -> Iterator[None]:
    """Run a `with` block on `thread`."""
    previous, local.thread = local.thread, thread
    try:
        yield
    finally:
        local.thread = previous
