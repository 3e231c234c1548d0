"""The `multi_thread` flavour for real: OS threads that poll in parallel, on a real clock."""

from __future__ import annotations

import ctypes
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from spanlab import threads
from spanlab.errors import Deadlock, UsageError
from spanlab.runtime.base import Main, Runtime, Timer
from spanlab.task import BUDGET, Task
from spanlab.threads import Thread

INJECT_INTERVAL = 61  # every so many polls a worker looks at the clock and the common queue first
TICK = 0.05  # seconds after which a waiting main thread looks whether anything can still happen


class _Stop(KeyboardInterrupt):
    """Raised inside a worker that must end now."""


class _Worker:
    def __init__(self, thread: Thread) -> None:
        self.thread = thread
        self.lifo: Task | None = None  # only this worker touches it
        self.queue: deque[Task] = deque()  # others may steal from its front
        self.deferred: list[Any] = []
        self.tick = 0


class OsThreads(Runtime):
    """Real threads, real parallel polls, a real clock: each run may go another way.

    The main future runs on the thread that calls, `ThreadId(1)`; the workers follow from
    `ThreadId(2)`. Each has a queue and steals from the others when it is empty. Leaving the run
    ends every thread.

    In Rust: `Builder::new_multi_thread().worker_threads(workers)`.
    """

    def __init__(self, workers: int = 4) -> None:
        if not isinstance(workers, int) or workers < 1:
            raise UsageError(f"a runtime needs 1 worker or more, got {workers!r}")
        self.workers = workers
        super().__init__()

    def __repr__(self) -> str:
        return f"OsThreads({self.workers})"

    def _reset(self) -> None:
        super()._reset()
        self._start = time.perf_counter_ns()
        self._by_thread: dict[Thread, _Worker] = {}
        self._os_threads: list[threading.Thread] = []
        self._inject: deque[Task] = deque()
        self._jobs: deque[Task] = deque()  # for the blocking pool
        self._busy = self._free = 0  # jobs that are not done, threads of the pool that wait
        self._sleeping = 0  # workers that are parked
        self._stopping = False
        self._fatal: BaseException | None = None
        # all wait on one lock: for work, for a job, and main for its wake
        self._work_came = threading.Condition(self.lock)
        self._job_came = threading.Condition(self.lock)
        self._main_woken = threading.Condition(self.lock)

    @property
    def clock(self) -> Callable[[], int] | None:
        return None

    def now(self) -> int:
        return time.perf_counter_ns() - self._start

    def choose(self, count: int) -> int:
        return random.randrange(count)

    # ------------------------------------------------------------ who asks for what

    def _here(self) -> _Worker | None:
        thread = threads.local.thread
        return None if thread is None else self._by_thread.get(thread)

    def defer(self, waker: Any) -> None:
        worker = self._here()
        if worker is None:
            waker.wake()  # outside the workers there is no turn to wait for
        elif not worker.deferred or worker.deferred[-1] is not waker:
            worker.deferred.append(waker)

    def schedule(self, task: Task) -> None:
        worker = self._here()
        if worker is None:
            self._inject.append(task)
        else:
            previous, worker.lifo = worker.lifo, task
            if previous is None:
                return
            worker.queue.append(previous)
        self._notify()

    def reschedule(self, task: Task) -> None:
        worker = self._here()
        (self._inject if worker is None else worker.queue).append(task)
        self._notify()

    def _notify(self) -> None:
        if self._sleeping:  # a worker counts itself before it looks for work a last time
            with self.lock:
                self._work_came.notify()

    def timer(self, deadline: int) -> Timer:
        timer = super().timer(deadline)
        self._notify()
        return timer

    def block(self, task: Task) -> None:
        with self.lock:
            self._jobs.append(task)
            self._busy += 1
            if self._free >= len(self._jobs):
                self._job_came.notify()
                return
            here = threads.current()
        if here is not None:
            thread = here.recorder.thread("tokio-rt-worker", self)
            self._begin(lambda: self._serve_jobs(thread), thread)

    # ------------------------------------------------------------ what the threads do

    def _begin(self, loop: Callable[[], None], thread: Thread) -> None:
        def run() -> None:
            with threads.on(thread):
                try:
                    loop()
                except BaseException as error:  # main must hear of it
                    self._fail(error)

        os_thread = threading.Thread(target=run, name=f"spanlab {thread!r}", daemon=True)
        self._os_threads.append(os_thread)
        os_thread.start()

    def _fail(self, error: BaseException) -> None:
        with self.lock:
            if self._fatal is None and not isinstance(error, _Stop):
                self._fatal = error
            self._main_woken.notify()

    def _serve_tasks(self, worker: _Worker) -> None:
        while not self._stopping:
            task = self._next(worker)
            if task is not None:
                self._count_poll(task)
                worker.thread.budget = BUDGET
                task.poll(worker.thread)
            elif worker.deferred:
                self._deferred_of(worker)
            else:
                self._park(worker)

    def _serve_jobs(self, thread: Thread) -> None:
        while True:
            with self.lock:
                while not self._jobs:
                    if self._stopping:
                        return
                    self._free += 1
                    self._job_came.wait()
                    self._free -= 1
                task = self._jobs.popleft()
            thread.budget = BUDGET
            try:
                task.poll(thread)
            finally:
                self._busy -= 1

    def _next(self, worker: _Worker) -> Task | None:
        worker.tick += 1
        if worker.tick % INJECT_INTERVAL == 0:
            self._fire()
            self._deferred_of(worker)
            if self._inject and (task := _take(self._inject)) is not None:
                return task
        task, worker.lifo = worker.lifo, None
        if task is None and worker.queue:
            task = _take(worker.queue)
        if task is None and self._inject:
            task = _take(self._inject)
        return self._steal(worker) if task is None else task

    def _steal(self, worker: _Worker) -> Task | None:
        """Take half of another worker's queue, and one of it to poll now."""
        victims = [other for other in self._by_thread.values() if other.queue]
        for victim in victims:
            task = _take(victim.queue)
            if task is not None:
                for _ in range(len(victim.queue) // 2):
                    if (more := _take(victim.queue)) is not None:
                        worker.queue.append(more)
                return task
        return None

    def _deferred_of(self, worker: _Worker) -> None:
        deferred, worker.deferred = worker.deferred, []
        while deferred:
            deferred.pop().wake()

    def _park(self, worker: _Worker) -> None:
        recorder, thread = worker.thread.recorder, worker.thread
        recorder.append(("park", recorder.clock(), thread.id, None, "", 0))
        with self.lock:
            self._sleeping += 1
            try:
                while not self._stopping and not self._has_work():
                    deadline = self._next_deadline()
                    wait = None if deadline is None else deadline / 1e3 - self.now() / 1e9
                    if wait is not None and wait <= 0:
                        break
                    self._work_came.wait(wait)
            finally:
                self._sleeping -= 1
        self._fire()

    def _has_work(self) -> bool:
        return bool(self._inject) or any(worker.queue for worker in self._by_thread.values())

    # ------------------------------------------------------------ the thread that calls

    def _drive(self, main: Main) -> None:
        main.unpark = self._wake_main
        if not self._by_thread:
            self._start_workers(main.thread)
        while True:
            self._count_poll(None)
            main.poll()
            if main.done:
                return
            self._wait(main)

    def _start_workers(self, here: Thread) -> None:
        for _ in range(self.workers):
            worker = _Worker(here.recorder.thread("tokio-rt-worker", self))
            self._by_thread[worker.thread] = worker
        for worker in self._by_thread.values():
            self._begin(lambda worker=worker: self._serve_tasks(worker), worker.thread)  # type: ignore[misc]

    def _wake_main(self) -> None:
        with self.lock:
            self._main_woken.notify()

    def _wait(self, main: Main) -> None:
        quiet = 0
        with self.lock:
            while not main.woken:
                if self._fatal is not None:
                    raise self._fatal
                if self._main_woken.wait(TICK):
                    continue
                quiet = quiet + 1 if self._is_quiet() else 0
                if quiet > 2:
                    raise Deadlock(self._who_waits(main))

    def _is_quiet(self) -> bool:
        """Tell whether nothing runs that could wake anything."""
        asleep = self._sleeping == self.workers and not self._has_work()
        return asleep and not (self._busy or threads.process.handles or self._next_deadline())

    def shutdown(self) -> None:
        """End every thread, wait for it, and drop all that is left.

        After an interrupt, or when ten seconds were not enough, what still runs is stopped by an
        exception.
        """
        with self.lock:
            self._stopping = True
            self._work_came.notify_all()
            self._job_came.notify_all()
        patient = not isinstance(sys.exception(), KeyboardInterrupt)
        for os_thread in self._os_threads:
            os_thread.join(10 if patient else 0.05)
            while os_thread.is_alive():
                _interrupt(os_thread)
                os_thread.join(0.05)
        super().shutdown()


def _take(queue: deque[Task]) -> Task | None:
    try:
        return queue.popleft()
    except IndexError:  # another thread was faster
        return None


def _interrupt(thread: threading.Thread) -> None:
    stop, ident = ctypes.py_object(_Stop), ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, stop)
