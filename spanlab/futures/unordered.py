"""`FuturesUnordered`: futures that are polled when they are woken, and only inside `next`.

https://github.com/rust-lang/futures-rs/blob/0.3.34/futures-util/src/stream/futures_unordered/mod.rs
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any

from spanlab.errors import UsageError
from spanlab.future import Future, Pending, drop, into_future
from spanlab.tokio.wait import here, saw


class _Ready(deque["Child"]):
    """The children that are to be polled, and who polls them; it does not know the others."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()  # a child may be woken on another thread
        self.waker: Any = None

    def wake(self) -> None:
        """Wake who polls them, once for each time that it waits."""
        with self.lock:
            waker, self.waker = self.waker, None
        if waker is not None:
            waker.wake()


class Child:
    """One future of several, and the waker that it is polled with."""

    __slots__ = ("_ready", "index", "inner", "is_queued", "was_woken")

    def __init__(self, inner: Any, ready: _Ready, index: int) -> None:
        self.inner = inner
        self.index = index
        self.is_queued, self.was_woken = True, False
        self._ready = ready
        ready.append(self)

    def wake(self) -> None:
        """Have it polled again."""
        with self._ready.lock:
            self.was_woken = True
            if self.is_queued:
                return
            self.is_queued = True
            self._ready.append(self)
        self._ready.wake()

    def poll(self) -> Any:
        """Poll with its own waker; its value comes as `StopIteration`."""
        thread = here("next()")
        around, thread.waker = thread.waker, self
        self.is_queued = self.was_woken = False
        try:
            return self.inner.send(None)
        finally:
            thread.waker = around

    def drop(self) -> None:
        """Drop the future. Who wakes it from now on wakes nobody."""
        inner, self.inner, self.is_queued = self.inner, None, True
        drop(inner)


def several(futures: Any, caller: str) -> tuple[Any, ...]:
    """Check that these are several futures; each is checked where it is taken."""
    if not isinstance(futures, Iterable):
        raise UsageError(
            f"{caller} needs several futures, got {futures!r:.60}. Write: {caller[:-1]}[a(), b()])"
        )
    return tuple(futures)


class Children:
    """Several futures, each polled only when it was woken, first those woken first."""

    def __init__(self) -> None:
        self._all: dict[Child, None] = {}  # the last is the one that was polled, or came, last
        self._ready = _Ready()
        self._next_index = 0

    def push(self, future: Any) -> None:
        """Add a future; nothing polls it yet."""
        self._all[Child(future, self._ready, self._next_index)] = None
        self._next_index += 1

    def __len__(self) -> int:
        return len(self._all)

    def poll_next(self) -> tuple[int, Any] | Pending | None:
        """Give the index and the value of the next that ends, None if there are no more.

        When all were polled once it gives way, and asks to be polled again.
        """
        saw("select", 0)
        self._ready.waker = here("next()").waker
        left, gave_way = len(self), 0
        while self._ready:
            child = self._ready.popleft()
            if child.inner is None:
                continue
            del self._all[child]
            try:
                child.poll()
            except StopIteration as ended:
                child.drop()
                return child.index, ended.value
            except BaseException:
                child.drop()
                raise
            self._all[child] = None
            left, gave_way = left - 1, gave_way + child.was_woken
            if not left or gave_way == 2:
                here("next()").waker.wake()
                break
        return Pending("one of its futures") if self._all else None

    def close(self) -> None:
        """Drop what is left, the last polled first."""
        while self._all:
            child, _ = self._all.popitem()
            child.drop()
        self._ready.clear()

    __del__ = close


class FuturesUnordered(AsyncIterator[Any]):
    """Futures whose values come as they end: `async for value in futures`.

    They are polled inside the caller's poll, when they were woken, and only while `next` is
    awaited. In Rust: `futures::stream::FuturesUnordered`; an exception is an `Err`, after which
    the next value can be asked for.

    >>> async def main():
    ...     async def late(n):
    ...         await sleep(n)
    ...         return n
    ...     return [n async for n in FuturesUnordered([late(0.02), late(0.01)])]
    >>> run(main()).result
    [0.01, 0.02]
    """

    def __init__(self, futures: Iterable[Any] = ()) -> None:
        self._children = Children()
        for future in several(futures, "FuturesUnordered()"):
            self.push(future)

    def push(self, future: Any) -> None:
        """Add a future. It is first polled in the next `next`."""
        self._children.push(into_future(future, "push()"))

    def __len__(self) -> int:
        return len(self._children)

    def __anext__(self) -> Future[Any]:
        return _Next(self)

    def poll_next(self) -> Any:
        """Give the next value or a `Pending`; raises `StopAsyncIteration` if it is empty."""
        got = self._children.poll_next()
        if got is None:
            raise StopAsyncIteration
        return got if isinstance(got, Pending) else got[1]


class _Next(Future[Any]):
    __slots__ = ("_stream",)

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def poll(self) -> Any:
        return self._stream.poll_next()


class _Buffered(FuturesUnordered):
    def __init__(self, futures: Any, most: int) -> None:
        super().__init__()
        self._most = most
        self._source = futures
        self._asked: Any = None

    def _fill(self) -> bool:
        """Take futures until `most` are in; False if there are no more."""
        while len(self) < self._most:
            if self._asked is None:
                self._asked = self._source.__anext__()
            try:
                if isinstance(self._asked.send(None), Pending):
                    return True
            except StopIteration as got:
                self._asked = None
                self.push(got.value)
            except StopAsyncIteration:
                self._most = 0  # there are no more
        return self._most > 0

    def poll_next(self) -> Any:
        is_more = self._fill()
        got = self._children.poll_next()
        if got is None and is_more:
            return Pending("the next of its futures")
        if got is None:
            raise StopAsyncIteration
        return got if isinstance(got, Pending) else got[1]


async def _one_by_one(futures: Iterable[Any]) -> AsyncIterator[Any]:
    for future in futures:
        yield future


def buffer_unordered(futures: Any, most: int) -> FuturesUnordered:
    """Take futures from an iterable or a stream, so many at a time, and give values as they end.

    A future is made when there is room for it, at the next `next`.

    In Rust: `stream.map(make).buffer_unordered(most)`.

    >>> async def main():
    ...     async def square(n):
    ...         return n * n
    ...     return [n async for n in buffer_unordered(map(square, range(4)), 2)]
    >>> run(main()).result
    [0, 1, 4, 9]
    """
    source = futures if hasattr(futures, "__anext__") else _one_by_one(futures)
    return _Buffered(source, most)
