"""What enters a span and exits it again: guards, and futures that are polled inside a span."""

from __future__ import annotations

from sys import _getframe
from typing import Any

from spanlab.errors import UsageError
from spanlab.frames import unwind
from spanlab.future import USED, Future, Pending
from spanlab.threads import local

Place = tuple[Any, int]  # code and instruction, or file and line


class Entered:
    """The guard of `Span.enter`: exits when its `with` block ends, or when it is dropped."""

    __slots__ = ("_place", "_span")

    def __init__(self, span: Any, place: Place) -> None:
        self._span: Any = span
        self._place = place
        span._enter(place)

    def exit(self) -> Any:
        """Exit now, on the thread that calls this, and give the span back."""
        span = self._span
        if span is None:
            raise UsageError("a guard exits once, and this one has exited. Enter the span again")
        frame = _getframe(1)
        self._place = frame.f_code, frame.f_lasti
        self.__exit__()
        return span

    def __enter__(self) -> Entered:
        return self

    def __exit__(self, kind: object = None, error: object = None, at: object = None) -> None:
        span = self._span
        if span is not None:
            self._span = None
            span._exit(self._place)

    __del__ = __exit__


class EnteredSpan(Entered):
    """The guard of `Span.entered`: alive across an await, it ties the future to its thread."""

    __slots__ = ("_pin", "_pinned")

    def __init__(self, span: Any, place: Place) -> None:
        super().__init__(span, place)
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

    __slots__ = ("_place", "inner", "span")

    def __init__(self, inner: Any, span: Any, place: Place) -> None:
        self.inner = inner
        self.span = span
        self._place = place

    def send(self, value: None, /) -> Pending:
        """Poll the inner future once, inside the span."""
        if self.span is None:
            used: Pending = self.inner.send(None)
            return used
        # no local name may hold the span: the frame outlives this call in a traceback
        self.span._enter(self._place)
        try:
            pending: Pending = self.inner.send(None)
            return pending
        except StopIteration:
            raise
        except BaseException as error:
            unwind(error)
            raise
        finally:
            self.span._exit(self._place)

    def close(self) -> None:
        """Drop the inner future inside the span, then the span."""
        if self.inner is USED:
            return
        self.span._enter(self._place)
        try:
            self.inner.close()
        finally:
            self.inner = USED
            self.span._exit(self._place)
            self.span = None

    def __del__(self) -> None:
        self.close()
