"""`LocalSet`: tasks that stay on one thread, polled inside the future that waits for them.

https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/task/local.rs
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from spanlab import threads
from spanlab.errors import UsageError
from spanlab.future import Future, Pending, into_future
from spanlab.threads import Thread
from spanlab.tokio.task import DONE, JoinHandle, Task, new_task
from spanlab.tokio.wait import BUDGET, here

TURN = 61  # tasks that are polled before the set gives way
REMOTE_FIRST = 31  # every so many polls what other threads woke goes first
_inside: dict[Thread | None, _Tasks] = {}  # the innermost set that a thread is polling


class _LocalTask(Task):
    """A task that is polled within the poll of another, and need not be `Send`."""

    __slots__ = ()

    def poll(self, thread: Thread) -> None:
        around = thread.task, thread.waker, thread.budget
        thread.budget = BUDGET
        try:
            super().poll(thread)
        finally:
            thread.task, thread.waker, thread.budget = around

    def _ends_run(self, error: BaseException) -> bool:
        if not (ends := super()._ends_run(error)):
            error.__traceback__ = None  # its frames would keep those that poll the set
        return ends

    def _suspend(self, thread: Thread, pinned: int) -> None:
        super()._suspend(thread, len(thread.pinned))


class _Tasks:
    """The tasks of a set, and what is a runtime to them; it does not know the set."""

    make = _LocalTask

    def __init__(self) -> None:
        self.tasks: dict[int, Task] = {}
        self.lock = threading.RLock()
        self.waker: Any = None  # of who polls the set
        self._thread = threads.current()
        self._queue: deque[Task] = deque()
        self._remote: deque[Task] = deque()  # what other threads woke
        self._tick = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(here("a local task").runtime, name)

    def schedule(self, task: Task) -> None:
        """Put a task into the queue, and have the set polled, unless it is being polled."""
        thread = threads.local.thread
        (self._queue if thread is self._thread else self._remote).append(task)
        if _inside.get(thread) is not self:
            waker, self.waker = self.waker, None
            if waker is not None:
                waker.wake()

    reschedule = schedule

    @contextmanager
    def polled(self) -> Iterator[Thread]:
        """Be whom `spawn_local` asks, for one poll."""
        thread = here("a local set")
        around = _inside.get(thread)
        _inside[thread] = self
        try:
            yield thread
        finally:
            del _inside[thread]
            if around is not None:
                _inside[thread] = around

    def turn(self, thread: Thread) -> bool:
        """Poll tasks that are woken; tell whether the turn ended before the queue did."""
        for _ in range(TURN):
            first, second = self._queue, self._remote
            if self._tick % REMOTE_FIRST == 0:
                first, second = second, first
            self._tick += 1
            if not first and not second:
                return False
            task = first.popleft() if first else second.popleft()
            if task.state is not DONE:
                task.poll(thread)
        return True

    def pending(self) -> Pending:
        """Say which tasks the set waits for."""
        some = [str(id) for id in islice(self.tasks, 5)]
        some += ["…"] * (len(self.tasks) > 5)
        return Pending(f"its local tasks: {', '.join(some)}", next(iter(self.tasks)))


class LocalSet(Future[None]):
    """Tasks that are polled inside this future, on its thread, and never elsewhere.

    They are polled while `run_until(future)` or the set itself is awaited, not else. A future
    given to them need not be `Send`: a guard of `entered` may be held across an await.
    Dropping the set drops its tasks, the oldest first.

    In Rust: `tokio::task::LocalSet`.

    >>> async def answer():
    ...     return 42
    >>> async def work():
    ...     return await spawn_local(answer())
    >>> run(LocalSet().run_until(work())).result
    42
    """

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks = _Tasks()

    def spawn_local(self, future: Any) -> JoinHandle[Any]:
        """Give a future to the set, which polls it when it is awaited itself."""
        return JoinHandle(new_task(future, "tasks.spawn_local()", into=self._tasks))

    def run_until(self, future: Any) -> Future[Any]:
        """Await a future, and poll the tasks of the set meanwhile: the future first."""
        return _RunUntil(self, into_future(future, "run_until()"))

    def poll(self) -> Pending | None:
        tasks = self._tasks
        with tasks.polled() as thread:
            tasks.waker = thread.waker
            if tasks.turn(thread):
                thread.waker.wake()
        return tasks.pending() if tasks.tasks else None

    def close(self) -> None:
        """Drop all tasks, the oldest first."""
        thread, left = threads.local.thread, list(self._tasks.tasks.values())
        if thread is None or thread.runtime is None:
            self._tasks.tasks.clear()
            for task in left:
                task.drop()
            return
        with self._tasks.polled():
            for task in left:
                task.aborted = True
                task.poll(thread)

    __del__ = close


class _RunUntil(Future[Any]):
    __slots__ = ("_set", "inner")

    def __init__(self, local_set: LocalSet, inner: Any) -> None:
        self._set, self.inner = local_set, inner

    def send(self, value: None, /) -> Pending:
        tasks = self._set._tasks
        with tasks.polled() as thread:
            tasks.waker = thread.waker
            pending: Pending = self.inner.send(None)
            if tasks.turn(thread):
                thread.waker.wake()
        return pending


def spawn_local(future: Any) -> JoinHandle[Any]:
    """Give a future to the `LocalSet` that is being polled, the innermost one.

    In Rust: `tokio::task::spawn_local`. Raises `UsageError` outside a set.
    """
    tasks = _inside.get(threads.local.thread)
    if tasks is None:
        raise UsageError(
            "spawn_local() must be called inside a LocalSet, and none is being polled. "
            "Write: await LocalSet().run_until(main())"
        )
    return JoinHandle(new_task(future, "spawn_local()", into=tasks))
