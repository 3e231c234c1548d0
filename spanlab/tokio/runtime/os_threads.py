"""The `multi_thread` flavour for real: OS threads that race, on a real clock."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from functools import partial
from typing import Any

from spanlab import threads
from spanlab.evidence import chain
from spanlab.threads import Thread
from spanlab.tokio.host.ending import end
from spanlab.tokio.runtime.base import Main, Timer
from spanlab.tokio.runtime.real_clock import TICK, RealClock
from spanlab.tokio.runtime.worker import Worker, Workers
from spanlab.tokio.task import DONE, Task

FASTER = 100  # half milliseconds that a new thread of the pool lets a woken main thread go first


class OsThreads(Workers, RealClock):
    """Real threads, a real clock: each run may go another way.

    The main future runs on the thread that calls, `ThreadId(1)`; the workers follow from
    `ThreadId(2)`. Each has a queue and steals from the others when it is empty. Python's GIL lets
    one of them run at a time; without it they poll in parallel. Leaving the run ends every thread.

    In Rust: `Builder::new_multi_thread().worker_threads(workers)`.
    """

    def __init__(self, workers: int = 4) -> None:
        super().__init__(workers)

    def __repr__(self) -> str:
        return f"OsThreads({self.workers})"

    def _reset(self) -> None:
        super()._reset()
        self._main: Main | None = None
        self._jobs: deque[Task] = deque()  # for the blocking pool
        self._free = 0  # threads of the pool that wait
        self._sleeping = 0  # workers that are parked
        self._searching = False  # a worker was woken that has not found work yet
        self._stopping = False
        self._make_locks()

    def _make_locks(self) -> None:
        # all wait on one lock: for work, for a job, and main for its wake
        self.lock = threading.RLock()
        self._work_came = threading.Condition(self.lock)
        self._job_came = threading.Condition(self.lock)
        self._main_woken = threading.Condition(self.lock)

    # ------------------------------------------------------------ who asks for what

    def _notify(self) -> None:
        # Without the lock: whoever parks or searches says so first and then looks at the queues a
        # last time, and whoever comes here has filled a queue first and then looks at these two.
        if self._sleeping and not self._searching:
            with self.lock:
                self._searching = True
                self._work_came.notify()

    def timer(self, deadline: int, waker: Any) -> Timer:
        timer = super().timer(deadline, waker)
        with self.lock:
            self._work_came.notify()  # whoever watches the clock must look at it anew
        return timer

    def block(self, task: Task) -> None:
        with self.lock:
            self._jobs.append(task)
            if self._free >= len(self._jobs):
                self._job_came.notify()
                return
            here = threads.current()
        if here is not None:
            thread = here.recorder.thread("tokio-rt-worker", self)
            woken = self._main if self._main is not None and self._main.is_woken else None
            self._begin(thread, partial(self._serve_jobs, thread, woken))

    # ------------------------------------------------------------ what the threads do

    def _fail(self, error: BaseException) -> None:
        with self.lock:
            super()._fail(error)
            self._main_woken.notify()

    def _serve(self, worker: Worker) -> None:
        with self.loop(), chain.origins():
            while not self._stopping:
                self._turn(worker)

    def _turn(self, worker: Worker) -> None:
        task = self._next(worker)
        if worker.searching:
            with self.lock:
                worker.searching = self._searching = False
            if self._has_work():
                self._notify()
        if task is not None:
            self._work(worker, task)
        elif worker.deferred:
            self._wake_deferred_of(worker)
        else:
            self._park(worker)

    def _next(self, worker: Worker) -> Task | None:
        task = self._own(worker)
        if task is None and self._inject:
            task = self._injected(worker)
        if task is None:
            victims = [other for other in self._workers.values() if other.queue]
            while victims and task is None:
                task = self._steal(worker, victims.pop())
        return task

    def _look_around(self, worker: Worker) -> None:
        self._fire()
        self._wake_deferred_of(worker)

    def _park(self, worker: Worker) -> None:
        worker.say_parked()
        with self.lock:
            self._sleeping += 1
            worker.cool()
            while True:  # until there is work, or time has come, or the run ends
                self._searching = False
                if self._has_work():
                    self._searching = worker.searching = True
                    break
                deadline = self._next_deadline()
                wait = None if deadline is None else deadline / 1e3 - self.now() / 1e9
                if self._stopping:
                    break
                if wait is not None and wait <= 0:
                    self._fire()
                    break
                self._work_came.wait(wait)
            self._sleeping -= 1
            if self._timers:
                self._work_came.notify()  # another one watches the clock now

    def _has_work(self) -> bool:
        return bool(self._inject) or any(worker.queue for worker in self._workers.values())

    def _serve_jobs(self, thread: Thread, woken: Main | None) -> None:
        for _ in range(FASTER):  # main was woken before: in Rust it is faster than a new thread
            if woken is None or not (woken.is_woken or woken.thread.task == 0):
                break
            time.sleep(0.0005)
        while True:
            with self.lock:
                while not self._jobs and not self._stopping:
                    self._free += 1
                    self._job_came.wait()
                    self._free -= 1
                if self._stopping:
                    return
                task = self._jobs.popleft()
            self._poll(task, thread)

    # ------------------------------------------------------------ the thread that calls

    def _drive(self, main: Main) -> None:
        self._main, main.unpark = main, self._wake_main
        if not self._workers:
            self._hire(main.thread)
            for worker in self._workers.values():
                self._begin(worker.thread, partial(self._serve, worker))
        while True:
            self._poll(main, main.thread)
            if main.state is DONE:
                return
            self._wait(main)

    def _wake_main(self) -> None:
        with self.lock:
            self._main_woken.notify()

    def _wait(self, main: Main) -> None:
        with self.lock:
            while self._fatal is None and not main.is_woken:
                if not self._main_woken.wait(TICK):
                    self._look(main)
                    self._work_came.notify()  # so that no mistake in `_notify` can last
            if self._fatal is not None:
                raise self._fatal

    def _is_quiet(self, main: Main) -> bool:
        return not self._has_work() and super()._is_quiet(main)

    def shutdown(self) -> None:
        """End every thread, wait for it, and drop all that is left.

        After an interrupt, or when ten seconds were not enough, what still runs is stopped by an
        exception.
        """
        with self.lock:
            self._stopping = True
            self._work_came.notify_all()
            self._job_came.notify_all()
        try:
            end(self._os_threads, sys.exception(), self.patience)
        finally:
            self._make_locks()  # a thread that was stopped may have kept the old one
            super().shutdown()
