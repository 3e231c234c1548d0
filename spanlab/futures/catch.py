"""Panics: what goes through every `?`, and is caught at a task's end or by `catch_unwind`."""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import Any, NoReturn

from spanlab.evidence.panic import tell
from spanlab.frames import unwind
from spanlab.future import Future, Pending, into_future
from spanlab.os_thread import check_function


class Panic(BaseException):
    """What `panic` raises. `except Exception` lets it by, as Rust's `?` does.

    Every `Exception` is an `Err`: `join` polls on after one, `try_join` gives it to its caller.
    """


def panic(message: str = "explicit panic") -> NoReturn:
    """End the task. Its locals are dropped, and whoever joins it gets a `JoinError`.

    In Rust: `panic!`.

    >>> async def main():
    ...     joined = spawn(catch_unwind(careless()))
    ...     return (await joined).error
    >>> async def careless():
    ...     panic("no more")
    >>> set_panic_hook(lambda panic: None)
    >>> run(main()).result
    Panic('no more')
    >>> set_panic_hook()
    """
    raise Panic(message)


class Caught:
    """What `catch_unwind` gives: a `value`, or the `Panic` that was its `error`.

    In Rust: `std::thread::Result`.
    """

    __slots__ = ("error", "value")

    def __init__(self, value: Any = None, error: Panic | None = None) -> None:
        self.value = value
        self.error = error

    def __repr__(self) -> str:
        return f"Caught({self.error or self.value!r})"


class _CatchUnwind(Future[Caught]):
    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def send(self, value: None, /) -> Pending:
        try:
            pending: Pending = self.inner.send(None)
            return pending
        except StopIteration as ready:
            caught = Caught(ready.value)
        except Panic as error:
            caught = _caught(error)
        raise StopIteration(caught)


def catch_unwind(work: Any) -> Any:
    """Call a function, or await a future, and give a `Caught`: a panic ends in here.

    What the panicked code held is dropped before this returns. An `Exception` goes on.

    In Rust: `std::panic::catch_unwind(work)`, `AssertUnwindSafe(future).catch_unwind().await`.
    """
    if isinstance(work, (CoroutineType, Future)):
        return _CatchUnwind(into_future(work, "catch_unwind()"))
    check_function(work, "catch_unwind()")
    return _call(work)


def _call(function: Callable[[], Any]) -> Caught:
    try:
        return Caught(function())
    except Panic as error:
        return _caught(error)


def _caught(error: Panic) -> Caught:
    tell(error)
    unwind(error)
    error.__traceback__ = None  # its frames know those that called, and would keep what they hold
    return Caught(error=error)
