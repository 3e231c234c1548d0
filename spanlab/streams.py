"""Streams: async generators that can be asked again after a `next` was dropped halfway."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterator
from functools import wraps
from typing import Any

from spanlab.errors import UsageError
from spanlab.future import Future, Pending


class Stream(AsyncIterator[Any]):
    """Asks an async iterator for one item after the other, and can be left while it waits.

    When its last reference goes, the locals of the generator go at once.

    In Rust: `futures::Stream`.
    """

    def __init__(self, items: Any) -> None:
        self._items = items
        self._asked: Any = None  # what gives the next item

    def __anext__(self) -> Future[Any]:
        return _Next(self)

    def poll_next(self) -> Pending:
        """Poll for the next item: it comes as `StopIteration`, the end as `StopAsyncIteration`."""
        if self._asked is None:
            hooks = sys.get_asyncgen_hooks()
            sys.set_asyncgen_hooks(None, None)  # asyncio would drop it in a later round
            try:
                self._asked = self._items.__anext__()
            finally:
                sys.set_asyncgen_hooks(*hooks)
        try:
            pending: Pending = self._asked.send(None)
        except BaseException:
            self._asked = None
            raise
        return pending

    async def aclose(self) -> None:
        """Drop the stream now."""
        self.close()

    def close(self) -> None:
        """Drop the stream: what its generator holds goes with it."""
        self._asked = None
        self._items = _nothing()


class _Next(Future[Any]):
    __slots__ = ("_stream",)

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def send(self, value: None, /) -> Pending:
        return self._stream.poll_next()


async def _nothing() -> AsyncIterator[Any]:
    return
    yield


def stream(items: Any) -> Any:
    """Make a stream of an async generator, or of the function that gives one: `@stream`.

    A plain async generator is a stream too, as long as no `anext` is dropped while it waits, as
    `select` and `timeout` do. This one then goes on where it stands.

    In Rust: `async_stream::stream!`.

    >>> @stream
    ... async def numbers():
    ...     for n in range(3):
    ...         yield n
    >>> async def main():
    ...     return [n async for n in numbers()]
    >>> run(main()).result
    [0, 1, 2]
    """
    if inspect.isasyncgenfunction(items):
        return wraps(items)(lambda *args, **kwargs: Stream(items(*args, **kwargs)))
    if not hasattr(items, "__anext__"):
        raise UsageError(
            f"stream() needs an async generator, or a function that gives one, got {items!r:.60}. "
            f"Write: async def numbers(): yield 1"
        )
    return Stream(items)
