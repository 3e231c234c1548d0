"""What asyncio runs for one task: its polls, and in between what the task waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from spanlab.future import Future, Pending
from spanlab.tokio.task import DONE, Task


class Awaited(Pending):
    """What a task or its branch awaits that is asyncio's: a future, or None for the next round."""

    __slots__ = ("future", "is_whole")

    def __init__(self, future: asyncio.Future[Any] | None, is_whole: bool) -> None:
        super().__init__("its next turn" if future is None else "a future of asyncio")
        self.future = future
        self.is_whole = is_whole  # the task waits for nothing else

    def has_come(self) -> bool:
        """Tell whether the branch may go on."""
        return self.future is None or self.future.done()


class _Stepped(Coroutine[Any, Any, Any]):
    """What an asyncio task runs, step by step.

    Between two steps it waits for what is awaited there, if that is asyncio's: a cancel, a timeout
    or a group then does what it does to any coroutine. Else it waits to be woken.
    """

    task: asyncio.Task[None]
    _woken: _Woken | None = None  # what it waits for; None if that is asyncio's

    def __init__(self, runtime: Any, of: Any) -> None:
        self._runtime, self._of = runtime, of

    def __await__(self) -> Generator[Any, None, Any]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Tell whether its next step is due."""
        return self._woken is not None and self._woken.done()

    def finish(self) -> None:
        """Have the next step made, if it waits for that."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _begin(self) -> None:
        self._woken = _Woken(partial(self._runtime.cancel, self._of))

    def _wait(self) -> Any:
        assert self._woken is not None
        self._woken._asyncio_future_blocking = True
        return self._woken


class Attendant(_Stepped):
    """The polls of a task, or of the main future, until it ends."""

    def send(self, value: None, /) -> Any:
        if self._runtime.is_over():
            raise StopIteration
        self._begin()
        try:
            self._runtime.step(self._of)
        except BaseException as error:
            self._runtime._fail(error)
            raise StopIteration from None
        if self._of.state is DONE:
            raise StopIteration
        waits = self._of.waits_for
        if isinstance(waits, Awaited) and waits.is_whole:
            self._woken = None
            return waits.future
        return self._wait()

    def throw(self, error: Any, *_: Any) -> Any:
        if not self._of.aborted and self._of.future is not None:
            self._of.future = _Thrown(self._of, error)
        return self.send(None)

    def close(self) -> None:
        pass  # the task drops its future

    def wake(self) -> None:
        """Have the next step made. What is awaited itself wakes it alone, or an abort."""
        self.finish()
        if self._woken is None and self._of.aborted:
            self.task.cancel()

    def stop(self) -> asyncio.Task[None]:
        """End the asyncio task: at its next step it finds that the run is over."""
        self.finish()
        if self._woken is None:
            self.task.cancel()
        return self.task


class Guest(_Stepped):
    """A coroutine that the program gave to asyncio, which may await what is ours."""

    def __getattr__(self, name: str) -> Any:  # asyncio shows where a coroutine stands
        return getattr(self._of, name)

    def send(self, value: None, /) -> Any:
        return self._step(self._of.send, None)

    def throw(self, *error: Any) -> Any:
        return self._step(self._of.throw, *error)

    def close(self) -> None:
        self._of.close()

    def _step(self, step: Callable[..., Any], *given: Any) -> Any:
        self._begin()
        with self._runtime.lent(self):
            got = step(*given)
        return self._wait() if isinstance(got, Pending) else got

    def wake(self) -> None:
        """Have the next step made."""
        self._runtime._on_loop(self.finish)


class StandIn:
    """What asyncio takes for the task of one branch: a timeout in it cancels no other branch."""

    def __init__(self, task: Any, branches: Any, index: int, waker: Any) -> None:
        self._task, self._branches, self._index, self._waker = task, branches, index, waker
        self._cancels = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def cancel(self, msg: Any = None) -> bool:
        """Cancel what the branch awaits, if that is asyncio's, or raise in it where it waits."""
        self._cancels += 1
        awaited = self._branches.foreign.get(self._index)
        if awaited is None or awaited.has_come() or not awaited.future.cancel(msg):
            self._branches.cancelled[self._index] = asyncio.CancelledError(*filter(None, [msg]))
            self._waker.wake()
        return True

    def cancelling(self) -> int:
        """Tell how many cancels were not taken back."""
        return self._cancels

    def uncancel(self) -> int:
        """Take a cancel back."""
        self._cancels -= 1
        return self._cancels


@contextmanager
def as_task(loop: Any, branches: Any, index: int, waker: Any) -> Iterator[None]:
    """Let asyncio take a branch for the current task, for a `with` block."""
    tasks: Any = asyncio.tasks
    task = asyncio.current_task(loop)
    if index not in branches.stand_ins:
        branches.stand_ins[index] = StandIn(task, branches, index, waker)
    tasks._leave_task(loop, task)
    tasks._enter_task(loop, branches.stand_ins[index])
    try:
        yield
    finally:
        tasks._leave_task(loop, branches.stand_ins[index])
        tasks._enter_task(loop, task)


class _Woken(asyncio.Future[None]):
    """Done when a task is woken. A cancel goes to what its branches await, if that is asyncio's."""

    def __init__(self, cancel: Callable[[Any], bool]) -> None:
        super().__init__()
        self._cancel = cancel

    def cancel(self, msg: Any = None) -> bool:
        return self._cancel(msg) or super().cancel(msg)


class _Thrown(Future[Any]):
    """Stands for a task's future in the one poll in which asyncio raises an error in it."""

    def __init__(self, who: Task, error: BaseException) -> None:
        self.inner = who.future
        self._who, self._error = who, error

    def send(self, value: None, /) -> Any:
        self._who.future = self.inner
        return self.inner.throw(self._error)
