"""What enters a span and exits it again: guards, and futures that are polled inside a span.

`Span._enter` pushes a span on the current thread's stack and records it, `Span._exit` pops it.
"""

from __future__ import annotations

from sys import _getframe
from types import CoroutineType
from typing import Any

from spanlab.errors import UsageError
from spanlab.frames import NOWHERE, Place, name_of, unwind
from spanlab.future import USED, Future, Pending, drop
from spanlab.threads import ENDED, local


class Entered:
    """The guard of `Span.enter`: exits when its `with` block ends, or when it is dropped."""

    __slots__ = ("_place", "_span")

    def __init__(self, span: Any, place: Place, by: int) -> None:
        self._span: Any = span
        self._place = place
        recorder = span._recorder
        if recorder is not None and len(recorder.tape) >= recorder.tape.full:
            recorder.check()
        span._enter(place, by)

    def exit(self) -> Any:
        """Exit now, on this thread, and give the span back. In Rust: `EnteredSpan::exit`."""
        span = self._span
        if span is None:
            raise UsageError("a guard exits once, and this one has exited. Enter the span again")
        frame = _getframe(1)
        self._place = frame.f_code, frame.f_lasti
        self.__exit__()
        return span

    def __enter__(self) -> Entered:
        return self

    def __reduce_ex__(self, protocol: object) -> Any:
        raise UsageError("a guard exits once and cannot be copied. Enter the span again")

    def __exit__(self, kind: object = None, error: object = None, at: object = None) -> None:
        span = self._span
        if span is not None:
            self._span = None
            span._exit(self._place)

    __del__ = __exit__


class EnteredSpan(Entered):
    """The guard of `Span.entered`: not `Send`, so no task may be suspended in its block."""

    __slots__ = ("_pin", "_pinned")

    def __init__(self, span: Any, place: Place, by: int) -> None:
        super().__init__(span, place, by)
        thread = local.thread
        self._pinned = thread.pinned if thread else []
        self._pin = ("EnteredSpan", *place)
        self._pinned.append(self._pin)

    def __exit__(self, kind: object = None, error: object = None, at: object = None) -> None:
        if self._span is not None:
            self._pinned.remove(self._pin)
        super().__exit__()

    __del__ = __exit__


class Instrumented(Future[Any]):
    """A future that is polled, and dropped, inside a span.

    In Rust: `tracing::instrument::Instrumented`.
    https://github.com/tokio-rs/tracing/blob/tracing-0.1.44/tracing/src/instrument.rs
    """

    __slots__ = ("_place", "_recorder", "inner", "number", "span")

    def __init__(self, inner: Any, span: Any, place: Place, number: int | None = None) -> None:
        self.inner = inner
        self.span = span
        self.number = number
        self._place = place
        self._recorder = recorder = span._recorder  # whom a drop before the end is told, if anyone
        thread = local.thread
        if recorder is not None and thread is not None:
            if number is None:
                number = self.number = recorder.next_future()
            plain = type(inner) is CoroutineType
            within = None if plain else inner.number
            name = inner.cr_code.co_name if plain else name_of(inner)
            if len(recorder.tape) >= recorder.tape.full:
                recorder.check()
            now, (code, at) = recorder.clock(), place
            recorder.append((
                "wrapped", now, thread.id, thread.task, code, at, number, span._number, within,
                name,
            ))  # fmt: skip

    def send(self, value: None, /) -> Pending:
        """Poll the inner future once, inside the span."""
        if self.inner is USED:
            USED.poll()
        # no local name may hold the span: the frame outlives this call in a traceback
        self.span._enter(self._place, id(_getframe()), self.number)
        try:
            pending: Pending = self.inner.send(None)
        except StopIteration:
            self._recorder = None
            self.span._exit(self._place)
            raise
        except BaseException as error:
            self._recorder = None
            owner: Any = getattr(local.thread, "waker", None)
            if getattr(owner, "future", None) is self:  # it leaves the task: that is a panic
                owner.panicked(error)
            unwind(error)
            self.span._exit(self._place)
            raise
        self.span._exit(self._place)
        return pending

    def throw(self, error: BaseException, /) -> Any:
        """Raise `error` in the inner future, inside the span."""
        self.span._enter(self._place, id(_getframe()), self.number)
        try:
            return self.inner.throw(error)
        except BaseException:
            self._recorder = None
            raise
        finally:
            self.span._exit(self._place)

    def close(self) -> None:
        """Drop the inner future inside the span, then the span."""
        if getattr(self, "inner", USED) is USED:  # it may have ended, or never have begun
            return
        if self._recorder is not None:
            self._recorder.note("dropped", NOWHERE, self.number)
        if getattr(self.span._recorder, "level", 0) != ENDED:  # an error may keep it so long
            self.span._enter(self._place, id(_getframe()), self.number)
        try:
            drop(self.inner)
        finally:
            self.inner = USED
            self.span._exit(self._place)
            self.span = None

    __del__ = close
