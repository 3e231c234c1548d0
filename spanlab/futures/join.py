"""Joins: futures that are polled together until all have ended, or one ends in an `Err`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spanlab.errors import BudgetExceeded, UsageError
from spanlab.frames import unwind
from spanlab.future import USED, Future, Pending
from spanlab.futures.unordered import Children, several
from spanlab.tokio.macros import Branches
from spanlab.tokio.wait import saw

SMALL = 30  # more futures than these are polled only when they were woken


class Join(Branches):
    """Polls all branches until each has ended; what an exception of one does, `failed` says."""

    __slots__ = ("_errors", "_first", "_values")
    caller, turns = "join()", 1

    def __init__(self, futures: tuple[Any, ...]) -> None:
        super().__init__(futures, self.caller)
        self._first = 0
        self._values: list[Any] = [None] * len(futures)
        self._errors: dict[int, Exception] = {}

    def poll(self) -> Any:
        pending, order = None, self._from(self._first)
        saw("join")
        self._first = (self._first + self.turns) % max(len(order), 1)  # who goes first then
        for index in order:
            if self._futures[index] is not USED:
                try:
                    pending = self._ask(index)
                except StopIteration as ready:
                    self._values[index] = ready.value
                    self._drop(index)
                except (UsageError, BudgetExceeded):
                    raise  # of the program, not of the branch
                except Exception as error:
                    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
                    unwind(error)
                    self._drop(index)
                    self.failed(index, error)
        if any(future is not USED for future in self._futures):
            return pending or Pending("its branches")
        return self._give_all(len(order))

    def failed(self, index: int, error: Exception) -> None:
        """Keep an `Err` until all have ended."""
        self._errors[index] = error

    def _give_all(self, count: int) -> Any:
        values, self._values, errors, self._errors = self._values, [], self._errors, {}
        for index in sorted(errors):
            raise errors.pop(index)
        return tuple(values) if len(values) == count else USED.poll()


def join(*futures: Any) -> Future[tuple[Any, ...]]:
    """Poll futures together, inside this task, until all have ended; give their values.

    They are polled inside the caller's poll, so they see the caller's spans. A branch that raises
    an exception stops no other: the first one, in the order of the branches, is raised in the end.

    In Rust: `tokio::join!`, where an exception is an `Err`. A panic ends the join at once.
    """
    return Join(futures)


class _TryJoin(Join):
    caller = "try_join()"

    def failed(self, index: int, error: Exception) -> None:
        """Give the first `Err` to the caller."""
        try:
            raise error
        finally:
            del error  # it would hold this frame, and be held by it


def try_join(*futures: Any) -> Future[tuple[Any, ...]]:
    """Poll futures together until all have a value, or one ends in an exception: it is raised.

    The others are dropped then, in their order.

    In Rust: `tokio::try_join!`.
    """
    return _TryJoin(futures)


class _JoinAll(Join):
    """Begins at the first future in each poll, and gives a list."""

    caller, turns = "join_all()", 0

    def _give_all(self, count: int) -> list[Any]:
        return list(super()._give_all(count))


class _TryJoinAll(_JoinAll):
    caller = "try_join_all()"
    failed = _TryJoin.failed


class _JoinMany(_JoinAll):
    """The same for many: each is polled only when it was woken."""

    _children: Children | None = None
    _known = 0  # so many of the first have ended

    def poll(self) -> Any:
        if self._children is None:
            self._children, self._outcomes = Children(), dict[int, Any]()
            for future in self._futures:
                self._children.push(_Outcome(future))
        while len(self._outcomes) < len(self._futures):
            got = self._children.poll_next()
            if not isinstance(got, tuple):
                return got
            self._outcomes[got[0]] = got[1]
            self._look()
        return self._give_all(len(self._futures))

    def _look(self) -> None:
        """Take what has ended, in order."""
        while (outcome := self._outcomes.get(self._known)) is not None:
            if len(outcome) > 1:
                self.failed(self._known, outcome.pop())
            (self._values[self._known],) = outcome
            self._known += 1

    def close(self) -> None:
        if self._children is None:
            super().close()
        else:
            self._children.close()


class _TryJoinMany(_JoinMany):
    caller = "try_join_all()"
    failed = _TryJoin.failed


class _Outcome(Future[Any]):
    """Gives a list: what a future gave, and the exception that it raised, if it did."""

    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def poll(self) -> Any:
        try:
            return self.inner.send(None)
        except StopIteration as ready:
            return [ready.value]
        except (UsageError, BudgetExceeded):
            raise
        except Exception as error:
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            unwind(error)
            return [None, error]


def join_all(futures: Iterable[Any]) -> Future[list[Any]]:
    """Poll futures together until all have ended, and give a list of their values.

    Each poll begins at the first. More than 30 are polled only when they were woken.

    In Rust: `futures::future::join_all`.
    """
    all_of_them = several(futures, "join_all()")
    return (_JoinAll if len(all_of_them) <= SMALL else _JoinMany)(all_of_them)


def try_join_all(futures: Iterable[Any]) -> Future[list[Any]]:
    """Poll futures together until all have a value, or one ends in an exception: it is raised.

    In Rust: `futures::future::try_join_all`.
    """
    all_of_them = several(futures, "try_join_all()")
    return (_TryJoinAll if len(all_of_them) <= SMALL else _TryJoinMany)(all_of_them)
