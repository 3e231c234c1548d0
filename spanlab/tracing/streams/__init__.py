"""Streams in a span: it is entered each time that the next item is asked for.

In Rust: the crate `tracing-futures`.
https://github.com/tokio-rs/tracing/blob/tracing-futures-0.2.5/tracing-futures/src/lib.rs
"""

from __future__ import annotations

from collections.abc import Callable
from sys import _getframe
from typing import Any

from spanlab.frames import Place, unwind
from spanlab.future import Pending, into_future
from spanlab.streams import Stream
from spanlab.tracing.guard import Instrumented


class InstrumentedStream(Stream):
    """A stream that is polled inside a span, and dropped outside of it.

    In Rust: `tracing_futures::Instrumented`.
    """

    def __init__(self, items: Any, span: Any, place: Place) -> None:
        super().__init__(items)
        self.span = span
        self._place = place

    def poll_next(self) -> Pending:
        self.span._enter(self._place, id(_getframe()))
        try:
            return super().poll_next()
        except BaseException as error:
            unwind(error)
            raise
        finally:
            self.span._exit(self._place)

    def close(self) -> None:
        super().close()
        self.span = None


class LazyStream(InstrumentedStream):
    """The stream of an instrumented async generator: its span is made when it is first polled."""

    def __init__(self, items: Any, make: Callable[[], Any], place: Place) -> None:
        super().__init__(items, None, place)
        self._make: Callable[[], Any] | None = make

    def poll_next(self) -> Pending:
        if self._make is not None:
            self.span, self._make = self._make(), None
        return super().poll_next()


def instrumented(future: Any, caller: str, span: Any, place: Place) -> Any:
    """Put a future, or a stream, into a span; `caller` is named in an error."""
    if hasattr(future, "__anext__"):
        return InstrumentedStream(future, span, place)
    made = Instrumented(into_future(future, caller), span, place)
    made._is_given = False  # which is asked soon, and costs more where it is not set
    return made
