"""The same programs on Python's own loop: each task is an asyncio task."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from spanlab import threads
from spanlab.errors import Deadlock, MissingPackage
from spanlab.field import Level
from spanlab.future import Pending, into_future
from spanlab.record import Trace
from spanlab.recorder import Recorder
from spanlab.runtime.base import Main, Runtime, Timer
from spanlab.task import BUDGET, DONE, Task
from spanlab.threads import Thread

# The span stack as Python would keep it: a value that every asyncio task gets a copy of.
_STACK: ContextVar[tuple[Any, ...]] = ContextVar("spanlab_span_stack", default=())

TICK = 0.05  # seconds after which a waiting main future looks whether anything can still happen


class AsyncioLoop(Runtime):
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
        self._start = time.perf_counter_ns()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._attending: dict[Any, asyncio.Task[None]] = {}
        self._wakes: dict[Any, asyncio.Future[None]] = {}
        self._active = 0  # callbacks, jobs and foreign futures that may still wake something
        self._fatal: BaseException | None = None

    @property
    def clock(self) -> Callable[[], int] | None:
        return None

    def now(self) -> int:
        return time.perf_counter_ns() - self._start

    # ------------------------------------------------------------ who asks for what

    def schedule(self, task: Task) -> None:
        self._on_loop(self._go_on, task)

    def _go_on(self, who: Task | Main) -> None:
        """Let the asyncio task of `who` take its next step, or make it."""
        wake = self._wakes.pop(who, None)
        if wake is not None:
            if not wake.done():
                wake.set_result(None)
        elif self._loop is not None and who not in self._attending:
            if self.context and self._thread is not None:
                _save(self._thread)
            self._attending[who] = self._loop.create_task(self._attend(who))

    def _on_loop(self, function: Callable[..., None], *args: Any) -> None:
        """Call a function on the loop: at once from its own thread, soon from another."""
        if threads.local.thread is self._thread or self._loop is None:
            function(*args)
            return
        self._active += 1

        def late() -> None:
            self._active -= 1
            function(*args)

        self._loop.call_soon_threadsafe(late)

    def defer(self, waker: Any) -> None:
        self._soon(waker.wake)

    def _soon(self, function: Callable[[], None]) -> None:
        """Call a function in the loop's next round, as `asyncio.sleep(0)` does."""
        assert self._loop is not None
        self._active += 1

        def later() -> None:
            self._active -= 1
            with threads.on(self._thread):
                function()

        self._loop.call_soon(later)

    def timer(self, deadline: int) -> Timer:
        timer = super().timer(deadline)
        if self._loop is not None:
            self._loop.call_later(max(0, deadline / 1e3 - self.now() / 1e9), self._fire_here)
        return timer

    def _fire_here(self) -> None:
        with threads.on(self._thread):
            self._fire()

    def adopt(self, got: Any, waker: Any) -> Pending:
        """Wait for a future of asyncio, or for the next round."""
        if got is None:
            self._soon(waker.wake)
            return Pending("its next turn")
        if not isinstance(got, asyncio.Future):
            return super().adopt(got, waker)
        got._asyncio_future_blocking = False
        self._active += 1

        def done(_: Any) -> None:
            self._active -= 1
            with threads.on(self._thread):
                waker.wake()

        got.add_done_callback(done)
        return Pending("a future of asyncio")

    def block(self, task: Task) -> None:
        here = threads.current()
        assert self._loop is not None and here is not None
        thread = here.recorder.thread("asyncio", self)
        self._active += 1

        def job() -> None:
            with threads.on(thread):
                thread.budget = BUDGET
                task.poll(thread)
            self._active -= 1

        self._loop.run_in_executor(None, job)

    # ------------------------------------------------------------ one step after the other

    async def _attend(self, who: Task | Main) -> None:
        """Be the asyncio task of a task, or of the main future, until it ends."""
        assert self._loop is not None and self._thread is not None
        try:
            while True:
                self._wakes[who] = self._loop.create_future()
                self._step(who)
                if who.done if isinstance(who, Main) else who.state is DONE:
                    return
                wake = self._wakes.get(who)
                if wake is not None:
                    await wake
        except asyncio.CancelledError:
            pass  # the run is over
        except BaseException as error:
            self._fatal = error
        finally:
            self._wakes.pop(who, None)
            self._attending.pop(who, None)

    def _step(self, who: Task | Main) -> None:
        thread = self._thread
        assert thread is not None
        self._count_poll(None if isinstance(who, Main) else who)
        if self.context:
            thread.span_stack[:] = [entry for entry, _ in _STACK.get()]
        with threads.on(thread):
            thread.budget = BUDGET
            if isinstance(who, Main):
                who.poll()
            else:
                who.poll(thread)
        if self.context:
            _save(thread)
            thread.span_stack.clear()

    def _drive(self, main: Main) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(self.drive(main))
            return
        patch_loop()
        asyncio.get_running_loop().run_until_complete(self.drive(main))

    async def drive(self, main: Main) -> None:
        """Poll the main future and all tasks on the running loop until main has ended."""
        self._loop, self._thread = asyncio.get_running_loop(), main.thread
        main.unpark = lambda: self._on_loop(self._go_on, main)
        ended = self._attending[main] = self._loop.create_task(self._attend(main))
        quiet = 0
        try:
            while not ended.done() and self._fatal is None:
                await asyncio.wait([ended], timeout=TICK)
                quiet = quiet + 1 if self._is_quiet(main) else 0
                if quiet > 2:
                    raise Deadlock(self._who_waits(main))
        finally:
            await self._end()
        if self._fatal is not None:
            raise self._fatal

    def _is_quiet(self, main: Main) -> bool:
        """Tell whether nothing runs that could wake anything."""
        waiting = all(not wake.done() for wake in self._wakes.values())
        busy = self._active or threads.process.handles or self._next_deadline() or main.woken
        return waiting and len(self._wakes) == len(self._attending) and not busy

    async def _end(self) -> None:
        left = list(self._attending.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        self._loop = None


def _save(thread: Thread) -> None:
    """Keep the stack in the context, which holds its spans open, as OpenTelemetry's does."""
    _STACK.set(tuple((entry, entry[0]()) for entry in thread.span_stack))


def patch_loop() -> None:
    """Let a running loop be entered again, which asyncio forbids.

    The maintained fork is needed: nest-asyncio 1.6.0 hangs "Run All" in JupyterLab.
    """
    try:
        import nest_asyncio2
    except ImportError:
        raise MissingPackage(
            "a loop is running here already, and nest-asyncio2, which lets it be entered again, "
            "is not installed. Write: await arun(main()), or: pip install nest-asyncio2"
        ) from None
    nest_asyncio2.apply()


async def arun(
    main: Any, on: AsyncioLoop | None = None, level: str | Level = "trace", polls: int = 1_000_000
) -> Trace:
    """Run a main future on the loop that runs already, and give the trace.

    This is `run` for a notebook cell or an async program: `await arun(main())`. It needs no patch
    of the loop. Several may run side by side, each with a thread and a stack of its own.
    """
    runtime = AsyncioLoop() if on is None else on
    future = into_future(main, "arun()")
    runtime.polls = polls
    recorder = Recorder(level, runtime.clock)
    with recorder.installed():
        thread = recorder.thread("main", runtime)
        driven = Main(future, thread)
        try:
            await runtime.drive(driven)
            recorder.trace.result = driven.value
        except BaseException as error:
            error.trace = recorder.trace  # type: ignore[attr-defined]
            raise
        finally:
            driven.close()
            with threads.on(thread):
                runtime.shutdown()
    return recorder.trace
