"""Every exception, in one tree. Each message says what was expected, what came, what to write."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

HERE = os.path.dirname(__file__) + os.sep  # the files of this package
LIBRARY = os.path.dirname(os.__file__)  # Python's own, which no reader wants to look into


class SpanlabError(Exception):
    """The root of all errors that spanlab raises."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it: the reader's lines alone
        offset = 0 if cut(self) else None  # by itself it leaves out a frame of its own
        shell = sys.modules["IPython"].get_ipython().InteractiveTB
        lines: list[str] = shell.structured_traceback(
            type(self), self, self.__traceback__, tb_offset=offset
        )
        return lines


class UsageError(SpanlabError, ValueError):
    """An argument or a call is wrong; the message says what to write instead."""


class NotAFuture(UsageError, TypeError):
    """A future was needed and something else came."""


class ForeignAwaitable(UsageError):
    """A task awaited something that only another library's loop can wake."""


class FutureReused(UsageError):
    """A future was polled again after it gave its value, or given away twice."""


class NoRuntime(UsageError):
    """The call needs a runtime around it."""


class NestedRuntime(UsageError):
    """A runtime was started on a thread that drives one already."""


class NoSource(UsageError):
    """`@instrument` decides by the function's source, and there is none."""


class NotSend(UsageError):
    """A spawned future holds a value across an await that must stay on its thread."""


class JoinError(SpanlabError):
    """The awaited task gave no value: it panicked or was aborted.

    A panic is an exception that left the task; it is the `__cause__`.

    In Rust: `tokio::task::JoinError`.
    """

    def __init__(self, task: int, cause: BaseException | None = None) -> None:
        ending = f'panicked with message "{cause}"' if cause else "was cancelled"
        super().__init__(f"task {task} {ending}")
        self.task = task
        self.__cause__ = cause

    def is_panic(self) -> bool:
        """Tell whether an exception ended the task."""
        return self.__cause__ is not None

    def is_cancelled(self) -> bool:
        """Tell whether `abort` or the end of the runtime ended the task."""
        return self.__cause__ is None


class Deadlock(SpanlabError):
    """Nothing that could wake the waiting futures is left to run."""


class BudgetExceeded(SpanlabError):
    """The program made as many records as its budget allows and had not ended."""


class PollBudgetExceeded(BudgetExceeded):
    """The program was polled as often as its budget allows and had not ended."""


class MissingPackage(SpanlabError, ImportError):
    """A view needs a package that is not installed; the message has the line that installs it."""


def is_readers(file: str) -> bool:
    """Tell whether code is the reader's: not of this package, of Python or of one installed."""
    return not file.startswith((HERE, LIBRARY, "<frozen")) and "site-packages" not in file


def cut(error: BaseException | None) -> bool:
    """Let the traceback of an error begin at the reader's code, and show no frame of ours.

    Not if `SPANLAB_TRACEBACK` is set: then nothing is left out, and this gives False.
    """
    if os.environ.get("SPANLAB_TRACEBACK"):
        return False
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        entries: list[TracebackType] = []
        traceback = error.__traceback__
        while traceback is not None:
            file = traceback.tb_frame.f_code.co_filename
            if is_readers(file) or (entries and not file.startswith(HERE)):
                entries.append(traceback)
            traceback = traceback.tb_next
        for entry, following in zip(entries, [*entries[1:], None], strict=False):
            entry.tb_next = following
        error.__traceback__ = entries[0] if entries else None
        error = error.__cause__ or error.__context__
    return True
