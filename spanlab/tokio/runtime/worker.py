"""What both `multi_thread` runtimes share: workers with their queues, and who takes what.

https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/runtime/scheduler/multi_thread/worker.rs
"""

from __future__ import annotations

from collections import deque
from typing import Any

from spanlab import threads
from spanlab.errors import UsageError
from spanlab.threads import Thread
from spanlab.tokio.runtime.base import Runtime
from spanlab.tokio.task import Task
from spanlab.tokio.wait import BUDGET

INJECT_INTERVAL = 61  # every so many polls a worker looks into the common queue first
MANY_WORKERS = 256  # more than a machine has or a picture can show
LIFO_LIMIT = 3  # polls in a row that a worker may take from its LIFO slot


class Worker:
    """A worker thread with its LIFO slot and its queue."""

    def __init__(self, thread: Thread) -> None:
        self.thread = thread
        self.lifo: Task | None = None  # nobody else takes from it
        self.lifo_polls = 0
        self.is_warm = False  # it has just polled, so that its LIFO slot is filled by that poll
        self.queue: deque[Task] = deque()  # others may steal from its front
        self.deferred: list[Any] = []  # who yielded here
        self.held: Task | None = None  # taken from a queue, and not begun
        self.tick = 0
        self.acted = 0  # the step at which it last did something
        self.searching = False  # it was woken, and has not found anything yet

    def say_parked(self) -> None:
        """Record that the thread goes to sleep."""
        recorder = self.thread.recorder
        recorder.append(("park", recorder.clock(), self.thread.id, None, "", 0))

    def cool(self) -> None:
        """Note that what comes into the LIFO slot now comes from no poll."""
        self.is_warm = False
        self.lifo_polls = 0


class Workers(Runtime):
    """A runtime whose tasks are polled by workers, and its main future by none of them.

    The queues are shared by real threads in `OsThreads`, so that each look may come too late:
    whatever takes a task gives None where another was faster.
    """

    def __init__(self, workers: int) -> None:
        if type(workers) is not int or not 1 <= workers <= MANY_WORKERS:
            raise UsageError(
                f"a runtime needs from 1 to {MANY_WORKERS} workers, got {workers!r:.60}. "
                f"Write: {type(self).__name__}(16)"
            )
        self.workers = workers
        super().__init__()

    def _reset(self) -> None:
        super()._reset()
        self._workers: dict[Thread, Worker] = {}

    def _hire(self, here: Thread) -> None:
        for _ in range(self.workers):
            worker = Worker(here.recorder.thread("tokio-rt-worker", self))
            self._workers[worker.thread] = worker

    def _here(self) -> Worker | None:
        thread = threads.local.thread
        return None if thread is None else self._workers.get(thread)

    def _notify(self) -> None:
        """Wake a parked worker: there is work that it could take."""
        raise NotImplementedError

    # ------------------------------------------------------------ into the queues

    def schedule(self, task: Task) -> None:
        worker = self._here()
        if worker is None:
            self._inject.append(task)
            self._notify()
        elif worker.lifo_polls >= LIFO_LIMIT:
            self._push(worker, task)
        else:
            previous, worker.lifo = worker.lifo, task
            if previous is not None:
                self._push(worker, previous)

    def reschedule(self, task: Task) -> None:
        worker = self._here()
        if worker is None:
            self.schedule(task)
        else:
            self._push(worker, task)

    def _push(self, worker: Worker, task: Task) -> None:
        worker.queue.append(task)
        self._notify()

    def hand_over(self) -> None:
        """Let others take what this worker alone could: it is going to block."""
        if (worker := self._here()) is not None and worker.lifo is not None:
            task, worker.lifo = worker.lifo, None
            self._push(worker, task)

    def defer(self, waker: Any) -> None:
        worker = self._here()
        if worker is None:
            waker.wake()  # outside the workers there is no turn to wait for
        elif not worker.deferred or worker.deferred[-1] is not waker:
            worker.deferred.append(waker)

    def _wake_deferred_of(self, worker: Worker) -> None:
        worker.cool()
        deferred, worker.deferred = worker.deferred, []
        while deferred:
            deferred.pop().wake()  # the last to yield is woken first

    # ------------------------------------------------------------ out of the queues

    def _own(self, worker: Worker) -> Task | None:
        """Take what is the worker's own; at times the common queue goes first."""
        if worker.lifo is not None and worker.is_warm:
            task, worker.lifo = worker.lifo, None
            if worker.thread.budget > 0:
                worker.lifo_polls += 1
                return task
            worker.queue.append(task)
        worker.tick += 1
        worker.lifo_polls = 0
        if worker.tick % INJECT_INTERVAL == 0:
            self._look_around(worker)
            if (injected := take(self._inject)) is not None:
                return injected
        if worker.lifo is None:
            return take(worker.queue)
        task, worker.lifo = worker.lifo, None
        return task

    def _look_around(self, worker: Worker) -> None:
        """Do what must not wait until a worker has nothing left."""

    def _injected(self, worker: Worker) -> Task | None:
        """Take a fair share of the common queue; the first of it is polled now."""
        share = len(self._inject) // self.workers
        worker.lifo_polls, first = 0, take(self._inject)
        for _ in range(share):
            if (task := take(self._inject)) is not None:
                worker.queue.append(task)
        return first

    def _steal(self, worker: Worker, victim: Worker) -> Task | None:
        """Take the older half of another worker's queue; the last of it is polled now.

        https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/runtime/scheduler/multi_thread/queue.rs
        """
        worker.lifo_polls, last = 0, take(victim.queue)
        for _ in range(len(victim.queue) // 2):
            if last is not None and (task := take(victim.queue)) is not None:
                worker.queue.append(last)
                last = task
        return last

    def _work(self, worker: Worker, task: Task) -> None:
        thread, worker.is_warm = worker.thread, True
        # what comes by the LIFO slot shares its waker's budget
        self._poll(task, thread, thread.budget if worker.lifo_polls else BUDGET)


def take(queue: deque[Task]) -> Task | None:
    """Take the oldest task, None if there is none or another thread was faster."""
    try:
        return queue.popleft()
    except IndexError:
        return None
