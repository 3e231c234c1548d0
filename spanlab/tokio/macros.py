"""`select`, and what it shares with `join`: futures polled inside the one that waits."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from types import CoroutineType, FrameType
from typing import Any

from spanlab.errors import FutureReused, UsageError
from spanlab.frames import NOWHERE, name_of
from spanlab.future import USED, Future, Pending, adopt, drop, into_future
from spanlab.threads import local
from spanlab.tokio.wait import here, out_of_budget, saw


class _Branch(Future[Any]):
    """A future that has no number in the records: here it has one, a first poll and a drop."""

    __slots__ = ("_has_ended", "_is_new", "_note", "inner", "number")

    def __init__(self, inner: Any, recorder: Any) -> None:
        self.inner = inner
        self.number: int | None = recorder.next_future()
        self._note = recorder.note
        self._is_new, self._has_ended = True, False

    def send(self, value: None, /) -> Pending:
        if self._is_new:
            self._note("first", NOWHERE, self.number)
        self._is_new, self._has_ended = False, True
        pending: Pending = self.inner.send(None)
        self._has_ended = False  # it comes here only if it waits
        return pending

    def throw(self, error: BaseException, /) -> Any:
        self._has_ended = True
        pending = self.inner.throw(error)
        self._has_ended = False
        return pending

    def close(self) -> None:
        if not self._has_ended:
            self._note("dropped", NOWHERE, self.number)
        super().close()


class Branches(Future[Any]):
    """Several futures polled inside one: what `join` and `select` share."""

    __slots__ = ("_futures", "_thrown", "cancelled", "foreign", "stand_ins")

    def __init__(self, futures: tuple[Any, ...], caller: str) -> None:
        if len({id(future) for future in futures}) < len(futures):
            raise FutureReused(
                f"{caller} needs different futures, got the same one twice. Make two of them"
            )
        self._futures: list[Any] = [into_future(future, caller) for future in futures]
        self.foreign: dict[int, Any] = {}  # what branches wait for that is asyncio's
        self.cancelled: dict[int, BaseException] = {}  # what asyncio throws into one of them
        self.stand_ins: dict[int, Any] = {}  # what asyncio takes for the task of each
        self._thrown: BaseException | None = None
        if local.thread is not None:
            self._give(local.thread.recorder, caller, sys._getframe(3))

    def _give(self, recorder: Any, caller: str, frame: FrameType) -> None:
        """Record that the futures are given away, each by its number."""
        for index, future in enumerate(self._futures):
            if future.__class__ is CoroutineType or future.number is None:
                self._futures[index] = _Branch(future, recorder)
            what = self._futures[index].number, caller, name_of(future)
            recorder.note("given", (frame.f_code, frame.f_lasti), *what)

    def _from(self, first: int) -> list[int]:
        return [*range(first, len(self._futures)), *range(first)]

    def _ask(self, index: int) -> Pending:
        """Poll a branch, or raise in it what asyncio throws into it, or into all of them."""
        future, thread = self._futures[index], local.thread
        runtime = thread and thread.runtime
        with runtime.branch(self, index) if runtime else nullcontext():
            if (error := self.cancelled.pop(index, self._thrown)) is not None:
                pending = future.throw(error)
            elif index in self.foreign and not self.foreign[index].has_come():
                pending = self.foreign[index]
            else:
                pending = future.send(None)
        if not isinstance(pending, Pending):
            pending = self.foreign[index] = adopt(pending, future)
        return pending

    def throw(self, error: BaseException, /) -> Pending:
        self._thrown = error
        try:
            return self.send(None)
        finally:
            self._thrown = None

    def _drop(self, index: int) -> None:
        future, self._futures[index] = self._futures[index], USED
        drop(future)

    def close(self) -> None:
        for index in self._from(0):
            self._drop(index)


class _Select(Branches):
    __slots__ = ("_biased",)

    def __init__(self, futures: tuple[Any, ...], biased: bool) -> None:
        if not futures:
            raise UsageError("select() needs a future, got none. Write: select(a(), b())")
        super().__init__(futures, "select()")
        self._biased = biased

    def poll(self) -> tuple[int, Any] | Pending:
        thread, pending = here("select()"), Pending("its branches")
        if thread.budget <= 0:
            return out_of_budget(thread)
        first = 0 if self._biased else thread.runtime.choose(len(self._futures))
        saw("select", first)
        for index in self._from(first):
            try:
                pending = self._ask(index)
            except StopIteration as ready:
                self.close()  # the losers go before the winner's value is seen
                return index, ready.value
        return pending


def select(*futures: Any, biased: bool = False) -> Future[tuple[int, Any]]:
    """Wait for the first of several futures; give its index and value, and drop the others.

    Without `biased` each poll begins at a branch that the run chooses.

    In Rust: `tokio::select!`.
    """
    return _Select(futures, biased)
