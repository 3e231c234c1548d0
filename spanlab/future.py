"""Futures: what can be polled, and what one poll gives.

A plain coroutine is a future: lazy, and moved by `send(None)`, which is one poll. A poll gives a
`Pending` or ends with `StopIteration`.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator
from contextlib import suppress
from functools import cache
from types import CoroutineType, GeneratorType
from typing import Any, ClassVar, Generic, TypeVar

from spanlab.errors import FutureReused, NoRuntime, NotAFuture
from spanlab.threads import local

T = TypeVar("T")


class Pending:
    """What a poll gives when it must wait: for what, and for which task if it is a task.

    In Rust: `Poll::Pending`, which keeps no reason.
    """

    __slots__ = ("awaits", "waits_for")

    def __init__(self, waits_for: str, awaits: int | None = None) -> None:
        self.waits_for = waits_for
        self.awaits = awaits


class Future(Generic[T]):
    """A future that is no coroutine: a subclass says in `poll` what one poll does.

    Whoever owns a future polls it with `send` and drops it with `close`. An `await` does both.

    In Rust: `std::future::Future`.
    """

    __slots__ = ("__weakref__", "_is_given")
    _is_given: bool  # not set, it was not
    inner: Any = None  # the future that this one polls, if it is one
    number: int | None = None  # in the records, of a future that carries a span
    is_ours: ClassVar[bool] = True  # so that we know what its polls can learn

    def __init_subclass__(cls) -> None:
        cls.is_ours = cls.__module__.startswith("spanlab.")

    def poll(self) -> T | Pending:
        """Give the value, or a `Pending` after arranging to be woken by `thread.waker`."""
        raise NotImplementedError

    def send(self, value: None, /) -> Pending:
        """Poll once, as a coroutine does: a value comes as `StopIteration`."""
        if not self.is_ours and (thread := local.thread) is not None and thread.runtime is not None:
            thread.runtime.saw(("own",))
        result = self.poll()
        if isinstance(result, Pending):
            return result
        if is_foreign(result) or (result is None and is_at_bare_yield(self.inner)):
            return adopt(result, self)
        raise StopIteration(result)

    def throw(self, error: BaseException, /) -> Any:
        """Raise `error` where the innermost future waits, as asyncio does to cancel a task."""
        if self.inner is None:
            self.close()
            raise error
        return self.inner.throw(error)

    def close(self) -> None:
        """Drop the future, and the one that it polls, if it is one."""
        if self.inner is not None:
            drop(self.inner)

    def __reduce_ex__(self, protocol: object) -> Any:
        raise FutureReused("a future is moved, not copied. Make a new one: work()")

    def __await__(self) -> Generator[Pending, None, T]:
        if getattr(self, "_is_given", False):
            raise _given_before("await", self)
        return self  # type: ignore[return-value]  # an iterator is all that `await` needs

    def __iter__(self) -> Future[T]:
        return self

    def __next__(self) -> Pending:
        try:
            return self.send(None)
        except BaseException:  # the value, or a panic: `await` drops what has ended
            self.close()
            raise


def drop(future: Any) -> None:
    """Drop a future and what it holds, though somebody may know it still by a name.

    Since Python 3.12 `close` leaves its arguments to a coroutine that never began.
    """
    if type(future) is not CoroutineType or future.cr_suspended or future.cr_frame is None:
        future.close()
    else:
        with suppress(GeneratorExit):
            future.throw(GeneratorExit)


def is_foreign(got: Any) -> bool:
    """Tell whether this is what an `await` of asyncio gives its loop to wait for."""
    return getattr(got, "_asyncio_future_blocking", False) is True


def is_at_bare_yield(future: Any) -> bool:
    """Tell whether a future waits for the next round of asyncio's loop, as `sleep(0)` does."""
    while (
        within := getattr(future, "cr_await", None) or getattr(future, "inner", None)
    ) is not None:
        future = within
    return isinstance(future, GeneratorType)


def adopt(got: Any, within: Any) -> Pending:
    """Have the runtime wait for what another library gave to a future that polls `within`."""
    thread = local.thread
    if thread is None or thread.runtime is None:
        raise NoRuntime(
            "a future of another library needs the loop that wakes it, and no runtime is here. "
            "Write: run(main(), on=AsyncioLoop())"
        )
    pending: Pending = thread.runtime.adopt(got, thread.waker, within)
    return pending


class _Given(str):
    """The name of a coroutine that was given away: the one place where it can be marked."""

    __slots__ = ()


_given = cache(_Given)  # one for each function: a mark is no object of its own


def into_future(value: Any, caller: str) -> Any:
    """Take a future that nobody else was given; `caller` is named in the error."""
    if type(value) is not CoroutineType or value.cr_frame is None:
        future = check_future(value, caller)
        if type(future) is CoroutineType:
            return into_future(future, caller)
        if getattr(future, "_is_given", False):
            raise _given_before(caller, future)
        future._is_given = True
        return future
    name = value.__qualname__
    if type(name) is _Given:
        raise _given_before(caller, value)
    value.__qualname__ = _given(name)
    return value


def given_on(future: Any) -> Any:
    """Give a future on to who will await it, as only its owner may."""
    if isinstance(future, Future):
        future._is_given = False
    return future


def _given_before(caller: str, future: Any) -> FutureReused:
    name = getattr(future, "__name__", "")
    return FutureReused(
        f"{caller} needs a future of its own, got '{name or type(future).__name__}', which was "
        f"given away before. A future is moved, not copied; make another: {name or 'work'}()"
    )


def check_future(value: Any, caller: str) -> Any:
    """Check that `value` is a future nobody has used up."""
    if type(value) is CoroutineType:
        if value.cr_frame is None:
            raise FutureReused(
                f"{caller} needs a fresh future, got '{value.__name__}', which has ended. "
                f"A future is moved, not copied; make a new one: {value.__name__}()"
            )
        return value
    if isinstance(value, Future):
        if value.inner is USED:
            raise _given_before(caller, value)
        return value
    if type(value).__name__ in ("anext_awaitable", "async_generator_asend"):
        return Lent(value)
    if callable(value) and inspect.iscoroutinefunction(inspect.unwrap(value)):
        name = value.__name__
        raise NotAFuture(
            f"{caller} needs a future, got the async function '{name}'. "
            f"Call it: {caller.removesuffix('()')}({name}())"
        )
    raise NotAFuture(
        f"{caller} needs a future, got {type(value).__name__} {value!r:.60}. "
        f"A future is what an async function gives when it is called"
    )


class Lent(Future[Any]):
    """Polls what somebody else drops: a future, or the `anext` of an async generator.

    Since Python 3.13 a generator that is closed while it waits ends, and says nothing.
    """

    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def send(self, value: None, /) -> Pending:
        pending: Pending = self.inner.send(None)
        return pending

    def close(self) -> None:
        """Leave it as it is."""


def refuse_reused(error: BaseException) -> None:
    """Say in our words that a coroutine was awaited which has ended, or is being awaited."""
    if isinstance(error, RuntimeError) and str(error).startswith("anext(): asynchronous generator"):
        raise FutureReused(
            "a stream is asked for one item at a time, and this async generator was left while it "
            "waited for one. Only a stream can be asked again then; write: items = stream(items)"
        ) from error
    if isinstance(error, RuntimeError) and str(error) in (
        "cannot reuse already awaited coroutine",
        "coroutine is being awaited already",
        "coroutine already executing",
    ):
        raise FutureReused(
            "a future is awaited once, and this one was given away or awaited before. "
            "A future is moved, not copied; make a new one: await work()"
        ) from error


class _Used(Future[Any]):
    def poll(self) -> Pending:
        raise FutureReused(
            "a future gives its value once, and this one was awaited to its end. "
            "A future is moved, not copied; make a new one: await work()"
        )


USED = _Used()  # stands where a future was that has ended
