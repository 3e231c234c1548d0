"""`JoinSet`: a list of spawned tasks that can be joined as they end. It carries no span either."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

from spanlab.errors import JoinError
from spanlab.future import Future, Pending
from spanlab.tokio.blocking import call
from spanlab.tokio.task import DONE, JoinHandle, Task, new_task
from spanlab.tokio.wait import here, saw


class Joined:
    """What `join_next` gives for one task; always true, so that `while await …` goes on.

    In Rust: the `Result` inside `Some`.
    """

    __slots__ = ("_error", "_task", "_value")

    def __init__(self, task: int, value: Any, error: JoinError | None) -> None:
        self._task = task
        self._error = error
        self._value = value

    @property
    def task(self) -> int:
        """The task's number."""
        saw("number")
        return self._task

    @property
    def error(self) -> JoinError | None:
        """The task's error, None if it has none."""
        return self._error

    @property
    def value(self) -> Any:
        """The task's value; raises its `JoinError` if it has none."""
        if self._error is not None:
            raise JoinError(self._task, self._error.__cause__)
        return self._value

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"Joined(task={self._task}, {self._error or repr(self._value)})"


class AbortHandle:
    """Can abort a task, and cannot wait for it.

    In Rust: `tokio::task::AbortHandle`.
    """

    __slots__ = ("_task",)

    def __init__(self, task: Task) -> None:
        self._task = task

    id, abort, is_finished = JoinHandle.id, JoinHandle.abort, JoinHandle.is_finished


class _Tasks(dict[int, Task]):
    """The tasks of a set, those that ended and were not joined yet, and who waits for one."""

    def __init__(self) -> None:
        self.ended: deque[Task] = deque()  # in the order of their ends
        self.waiter: Any = None

    def take(self) -> Joined | None:
        """Give a task that has ended, if there is one, which leaves the set."""
        while self.ended:
            task = self.ended.popleft()
            if self.pop(task.id, None) is not None:
                value, task.value = task.value, None
                task.runtime.saw(("popped", task.id, value is None and task.error is None))
                return Joined(task.id, value, task.error)
        return None


class _Entry:
    """The waker that a `JoinSet` leaves with each task; it does not know the set."""

    __slots__ = ("_task", "_tasks")

    def __init__(self, tasks: _Tasks, task: Task) -> None:
        self._tasks = tasks
        self._task = task

    def wake(self) -> None:
        self._tasks.ended.append(self._task)
        waiter, self._tasks.waiter = self._tasks.waiter, None
        if waiter is not None:
            waiter.wake()


class JoinSet:
    """Spawned tasks that are joined in the order in which they end.

    It spawns as `spawn` does: no span goes along. Dropping the set aborts what still runs.

    In Rust: `tokio::task::JoinSet`.

    >>> async def answer():
    ...     return 42
    >>> async def main():
    ...     tasks = JoinSet()
    ...     tasks.spawn(answer())
    ...     while joined := await tasks.join_next():
    ...         print(joined.value)
    >>> trace = run(main())
    42
    """

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks = _Tasks()

    def spawn(self, future: Any) -> AbortHandle:
        """Spawn a future; the handle can only abort it."""
        return self._insert(new_task(future, "tasks.spawn()"))

    def spawn_blocking(self, function: Callable[[], Any]) -> AbortHandle:
        """Run a plain function on a thread of the blocking pool, as a task of this set."""
        future = call(function, "tasks.spawn_blocking()")
        return self._insert(new_task(future, "tasks.spawn_blocking()", blocking=True))

    def _insert(self, task: Task) -> AbortHandle:
        self._tasks[task.id] = task
        task.runtime.saw(("insert", self._tasks, task.id))
        entry = _Entry(self._tasks, task)
        with task.runtime.lock:  # on a real thread it may have ended already
            if not (ended := task.state is DONE):
                task.waiter = entry
        if ended:
            entry.wake()
        return AbortHandle(task)

    def join_next(self) -> Future[Joined | None]:
        """Wait for the next task to end; None if the set is empty."""
        return _JoinNext(self._tasks)

    def try_join_next(self) -> Joined | None:
        """Give a task that has ended; None if there is none, or the set is empty."""
        saw("try", self._tasks)
        return self._tasks.take()

    def abort_all(self) -> None:
        """Ask every task to stop, oldest first; they stay in the set until they are joined."""
        for task in list(self._tasks.values()):
            task.abort()

    async def shutdown(self) -> None:
        """Abort all tasks and wait until they are gone; their errors are ignored."""
        self.abort_all()
        while await self.join_next():
            pass

    def detach_all(self) -> None:
        """Empty the set; the tasks go on."""
        for task in self._tasks.values():
            task.waiter = None
        self._tasks.clear()
        self._tasks.ended.clear()

    async def join_all(self) -> list[Any]:
        """Wait for all tasks and give their values in the order they ended.

        Raises the first `JoinError`, as the Rust one panics.
        """
        values = []
        while joined := await self.join_next():
            values.append(joined.value)
        return values

    def is_empty(self) -> bool:
        """Tell whether nothing is left to join."""
        return not self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

    def __bool__(self) -> bool:
        return True

    def __del__(self) -> None:
        self.abort_all()
        self.detach_all()


class _JoinNext(Future[Joined | None]):
    __slots__ = ("_tasks",)

    def __init__(self, tasks: _Tasks) -> None:
        self._tasks = tasks

    def poll(self) -> Joined | Pending | None:
        thread, tasks = here("join_next()"), self._tasks
        thread.runtime.saw(("next", tasks))
        if not tasks:
            return None
        tasks.waiter = thread.waker
        if thread.budget <= 0 and tasks.ended:  # as a spent JoinHandle inside tokio's set
            thread.runtime.defer(_Entry(tasks, tasks.ended.popleft()))
            thread.waker.wake()
            return Pending("its next turn: its budget is spent")
        if joined := tasks.take():
            thread.budget -= 1
            return joined
        few, more = list(islice(tasks, 5)), ", …" if len(tasks) > 5 else ""
        return Pending(f"one of its tasks: {', '.join(map(str, few))}{more}", few[0])
