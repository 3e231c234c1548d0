"""The `multi_thread` flavour as a model: virtual workers, one poll at a time, a virtual clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from spanlab import threads
from spanlab.errors import UsageError
from spanlab.runtime.base import Main, Runtime
from spanlab.runtime.schedule import Schedule
from spanlab.task import BUDGET, Task
from spanlab.threads import Thread

Move = Callable[[], None]

INJECT_INTERVAL = 61  # every so many polls a worker looks into the common queue first
LIFO_LIMIT = 3  # polls in a row that a worker may take from its LIFO slot
UNPARK = 32  # polls that get done while a parked main thread wakes up, or a new thread starts


class _Worker:
    """A worker thread with its LIFO slot and its queue."""

    def __init__(self, thread: Thread) -> None:
        self.thread = thread
        self.lifo: Task | None = None
        self.lifo_polls = 0
        self.queue: deque[Task] = deque()
        self.deferred: list[Any] = []
        self.tick = 0
        self.acted = 0  # the step at which it last did something
        self.searching = False


class VirtualThreads(Runtime):
    """Virtual workers that poll one task at a time; the schedule says who goes next.

    Main is `ThreadId(1)`, the workers follow from `ThreadId(2)`. By default the schedule does
    what tokio does when nothing races, so the first spawned task runs on the last worker.
    `Seeded(7)` lets chance decide, the same at each run; `Replay("0 1 1")` repeats a run.

    In Rust: `Builder::new_multi_thread().worker_threads(workers)`, where all this is a race.
    https://github.com/tokio-rs/tokio/blob/tokio-1.53.1/tokio/src/runtime/scheduler/multi_thread/worker.rs
    """

    def __init__(self, workers: int = 16, schedule: Schedule | None = None) -> None:
        if not isinstance(workers, int) or workers < 1:
            raise UsageError(f"a runtime needs 1 worker or more, got {workers!r}")
        self.workers = workers
        self.schedule_by = schedule or Schedule()
        super().__init__()

    def __repr__(self) -> str:
        return f"VirtualThreads({self.workers}, {self.schedule_by!r})"

    def _reset(self) -> None:
        super()._reset()
        self._workers: dict[Thread, _Worker] = {}
        self._sleepers: list[_Worker] = []  # parked workers; the last to park wakes first
        self._inject: deque[Task] = deque()
        self._step = 0
        self._main_due: int | None = 0  # the step at which main can act, once it is woken
        self._main_spins = 0  # polls of main in a row, each woken by the one before
        self._blocking_due: deque[int] = deque()
        self.schedule_by.begin(self)

    def choose(self, count: int) -> int:
        return self.schedule_by.choose(count, count)

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
            self._notify()
        elif worker.lifo_polls >= LIFO_LIMIT:
            self.reschedule(task)
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

    def _push(self, worker: _Worker, task: Task) -> None:
        worker.queue.append(task)
        self._notify()

    def block(self, task: Task) -> None:
        super().block(task)
        self._blocking_due.append(self._step + 2 * UNPARK)

    def _run_blocking(self) -> None:
        self._blocking_due.popleft()
        super()._run_blocking()

    def _here(self) -> _Worker | None:
        thread = threads.current()
        return None if thread is None else self._workers.get(thread)

    def _notify(self) -> None:
        """Wake the worker that parked last, unless one is already looking for work."""
        if self._sleepers and not any(worker.searching for worker in self._workers.values()):
            self._sleepers.pop().searching = True

    def _drive(self, main: Main) -> None:
        if not self._workers:
            recorder = main.thread.recorder
            for _ in range(self.workers):
                worker = _Worker(recorder.thread("tokio-rt-worker", self))
                self._workers[worker.thread] = worker
            self._sleepers = list(self._workers.values())
        self.main = main
        while not main.done:
            likely, unlikely = self._moves(main)
            moves = likely + unlikely
            if moves:
                self._step += 1
                many = len(moves) > 1
                moves[self.schedule_by.choose(len(moves), len(likely)) if many else 0]()
            else:
                self._let_time_pass(main)

    def _moves(self, main: Main) -> tuple[list[Move], list[Move]]:
        """Give all that could happen next, first what is likely; the very first is the default."""
        self._park_idle()
        due: list[tuple[int, Move]] = []
        for worker in self._workers.values():
            if worker not in self._sleepers:
                due += [(worker.acted, move) for move in self._takes(worker)]
        late = self._late(main)
        due += [entry for entry in late if entry[0] <= self._step]
        due.sort(key=lambda entry: entry[0])  # whoever has waited longest goes first
        likely = [move for _, move in due] + self._wakeable()
        unlikely = [move for when, move in late if when > self._step]
        if main.woken and 0 < self._main_spins < UNPARK:  # main did not park: no one is faster
            at = [when for when, _ in due].index(self._main_due or 0)
            return [likely.pop(at)], likely + unlikely
        return (likely, unlikely) if likely else (unlikely[:1], unlikely[1:])

    def _late(self, main: Main) -> list[tuple[int, Move]]:
        """Give what takes its time to begin, the earliest first: main, and blocked work."""
        late: list[tuple[int, Move]] = []
        if main.woken:
            if self._main_due is None:
                self._main_due = self._step + UNPARK
            late.append((self._main_due, lambda: self._poll_main(main)))
        if self._blocking:
            late.append((self._blocking_due[0], self._run_blocking))
        return sorted(late, key=lambda move: move[0])

    def _wakeable(self) -> list[Move]:
        """Give what parked workers could do: one of them may wake at any time."""
        fresh, moves = True, []
        for worker in reversed(self._sleepers):
            if worker.acted or fresh:  # those that never ran are all alike
                moves += self._takes(worker)
                fresh = fresh and bool(worker.acted)
        return moves

    def _takes(self, worker: _Worker) -> list[Move]:
        """Give what a worker may take next: its own first, then the common queue, then others'."""
        if worker.lifo or worker.queue:
            return [lambda: self._poll(worker, self._own(worker))]
        moves: list[Move] = []
        if self._inject:
            moves.append(lambda: self._poll(worker, self._injected(worker)))
        victims = [other for other in self._workers.values() if other.queue and other is not worker]
        moves += [partial(self._rob, worker, victim) for victim in victims]
        return moves

    def _rob(self, worker: _Worker, victim: _Worker) -> None:
        self._poll(worker, self._steal(worker, victim))

    def _own(self, worker: _Worker) -> Task:
        worker.tick += 1
        if worker.tick % INJECT_INTERVAL == 0 and self._inject:
            return self._inject.popleft()
        task, worker.lifo = worker.lifo, None
        if task is not None:
            worker.lifo_polls += 1
            return task
        worker.lifo_polls = 0
        return worker.queue.popleft()

    def _injected(self, worker: _Worker) -> Task:
        share = len(self._inject) // self.workers + 1
        worker.queue.extend(self._inject.popleft() for _ in range(min(share, len(self._inject))))
        worker.lifo_polls = 0
        return worker.queue.popleft()

    def _steal(self, worker: _Worker, victim: _Worker) -> Task:
        for _ in range(len(victim.queue) - len(victim.queue) // 2):
            worker.queue.append(victim.queue.popleft())
        worker.lifo_polls = 0
        return worker.queue.popleft()

    def _poll(self, worker: _Worker, task: Task) -> None:
        if worker in self._sleepers:
            self._sleepers.remove(worker)
        worker.acted = self._step
        worker.searching = False
        if self._inject or any(other.queue for other in self._workers.values()):
            self._notify()
        self._count_poll(task)
        if not worker.lifo_polls:
            worker.thread.budget = BUDGET
        with threads.on(worker.thread):
            task.poll(worker.thread)

    def _poll_main(self, main: Main) -> None:
        self._count_poll(None)
        main.poll()
        self._main_spins = self._main_spins + 1 if main.woken else 0
        self._main_due = self._step if main.woken else None

    def _park_idle(self) -> None:
        """Let each worker that finds nothing wake whoever yielded on it, or park."""
        for worker in self._workers.values():
            if worker in self._sleepers or self._takes(worker):
                continue
            if worker.deferred:
                deferred, worker.deferred = worker.deferred, []
                with threads.on(worker.thread):
                    while deferred:
                        deferred.pop().wake()
            else:
                worker.searching = False
                self._sleepers.append(worker)
                recorder, thread = worker.thread.recorder, worker.thread
                recorder.append(("park", recorder.clock(), thread.id, None, "", 0))

    def _let_time_pass(self, main: Main) -> None:
        """All are parked: the first to park watches the clock, and runs what it wakes."""
        driver = self._sleepers.pop(0)
        with threads.on(driver.thread):
            self._advance(main)
