"""What asyncio runs for one task: its polls, and in between what the task waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any

from spanlab import threads
from spanlab.future import Future, Pending
from spanlab.threads import Thread
from spanlab.tokio.runtime.base import BUDGET
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


class Attendant(Coroutine[Any, Any, None]):
    """What an asyncio task runs: the polls of a task, or of the main future, until it ends.

    Between two polls it waits for what the task awaits itself, if that is asyncio's: a cancel, a
    timeout or a group then does what it does to any coroutine. Else it waits to be woken.
    """

    task: asyncio.Task[None]

    def __init__(self, runtime: Any, who: Task) -> None:
        self._runtime = runtime
        self._who = who
        self._woken: _Woken | None = None  # what it waits for, if it is that
        self._again = False  # woken while it was polled

    def send(self, value: None, /) -> Any:
        if self._runtime.is_over():
            raise StopIteration
        self._woken, self._again = None, False
        try:
            self._runtime.step(self._who)
        except BaseException as error:
            self._runtime._fail(error)
            raise StopIteration from None
        if self._who.state is DONE:
            raise StopIteration
        waits = self._who.waits_for
        if isinstance(waits, Awaited) and waits.is_whole:
            return waits.future
        if self._again:
            return None  # it woke itself: the others go first
        self._woken = _Woken(partial(self._runtime.cancel, self._who))
        self._woken._asyncio_future_blocking = True
        return self._woken

    def throw(self, error: Any, *_: Any) -> Any:
        if not self._who.aborted and self._who.future is not None:
            self._who.future = _Thrown(self._who, error)
        return self.send(None)

    def close(self) -> None:
        pass  # the task drops its future

    def __await__(self) -> Generator[Any, None, None]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Tell whether its next step is due."""
        return self._again or (self._woken is not None and self._woken.done())

    def wake(self) -> None:
        """Have the next step made. What is awaited itself wakes it alone, or an abort."""
        self._again = True
        if self._woken is not None:
            self._woken.finish()
        elif self._who.aborted:
            self.task.cancel()

    def stop(self) -> asyncio.Task[None]:
        """End the asyncio task: at its next step it finds that the run is over."""
        if self._woken is not None:
            self._woken.finish()
        else:
            self.task.cancel()
        return self.task


class Guest(Coroutine[Any, Any, Any]):
    """What an asyncio task of the program's own runs: its coroutine, which may await what is ours.

    Between two steps it waits for what the coroutine awaits, or to be woken.
    """

    def __init__(self, runtime: Any, thread: Thread, inner: Any) -> None:
        self._runtime, self._thread, self._inner = runtime, thread, inner
        self._woken: asyncio.Future[None] | None = None

    def __getattr__(self, name: str) -> Any:  # asyncio shows where a coroutine stands
        return getattr(self._inner, name)

    def send(self, value: None, /) -> Any:
        return self._step(self._inner.send, None)

    def throw(self, *error: Any) -> Any:
        return self._step(self._inner.throw, *error)

    def _step(self, step: Callable[..., Any], *given: Any) -> Any:
        woken = self._woken = asyncio.Future[None]()
        with threads.on(self._thread):
            self._thread.waker, self._thread.budget = self, BUDGET
            try:
                got = step(*given)
            finally:
                self._thread.waker = None
        if not isinstance(got, Pending):
            return got
        woken._asyncio_future_blocking = True
        return woken

    def wake(self) -> None:
        """Have the next step made."""
        self._runtime._on_loop(self._finish)

    def _finish(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, None, Any]:
        raise NotImplementedError


class _Woken(asyncio.Future[None]):
    """Done when a task is woken. A cancel goes to what its branches await, if that is asyncio's."""

    def __init__(self, cancel: Callable[[Any], bool]) -> None:
        super().__init__()
        self._cancel = cancel

    def cancel(self, msg: Any = None) -> bool:
        return self._cancel(msg) or super().cancel(msg)

    def finish(self) -> None:
        if not self.done():
            self.set_result(None)


class _Thrown(Future[Any]):
    """Stands for a task's future in the one poll in which asyncio raises an error in it."""

    def __init__(self, who: Task, error: BaseException) -> None:
        self.inner = who.future
        self._who, self._error = who, error

    def send(self, value: None, /) -> Any:
        self._who.future = self.inner
        return self.inner.throw(self._error)

    def close(self) -> None:
        self.inner.close()
