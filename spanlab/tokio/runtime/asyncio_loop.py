"""The same programs on Python's own loop: each task is an asyncio task."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from spanlab import threads
from spanlab.errors import cut
from spanlab.field import Level
from spanlab.future import Pending, into_future
from spanlab.recorder import RECORDS, Recorder
from spanlab.threads import Thread
from spanlab.tokio.host.ending import end
from spanlab.tokio.host.nested import run_to_end
from spanlab.tokio.runtime.base import Main, Timer
from spanlab.tokio.runtime.context import ContextStack
from spanlab.tokio.runtime.real_clock import TICK, RealClock
from spanlab.tokio.task import DONE, Task
from spanlab.traces import Trace


class AsyncioLoop(RealClock):
    """asyncio's loop, in a script or inside the loop that a notebook runs already.

    Spans stay on the thread's stack, as in Rust. With `context=True` they are kept in a
    `contextvars.ContextVar` instead: a spawned task begins with a copy of its spawner's spans, and
    a guard held across an await is its own task's alone.

    In Rust: nothing; this is the other design.
    """

    def __init__(self, context: bool = False) -> None:
        self.context = context
        super().__init__()

    def __repr__(self) -> str:
        return f"AsyncioLoop(context={self.context})"

    def _reset(self) -> None:
        super()._reset()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._attending: dict[Any, asyncio.Task[None]] = {}
        self._wakes: dict[Any, asyncio.Future[None]] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._active = 0  # callbacks and foreign futures that may still wake something
        self._over: asyncio.Future[None] | None = None  # main has ended, or something is fatal

    # ------------------------------------------------------------ who asks for what

    def schedule(self, task: Task) -> None:
        self._on_loop(self._go_on, task)

    def _go_on(self, who: Task) -> None:
        """Let the asyncio task of `who` take its next step, or make it."""
        wake = self._wakes.get(who)
        if wake is not None:
            if not wake.done():
                wake.set_result(None)
        elif self._loop is not None and who not in self._attending:
            self._attending[who] = self._loop.create_task(self._attend(who))

    def _on_loop(self, function: Callable[..., None], *args: Any) -> None:
        """Call a function on the loop: at once from its own thread, soon from another."""
        if self._loop is None or threads.local.thread is self._thread:
            function(*args)
        else:
            self._loop.call_soon_threadsafe(function, *args)

    def defer(self, waker: Any) -> None:
        self._soon(waker.wake)

    def _soon(self, function: Callable[[], None]) -> None:
        """Call a function in the loop's next round, as `asyncio.sleep(0)` does."""
        assert self._loop is not None
        self._loop.call_soon(self._callback(function))

    def _callback(self, function: Callable[[], None]) -> Callable[..., None]:
        """Give what the loop is to call; until it has, something can still happen."""
        self._active += 1

        def call(*_: Any) -> None:
            self._active -= 1
            with threads.on(self._thread):
                function()

        return call

    def timer(self, deadline: int, waker: Any) -> Timer:
        timer = super().timer(deadline, waker)
        self._on_loop(self._set_alarm)
        return timer

    def _set_alarm(self) -> None:
        """Have the loop call when the next timer is due."""
        deadline = self._next_deadline()
        if self._alarm is not None:
            self._alarm.cancel()
        if deadline is not None and self._loop is not None:
            wait = max(0, deadline / 1e3 - self.now() / 1e9)
            self._alarm = self._loop.call_later(wait, self._ring)

    def _ring(self) -> None:
        with threads.on(self._thread):
            self._fire()
        self._set_alarm()

    def adopt(self, got: Any, waker: Any) -> Pending:
        """Wait for a future of asyncio, or for the next round."""
        if got is None:
            self._soon(waker.wake)
            return Pending("its next turn")
        if not isinstance(got, asyncio.Future):
            return super().adopt(got, waker)
        got._asyncio_future_blocking = False
        got.add_done_callback(self._callback(waker.wake))
        return Pending("a future of asyncio")

    def block(self, task: Task) -> None:
        thread = threads.current()
        assert thread is not None
        job = thread.recorder.thread("asyncio", self)
        work = partial(self._begin, job, partial(self._poll, task, job))
        self._on_loop(self._soon, work)  # a new thread takes its time

    def _begin(self, thread: Thread, work: Callable[[], None]) -> None:
        self._os_threads = [job for job in self._os_threads if job.is_alive()]
        super()._begin(thread, work)

    def _fail(self, error: BaseException) -> None:
        super()._fail(error)
        self._on_loop(self._end_main)

    def _end_main(self) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    # ------------------------------------------------------------ one step after the other

    async def _attend(self, who: Task) -> None:
        """Be the asyncio task of a task, or of the main future, until it ends."""
        assert self._loop is not None
        try:
            while True:
                wake = self._wakes[who] = self._loop.create_future()
                self._step(who)
                if who.state is DONE:
                    return
                if wake.done():
                    await asyncio.sleep(0)  # it woke itself: the others go first
                else:
                    await wake
        except asyncio.CancelledError:
            pass  # the run is over
        except BaseException as error:
            self._fail(error)
        finally:
            self._wakes.pop(who, None)
            self._attending.pop(who, None)
            if isinstance(who, Main):
                self._end_main()

    def _step(self, who: Task) -> None:
        thread = self._thread
        assert thread is not None
        self._say("enter", who)
        with threads.on(thread):
            self._poll(who, thread)
        self._say("exit", who)

    def _say(self, kind: str, who: Task) -> None:
        """Record that the loop brings the spans of this context, or takes them away again."""
        thread = self._thread
        if self.context and thread is not None:
            recorder = thread.recorder
            spans = [entry() for entry in thread.span_stack]
            for span in spans if kind == "enter" else reversed(spans):
                now = recorder.clock()
                recorder.append((kind, now, thread.id, who.id, "", 0, span.id))

    def _drive(self, main: Main) -> None:
        run_to_end(self.drive(main))

    async def drive(self, main: Main) -> None:
        """Poll the main future and all tasks on the running loop until main has ended."""
        self._loop, self._thread = asyncio.get_running_loop(), main.thread
        self._over = self._loop.create_future()
        if self.context:
            main.thread.recorder.new_stack = ContextStack
            main.thread.span_stack = ContextStack()  # type: ignore[assignment]
        main.unpark = lambda: self._on_loop(self._go_on, main)
        self._attending[main] = self._loop.create_task(self._attend(main))
        try:
            while not self._over.done():
                await asyncio.wait([self._over], timeout=TICK)
                self._look(main)
        finally:
            await self._end()
        if self._fatal is not None:
            raise self._fatal

    def _is_quiet(self, main: Main) -> bool:
        waiting = all(not wake.done() for wake in self._wakes.values())
        waiting = waiting and len(self._wakes) == len(self._attending)
        busy = self._active or any(job.is_alive() for job in self._os_threads)
        return waiting and not busy and super()._is_quiet(main)

    async def _end(self) -> None:
        """Let go of the loop: no step, no alarm and no thread is left on it."""
        left = list(self._attending.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        if self._alarm is not None:
            self._alarm.cancel()
        self._loop = None
        end(self._os_threads, self._fatal or sys.exception())


async def arun(
    main: Any, on: AsyncioLoop | None = None, level: str | Level = "trace",
    polls: int = 1_000_000, records: int = RECORDS,
) -> Trace:  # fmt: skip
    """Run a main future on the loop that runs already, and give the trace.

    This is `run` for a notebook cell or an async program: `await arun(main())`. It needs no patch
    of the loop. Several may run side by side, each with a thread and a stack of its own.
    """
    runtime = AsyncioLoop() if on is None else on
    future = into_future(main, "arun()")
    runtime.begin(polls)
    recorder = Recorder(level, runtime.clock, records)
    with recorder.installed():
        thread = recorder.thread("main", runtime)
        driven = Main(runtime, future, thread)
        try:
            await runtime.drive(driven)
            recorder.trace.result = driven.value
        except BaseException as error:
            error.trace = recorder.trace  # type: ignore[attr-defined]
            cut(error)
            raise
        finally:
            driven.drop()
            with threads.on(thread):
                runtime.shutdown()
            runtime.progress.clear()
    return recorder.trace
