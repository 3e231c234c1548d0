"""What all runtimes share: the main future, timers, deferred wakes, and how a run ends."""

from __future__ import annotations

import heapq
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from typing import Any

from spanlab import threads
from spanlab.errors import ForeignAwaitable, NestedRuntime, UsageError
from spanlab.evidence.sites import foreign
from spanlab.future import Pending, drop, into_future
from spanlab.recorder import budget, numbers
from spanlab.threads import Thread
from spanlab.tokio.beside.handle import Owned, refuse_nested
from spanlab.tokio.host.ending import end_started
from spanlab.tokio.host.foreign import NO_LOOP, running_loop
from spanlab.tokio.host.keyboard import keyboard
from spanlab.tokio.host.progress import Progress
from spanlab.tokio.host.still import Others
from spanlab.tokio.runtime.left import drop_tasks
from spanlab.tokio.runtime.stuck import deadlock, endless
from spanlab.tokio.task import IDLE, MANY, NOTIFIED, POLLING, QUEUED, Task, note
from spanlab.tokio.wait import BUDGET


class Main(Task):
    """The main future: number 0 in the records. It sits in no queue, and its panic is the run's."""

    __slots__ = ("thread", "unpark")

    fatal = (BaseException,)

    def __init__(self, runtime: Runtime, future: Any, thread: Thread) -> None:
        super().__init__(runtime, future, 0)
        self.thread = thread
        self.unpark: Callable[[], None] = lambda: None  # tells a real thread that waits

    @property
    def is_woken(self) -> bool:
        """Tell whether it is to be polled again."""
        return self.state is QUEUED or self.state is NOTIFIED

    def wake(self) -> None:
        """Have the main future polled again."""
        with self.runtime.lock:
            if self.state is not IDLE and self.state is not POLLING:
                return
            self.state = QUEUED if self.state is IDLE else NOTIFIED
        note("wake", self.id)
        self.unpark()

    def drop(self) -> None:
        """Drop the main future, and what is known of its panic, which keeps frames."""
        future, self.future, self.panic = self.future, None, None
        if future is not None:
            drop(future)

    def _suspend(self, thread: Thread, pinned: int) -> None:
        with self.runtime.lock:  # its thread looks for itself whether it was woken
            self.state = QUEUED if self.state is NOTIFIED else IDLE


@dataclass(slots=True, eq=False)
class Timer:
    """One entry of the clock; without a waker it was cancelled."""

    waker: Any
    fired: bool = False


class Runtime(Owned):
    """One way to run tasks; a subclass says in `_drive` who is polled next, and where.

    In Rust: `tokio::runtime::Runtime`.
    """

    make = Task
    cancels: tuple[type[BaseException], ...] = ()  # what ends a task as an abort does

    def __init__(self) -> None:
        self.runtime = self
        self._owner = threading.Lock()  # held by the run that uses this runtime
        self.lock = threading.RLock()  # held where the state of a task changes
        self.polls = 1_000_000  # how often a program may be polled before it is stopped
        self.progress = Progress()
        self.saw: Callable[[tuple[Any, ...]], object] = deque[Any](maxlen=0).append  # deaf
        self._reset()

    def _reset(self) -> None:
        self.tasks: dict[int, Task] = {}  # every task that has not ended, oldest first
        self._inject: deque[Task] = deque()  # tasks from threads that are none of its own
        self._time = 0  # of the virtual clock, in nanoseconds
        self._timers: list[tuple[int, int, Timer]] = []
        self._timer_ids = count()
        self._deferred: list[Any] = []
        self._blocking: list[tuple[Thread, Task]] = []
        self._idle: list[Thread] = []  # threads of the blocking pool that have nothing to do
        self._next_poll = numbers(1)
        self.others = Others()
        self._polled = self._forced = 0
        self._random = random.Random(0)

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Belong to one run for a `with` block, and to no other."""
        if not self._owner.acquire(blocking=False):
            raise UsageError(
                f"a runtime runs one program at a time, and {self!r} is running one already. "
                f"Make one for each: run(main(), on={type(self).__name__}())"
            )
        try:
            yield
        finally:
            self._owner.release()

    def begin(self, polls: int) -> None:
        """Take the budget of a run."""
        self.polls, self.progress = budget("polls", polls), Progress()
        self.others = Others()  # those left by a run before this one are none of its own

    def now(self) -> int:
        """Give the time on this runtime's clock in nanoseconds."""
        return self._time

    @property
    def clock(self) -> Callable[[], int] | None:
        """The clock of the records; None is real time."""
        return self.now

    def adopt(self, got: Any, waker: Any, branch: Any = None) -> Pending:
        """Wait for what another library gave to wait for; this runtime cannot."""
        raise ForeignAwaitable(foreign(branch or waker.future, got))

    def loop(self) -> AbstractContextManager[None]:
        """Be where a program finds no loop of asyncio: what it awaits there, nobody here wakes."""
        return running_loop(NO_LOOP)

    def branch(self, branches: Any, index: int) -> AbstractContextManager[None]:
        """Poll one of several branches for a `with` block."""
        return nullcontext()

    def choose(self, count: int) -> int:
        """Choose one of `count` possibilities, the same ones in each run."""
        return self._random.randrange(count)

    def defer(self, waker: Any) -> None:
        """Wake `waker` when the queue has run dry."""
        if not self._deferred or self._deferred[-1] is not waker:
            self._deferred.append(waker)

    def timer(self, deadline: int, waker: Any) -> Timer:
        """Make a timer that wakes `waker` when the clock shows `deadline` milliseconds."""
        timer = Timer(waker)
        with self.lock:
            heapq.heappush(self._timers, (deadline, next(self._timer_ids), timer))
        return timer

    def schedule(self, task: Task) -> None:
        """Put a task that was spawned or woken into a queue."""
        raise NotImplementedError

    def reschedule(self, task: Task) -> None:
        """Put a task that was woken while it ran into a queue."""
        self.schedule(task)

    def block(self, task: Task) -> None:
        """Give a task that blocks to an idle thread of the pool, or to a new one."""
        thread = threads.current()
        if not self._idle and thread is not None:
            self._idle.append(thread.recorder.thread("tokio-rt-worker", self))
        self._blocking.append((self._idle.pop(), task))

    def _run_blocking(self, index: int = 0) -> None:
        thread, task = self._blocking.pop(index)
        with threads.on(thread), running_loop(None):  # it may run one of its own
            self._poll(task, thread)
        self._idle.append(thread)

    def block_on(self, future: Any) -> Any:
        """Poll the main future on this thread until it has a value, and all tasks beside it.

        Tasks that have not ended by then stay: for the next `block_on`, or for `shutdown`.
        """
        thread = threads.current()
        future = into_future(future, "block_on()")
        if thread is None:
            drop(future)
            raise NestedRuntime(
                "block_on() needs a recording around it, got none. Write: run(main()), "
                "or: with recording() as trace: …"
            )
        refuse_nested(thread, future)
        thread.runtime, main = self, Main(self, future, thread)
        del future
        try:
            with self.loop():
                self._drive(main)
            return main.value
        finally:
            main.drop()
            thread.runtime = None

    def _drive(self, main: Main) -> None:
        raise NotImplementedError

    def force(self, waker: Any) -> None:
        """Make a task that did all the operations that a poll may do wait for its next turn."""
        self._forced += BUDGET
        self.defer(waker)

    def _poll(self, who: Task, thread: Thread, left: int = BUDGET) -> None:
        """Poll a task or the main future, unless the program has to be stopped."""
        if keyboard.asked:
            keyboard.check()
        self._polled = count = self._next_poll()
        if count % MANY == 0:
            self._show_progress()
            thread.recorder.check()
        if count + self._forced > self.polls:
            raise endless(who, self.polls)
        thread.budget = left
        who.poll(thread)

    def _show_progress(self) -> None:
        self.progress.show(f"{self._polled:,} polls, {len(self.tasks):,} tasks left")

    def _wake_deferred(self) -> None:
        deferred, self._deferred = self._deferred, []
        while deferred:
            deferred.pop().wake()  # the last to yield is woken first

    def _advance(self, main: Main) -> None:
        """Nothing can run: jump to the next timer, or wait for a real thread that may wake us."""
        while not (self._jump() or main.is_woken or self._inject):
            keyboard.check()
            if not self.others.all() or self.others.stand_still():
                raise deadlock(self, main)
            time.sleep(0.001)

    def _jump(self) -> bool:
        """Jump to the next timer, if there is one."""
        if (deadline := self._next_deadline()) is not None:
            self._time = max(self._time, deadline * 1_000_000)
            self._fire()
        return deadline is not None

    def pass_time(self, task: int) -> bool:
        """Let time pass while a poll of a task blocks, if somebody is left to look at the clock."""
        return False

    def _next_deadline(self) -> int | None:
        """Give the time of the next timer that somebody waits for, in milliseconds."""
        with self.lock:
            while self._timers and self._timers[0][2].waker is None:
                heapq.heappop(self._timers)
            return self._timers[0][0] if self._timers else None

    def _fire(self) -> None:
        """Wake all whose time has come, in the order of their deadlines and registrations."""
        now, due = self.now(), []
        with self.lock:
            while self._timers and self._timers[0][0] * 1_000_000 <= now:
                due.append(heapq.heappop(self._timers)[2])
        for timer in due:
            timer.fired = True  # before the waker is read: a poll sets the waker, then looks
            if (waker := timer.waker) is not None:  # another thread may cancel meanwhile
                waker.wake()

    def shutdown(self) -> None:
        """Drop all that is left; the runtime can be used anew."""
        thread = threads.current()
        try:
            if thread is not None:
                drop_tasks(self, thread)
                end_started(thread.recorder, sys.exception())
        finally:
            self._reset()
