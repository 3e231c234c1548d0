"""Tasks: futures that a runtime polls on its own, and the handles that wait for them.

A spawned task starts with no span: nothing here looks at spans, as nothing in tokio does.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any, Generic, TypeVar

from spanlab import errors, threads
from spanlab.errors import BudgetExceeded, Deadlock, FutureReused, JoinError, UsageError
from spanlab.evidence.chain import ends
from spanlab.evidence.panic import Panic, tell
from spanlab.evidence.sites import not_send
from spanlab.frames import coroutine, unwind
from spanlab.future import Future, Pending, drop, into_future, refuse_reused
from spanlab.threads import Thread
from spanlab.tokio.wait import here, out_of_budget, saw

T = TypeVar("T")

IDLE, QUEUED, POLLING, NOTIFIED, DONE = "idle", "queued", "polling", "notified", "done"
MANY = 1024  # tasks, or polls, after which it is time to look at the budget


class Task:
    """A future, and where it stands.

    idle      waits to be woken
    queued    is in a queue of its runtime
    polling   runs on a thread
    notified  runs, and was woken meanwhile: it goes back into the queue
    done      has a value or an error; its future is dropped
    """

    __slots__ = (
        "aborted", "error", "future", "id", "panic", "runtime", "state", "value", "waiter",
        "waits_for",
    )  # fmt: skip

    # What ends the run. Misuse would be lost in a task that nobody joins; rustc refuses most of it.
    fatal: tuple[Any, ...] = KeyboardInterrupt, SystemExit, UsageError, BudgetExceeded, Deadlock

    def __init__(self, runtime: Any, future: Any, id: int) -> None:
        self.runtime, self.future, self.id = runtime, future, id
        self.state, self.aborted = QUEUED, False
        self.value: Any = None
        self.error: JoinError | None = None
        self.waiter: Any = None  # whoever joins this task
        self.waits_for: Pending | None = None
        self.panic: Panic | None = None

    def wake(self) -> None:
        """Have the task polled again."""
        with self.runtime.lock:
            if self.state is POLLING:
                self.state = NOTIFIED
            if self.state is not IDLE:
                return
            self.state = QUEUED
        note("wake", self.id)
        self.runtime.schedule(self)

    def abort(self) -> None:
        """Ask the runtime to drop the future when it next comes to this task."""
        self.runtime.saw(("abort", self.id, self.state is DONE))
        if self.state is DONE or self.aborted:
            return
        note("abort", self.id)
        self.aborted = True
        self.wake()

    @ends
    def poll(self, thread: Thread) -> None:
        """Poll the future once on `thread`, record that, and settle what came of it."""
        recorder, pinned, pending = thread.recorder, len(thread.pinned), None
        thread.task, thread.waker, self.state = self.id, self, POLLING
        waits_for, awaits = "", None
        recorder.append(("poll", recorder.clock(), thread.id, self.id, "", 0))
        try:
            try:
                try:
                    if not self.aborted:
                        got = self.future.send(None)
                        pending = got if isinstance(got, Pending) else self.runtime.adopt(got, self)
                    if self.aborted:  # before this poll, or in it
                        self.error, pending = JoinError(self.id), None
                except StopIteration as ready:
                    self.value = ready.value
                except BaseException as error:
                    if self._ends_run(error):
                        raise  # from here: a frame that knows it would keep it, and all it holds
                if pending is None:
                    self.drop()
                else:
                    waits_for, awaits = pending.waits_for, pending.awaits
            finally:
                recorder.append((
                    "polled", recorder.clock(), thread.id, self.id, "", 0, pending is None,
                    waits_for, awaits,
                ))  # fmt: skip
            self.waits_for = pending
            if pending is None:
                self._finish(thread)
            else:
                self._suspend(thread, pinned)
        finally:
            thread.task = thread.waker = None

    def _ends_run(self, error: BaseException) -> bool:
        """Tell whether what left the future ends the run; if not it is the outcome of the task."""
        refuse_reused(error)
        is_cancel = isinstance(error, self.runtime.cancels)
        if not is_cancel:
            self.panicked(error)
        if isinstance(error, self.fatal):
            return True
        panic = _panic(error)
        self.error = JoinError(self.id, None if is_cancel else panic)
        return False

    def panicked(self, error: BaseException) -> None:
        """Tell the panic hook, once, of an exception that leaves this task."""
        if self.panic is None and not isinstance(error, Task.fatal):
            self.panic = tell(error, is_raised=self.fatal is not Task.fatal)

    def drop(self) -> None:
        """Drop the future. A panic in there is the outcome of a task that had none."""
        future, self.future = self.future, None
        try:
            drop(future)
        except BaseException as panic:
            if isinstance(panic, (KeyboardInterrupt, SystemExit)):
                raise
            self.panicked(panic)
            if self.error is not None and self.error.is_cancelled():
                self.error = JoinError(self.id, _panic(panic))

    def _suspend(self, thread: Thread, pinned: int) -> None:
        if len(thread.pinned) > pinned:
            raise errors.NotSend(not_send(self.future, *thread.pinned[-1]))
        with self.runtime.lock:  # a wake from another thread must not fall in between
            again = self.state is NOTIFIED
            self.state = QUEUED if again else IDLE
        if again:
            self.runtime.reschedule(self)

    def _finish(self, thread: Thread) -> None:
        """Record the outcome, then wake who waits for it."""
        recorder, error = thread.recorder, self.error
        outcome = "ok" if error is None else "panicked" if error.is_panic() else "cancelled"
        (file, line), told = ("", 0), ""
        if self.panic is not None:
            (file, line), told = self.panic.place, self.panic.message
        now = recorder.clock()
        recorder.append(("finish", now, thread.id, self.id, file, line, self.id, outcome, told))
        self.runtime.tasks.pop(self.id, None)
        with self.runtime.lock:
            self.state = DONE
            waiter, self.waiter = self.waiter, None
        if waiter is not None:
            waiter.wake()


def _panic(error: BaseException) -> BaseException:
    """Take an exception out of a task: without this frame, and with nothing kept alive."""
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    unwind(error)
    return error


def note(kind: str, *what: Any) -> None:
    """Record what somebody, user code or a clock, did to a task."""
    if (thread := threads.current()) is not None:
        now = thread.recorder.clock()
        thread.recorder.append((kind, now, thread.id, thread.task, "", 0, *what))


class JoinHandle(Future[T], Generic[T]):
    """Waits for a task: `await handle` gives its value or raises `JoinError`.

    Dropping the handle stops nothing: the task is detached and goes on.

    In Rust: `tokio::task::JoinHandle`, which gives a `Result`.
    """

    __slots__ = ("_is_used", "_task")

    def __init__(self, task: Task) -> None:
        self._task, self._is_used, self._is_given = task, False, False

    def poll(self) -> T | Pending:
        if self._is_used:
            saw("shared")
            raise FutureReused(
                f"a JoinHandle gives its value once, and that of task {self.id} was awaited. "
                f"Keep the value: value = await handle"
            )
        thread, task = here("await handle"), self._task
        if thread.budget <= 0:
            return out_of_budget(thread)
        if task.state is not DONE:
            with task.runtime.lock:  # it may end on another thread meanwhile
                if task.state is not DONE:
                    if task.waiter not in (None, thread.waker):
                        saw("shared")
                    task.waiter = thread.waker
                    return Pending(f"task {task.id}", task.id)
        thread.budget -= 1
        thread.runtime.saw(("joined", task.id))
        self._is_used = True
        if task.error is not None:
            raise JoinError(task.id, task.error.__cause__)
        value: T = task.value
        task.value = None
        return value

    def __await__(self) -> Generator[Pending, None, T]:
        is_ready = self._task.state is DONE and not self._is_given
        return self._taken() if is_ready else super().__await__()

    def _taken(self) -> Generator[Pending, None, T]:  # its end costs less than a `StopIteration`
        while isinstance(result := self.poll(), Pending):
            yield result
        return result

    def __next__(self) -> Pending:
        result = self.poll()  # as in `Future`, by the shortest way: programs join a lot
        if isinstance(result, Pending):
            return result
        raise StopIteration(result)

    def close(self) -> None:
        self._task.waiter = None

    __del__ = close

    @property
    def id(self) -> int:
        """The task's number."""
        self._task.runtime.saw(("number",))
        return self._task.id

    def abort(self) -> None:
        """Ask the task to stop: its future is dropped when the runtime next comes to it."""
        self._task.abort()

    def is_finished(self) -> bool:
        """Tell whether the task has ended; an aborted one has not until it was dropped."""
        self._task.runtime.saw(("looked", self._task.state is DONE))
        return self._task.state is DONE


def new_task(future: Any, caller: str, *, blocking: bool = False, into: Any = None) -> Task:
    """Make a task of `future` and hand it to the runtime of this thread, or a local set."""
    future = into_future(future, caller)
    try:
        thread, frame = here(caller), sys._getframe(2)
        recorder, runtime = thread.recorder, into or thread.runtime
        task: Task = runtime.make(runtime, future, recorder.next_task())
        if task.id % MANY == 0:
            recorder.check()
        inner = coroutine(future)
        recorder.append((
            "spawn", recorder.clock(), thread.id, thread.task, recorder.chain(frame), frame.f_lasti,
            task.id, inner.cr_code.co_name if inner else "",
            None if inner is future else future.number, caller, inner and inner.cr_origin,
        ))  # fmt: skip
    except (errors.NoRuntime, BudgetExceeded):
        drop(future)
        raise
    runtime.tasks[task.id] = task
    (runtime.block if blocking else runtime.schedule)(task)
    return task


def spawn(future: Any) -> JoinHandle[Any]:
    """Give a future to the runtime, which polls it on its own, and get a handle.

    The spans around this call do not go along: a poll finds what its thread has entered, which is
    nothing unless a guard is held across an await. It starts when the runtime comes to it.

    In Rust: `tokio::spawn`. Raises `NoRuntime` outside a runtime.

    >>> async def main():
    ...     return await spawn(answer())
    >>> async def answer():
    ...     return 42
    >>> run(main()).result
    42
    """
    return JoinHandle(new_task(future, "spawn()"))
