"""Panics: exceptions that leave a task or a thread. A hook is told of each, joined or not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from spanlab.errors import is_readers
from spanlab.evidence.sites import file_name, place
from spanlab.frames import NOWHERE, Place
from spanlab.threads import local, process


class Panic(NamedTuple):
    """What a panic hook is told.

    In Rust: `std::panic::PanicHookInfo`.
    """

    error: BaseException
    place: Place  # in the reader's own code, as code and instruction

    @property
    def message(self) -> str:
        """The last line of Python's traceback."""
        text = str(self.error)
        return f"{type(self.error).__name__}: {text}" if text else type(self.error).__name__

    def __str__(self) -> str:
        file, line = place(*self.place)
        return f"panicked at {file_name(file)}:{line}:\n{self.message}"


def _print(panic: Panic) -> None:
    thread = local.thread
    name, id = (thread.name or "<unnamed>", thread.id) if thread else ("<unnamed>", "?")
    print(f"\nthread '{name}' ({id}) {panic}", file=sys.stderr)


_hooks: list[Callable[[Panic], Any]] = [_print]  # the last one is asked


def set_panic_hook(hook: Callable[[Panic], Any] | None = None) -> None:
    """Call `hook(panic)` for each exception that leaves a task or a thread; without one, print it.

    It is called before anything is dropped, in the span that the task was spawned with; `panic`
    has an `error` and a `message`. The exception of the main future is raised by `run` as well,
    so that the printing hook leaves it out. A hook stays until another one is set.

    In Rust: `std::panic::set_hook`. There it is called where the panic begins: an exception that
    comes from further in has left the inner spans by then, as an `Err` does.

    >>> set_panic_hook(lambda panic: error("a task has died", why=panic.message))
    >>> set_panic_hook()
    """
    _hooks[-1] = _print if hook is None else hook


@contextmanager
def quiet() -> Iterator[None]:
    """Print nothing inside, where a program is run again and again."""
    _hooks.append(_hooks[-1] if _hooks[-1] is not _print else lambda panic: None)
    try:
        yield
    finally:
        _hooks.pop()


def tell(error: BaseException, *, is_raised: bool = False) -> Panic:
    """Tell the hook of a panic; what will be raised to the reader is not printed."""
    found, traceback = NOWHERE, error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if is_readers(code.co_filename) or found is NOWHERE:
            found = code, traceback.tb_lasti
        traceback = traceback.tb_next
    panic = Panic(error, found)
    if not is_raised or _hooks[-1] is not _print:
        _hooks[-1](panic)
    return panic


process.panicked = tell
