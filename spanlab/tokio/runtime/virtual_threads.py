"""The `multi_thread` flavour as a model: virtual workers, one poll at a time, a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from spanlab import threads
from spanlab.errors import UsageError
from spanlab.tokio.runtime.base import Main
from spanlab.tokio.runtime.schedule import Schedule
from spanlab.tokio.runtime.worker import Worker, Workers
from spanlab.tokio.task import DONE, Task

FIRST = -1  # before all that a worker does as step 0
UNPARK = 32  # polls that get done while a parked main thread wakes up, or a new thread starts


class Move(NamedTuple):
    """Something that could happen next, and the step at which it is due: later is unlikely."""

    due: int
    act: Callable[[], None]


class VirtualThreads(Workers):
    """Virtual workers that poll one task at a time; the schedule says who goes next.

    Main is `ThreadId(1)`, the workers follow from `ThreadId(2)`. By default the schedule is
    a likely one: the worker that parked last wakes first, and the first task runs on the last.
    `Seeded(7)` lets chance decide, the same at each run; `Replay("0 1 1")` repeats a run.

    In Rust: `Builder::new_multi_thread().worker_threads(workers)`, where all this is a race.
    """

    def __init__(self, workers: int = 16, schedule: Schedule | None = None) -> None:
        if schedule is not None and not isinstance(schedule, Schedule):
            raise UsageError(f"a schedule is Seeded(7) or Replay('0 1 1'), got {schedule!r:.60}")
        self.schedule_by = schedule or Schedule()
        super().__init__(workers)
        self.saw = self.schedule_by.saw

    def __repr__(self) -> str:
        return f"VirtualThreads({self.workers}, {self.schedule_by!r})"

    def _reset(self) -> None:
        super()._reset()
        self._sleepers: list[Worker] = []  # parked workers; the last to park wakes first
        self._is_driving = False
        self._step = 0  # polls so far
        self._main_due: int | None = 0  # the step at which main can act, once it is woken
        self._main_spins = 0  # polls of main in a row, each woken by the one before
        self._blocking_due: list[int] = []
        self.schedule_by.begin(self)

    def choose(self, count: int) -> int:
        return self.schedule_by.choose(count, count)

    def schedule(self, task: Task) -> None:
        super().schedule(task)
        if task.waits_for is None:  # it was spawned, not woken
            self._race()

    def block(self, task: Task) -> None:
        super().block(task)
        self._blocking_due.append(self._step + 2 * UNPARK)
        self._race()

    def _notify(self) -> None:
        """Wake the worker that parked last, unless one is already looking for work."""
        if self._sleepers and not any(worker.searching for worker in self._workers.values()):
            self._sleepers.pop().searching = True

    # ------------------------------------------------------------ what could happen next

    def _drive(self, main: Main) -> None:
        if not self._workers:
            self._hire(main.thread)
            self._sleepers = list(self._workers.values())
        self.main, self._is_driving = main, True
        try:
            while main.state is not DONE:
                moves, likely = self._moves(main)
                self._choose(moves, likely).act()
        finally:
            self._is_driving = False

    def _choose(self, moves: list[Move], likely: int) -> Move:
        many = len(moves) > 1
        return moves[self.schedule_by.choose(len(moves), likely) if many else 0]

    def _moves(self, main: Main) -> tuple[list[Move], int]:
        """Give all that could happen next, and how many of it are likely; the first is default."""
        mains = self._mains(main)
        moves = [*self._awake(), *mains, *self._blocked(), *self._asleep()]
        moves.sort(key=lambda move: move.due)  # whoever has waited longest goes first
        likely = sum(move.due <= self._step for move in moves)
        if mains and 0 < self._main_spins < UNPARK and moves[0].due != FIRST:
            moves.sort(key=lambda move: move not in mains)  # it did not park
            likely = 1
        if not moves:
            moves = self._clocks(main)
            likely = len(moves)
        return moves, max(likely, 1)

    def _race(self) -> None:
        """Let others run ahead of a poll that goes on after it has spawned something."""
        stay = Move(FIRST, lambda: None)
        move = None if self.schedule_by.races and self._is_driving else stay
        while move is not stay:
            move = self._choose([stay, *self._awake(), *self._blocked(), *self._asleep()], 1)
            move.act()

    def _mains(self, main: Main) -> list[Move]:
        """Give the poll of the main future, if it is woken: its thread has to unpark."""
        if not main.is_woken:
            return []
        if self._main_due is None:
            self._main_due = self._step + UNPARK
        return [Move(self._main_due, partial(self._poll_main, main))]

    def _awake(self) -> list[Move]:
        """Give what the workers that are neither parked nor in a poll can do."""
        moves: list[Move] = []
        inside = any(worker.held or worker.thread.task for worker in self._workers.values())
        may_park = not inside and self.main.thread.task is None  # a step is not yet over
        for worker in self._workers.values():
            if worker.held is not None:
                moves.append(Move(FIRST, partial(self._begin, worker)))  # it may lose time before
            elif worker not in self._sleepers and worker.thread.task is None:
                moves += self._takes(worker, worker.acted) or self._idles(worker, may_park)
        return moves

    def _asleep(self) -> list[Move]:
        """Give what parked workers can do: one of them may wake at any time."""
        awake = [worker for worker in self._workers.values() if worker not in self._sleepers]
        asleep = [w for w in unlike([*awake, *reversed(self._sleepers)]) if w in self._sleepers]
        return [move for worker in asleep for move in self._takes(worker, self._step)]

    def _blocked(self) -> list[Move]:
        """Give the blocked work, which takes its time to begin."""
        due = enumerate(self._blocking_due)
        return [Move(when, partial(self._run_blocking, index)) for index, when in due]

    def _takes(self, worker: Worker, due: int) -> list[Move]:
        """Give what a worker may take next: its own first, then the common queue, then others'."""
        if worker.lifo or worker.queue:
            ways: list[Callable[[], Task | None]] = [partial(self._own, worker)]
        else:
            ways = [partial(self._injected, worker)] if self._inject else []
            victims = [other for other in self._workers.values() if other.queue]
            ways += [partial(self._steal, worker, victim) for victim in victims]
        return [Move(due, partial(self._go_on, worker, way)) for way in ways]

    def pass_time(self, task: int) -> bool:
        """Let a worker look at the clock, if one is free: main blocks none."""
        return (task == 0 or self.workers > 1) and self._jump()

    def _idles(self, worker: Worker, may_park: bool) -> list[Move]:
        """Let a worker that finds nothing wake who yielded on it, or park at once."""
        if worker.deferred:
            return [Move(FIRST, partial(self._let_go_on, worker))]
        if may_park:
            worker.searching = False
            self._sleepers.append(worker)
            worker.say_parked()
        return []

    def _clocks(self, main: Main) -> list[Move]:
        """All are parked: give who may watch the clock, and run what it wakes."""
        watchers = unlike(self._sleepers)
        if self._next_deadline() is None:
            del watchers[1:]  # whoever it is, nothing will come
        return [Move(FIRST, partial(self._let_time_pass, who, main)) for who in watchers]

    # ------------------------------------------------------------ the moves

    def _go_on(self, worker: Worker, way: Callable[[], Task | None]) -> None:
        worker.held = way()  # is there: no other thread can be faster here
        self._step += 1
        if worker in self._sleepers:
            self._sleepers.remove(worker)
        worker.acted = self._step
        worker.searching = False
        if self._inject or any(other.queue for other in self._workers.values()):
            self._notify()
        if not self.schedule_by.races or worker.lifo_polls or self.workers == 1:
            self._begin(worker)  # else another worker may take what comes next, and begin first

    def _begin(self, worker: Worker) -> None:
        task, worker.held = worker.held, None
        assert task is not None
        with threads.on(worker.thread):
            self._work(worker, task)

    def _let_go_on(self, worker: Worker) -> None:
        with threads.on(worker.thread):
            self._wake_deferred_of(worker)

    def _poll_main(self, main: Main) -> None:
        self._step += 1
        self._poll(main, main.thread)
        self._main_spins = self._main_spins + 1 if main.is_woken else 0
        self._main_due = self._step if main.is_woken else None

    def _run_blocking(self, index: int = 0) -> None:
        self._step += 1
        del self._blocking_due[index]
        super()._run_blocking(index)

    def _let_time_pass(self, worker: Worker, main: Main) -> None:
        self._sleepers.remove(worker)
        worker.cool()
        with threads.on(worker.thread):
            self._advance(main)


def unlike(workers: Iterable[Worker]) -> list[Worker]:
    """Leave out all but one of the workers that never did anything: they are all alike."""
    found: list[Worker] = []
    for worker in workers:
        if worker.acted or all(other.acted for other in found):
            found.append(worker)
    return found
