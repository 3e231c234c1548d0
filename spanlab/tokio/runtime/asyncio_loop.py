"""The same programs on Python's own loop: each task is an asyncio task."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from functools import partial
from typing import Any

from spanlab import threads
from spanlab.errors import cut
from spanlab.field import Level
from spanlab.future import Pending, into_future
from spanlab.recorder import RECORDS, Recorder
from spanlab.threads import Thread, inherited
from spanlab.tokio.host.ending import end
from spanlab.tokio.host.nested import may_wake, run_to_end
from spanlab.tokio.runtime.attendant import Attendant, Awaited, Guest, as_task
from spanlab.tokio.runtime.base import Main, Timer
from spanlab.tokio.runtime.context import ContextStack
from spanlab.tokio.runtime.left import drop_tasks
from spanlab.tokio.runtime.real_clock import TICK, RealClock
from spanlab.tokio.task import DONE, IDLE, Task, note
from spanlab.tokio.wait import BUDGET
from spanlab.traces import Trace


class AsyncioLoop(RealClock):
    """asyncio's loop, in a script or inside the loop that a notebook runs already.

    Spans stay on the thread's stack, as in Rust. With `context=True` they are kept in a
    `contextvars.ContextVar` instead: a spawned task begins with a copy of its spawner's spans, and
    a guard held across an await is its own task's alone.

    In Rust: nothing; this is the other design.
    """

    cancels = (asyncio.CancelledError,)
    quiet = 8  # what asyncio itself waits for may take longer

    def __init__(self, context: bool = False) -> None:
        self.context = context
        super().__init__()

    def __repr__(self) -> str:
        return f"AsyncioLoop(context={self.context})"

    def _reset(self) -> None:
        super()._reset()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._attended: dict[Task, Attendant] = {}
        self._adopted: set[tuple[Any, Any]] = set()  # futures of asyncio, and whom they wake
        self._alarm: asyncio.TimerHandle | None = None
        self._over: asyncio.Future[None] | None = None  # main has ended, or something is fatal

    # ------------------------------------------------------------ who asks for what

    def loop(self) -> AbstractContextManager[None]:
        return nullcontext()

    def schedule(self, task: Task) -> None:
        self._on_loop(self._go_on, task)

    def _go_on(self, who: Task) -> None:
        """Let the asyncio task of `who` take its next step, or make it."""
        if (attendant := self._attended.get(who)) is not None:
            attendant.wake()
        elif self._loop is not None and who.state is not DONE:
            self._attended[who] = attendant = Attendant(self, who)
            attendant.task = self._loop.create_task(attendant)
            attendant.task.add_done_callback(lambda task: self._leave(who, task))

    def _leave(self, who: Task, task: asyncio.Task[None]) -> None:
        """The asyncio task of `who` has ended: with it, if nobody else ended it."""
        self._attended.pop(who, None)
        if task.cancelled():  # before its first step
            self._fail(asyncio.CancelledError())
        if isinstance(who, Main):
            self._end_main()

    def _on_loop(self, function: Callable[..., None], *args: Any) -> None:
        """Call a function on the loop: at once from its own thread, soon from another."""
        if self._loop is None or threads.local.thread is self._thread:
            function(*args)
        else:
            self._loop.call_soon_threadsafe(partial(self._call, function, *args))

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        with threads.on(self._thread):
            function(*args)

    def defer(self, waker: Any) -> None:
        self._soon(waker.wake)

    def _soon(self, function: Callable[[], None]) -> None:
        """Call a function in the loop's next round, as `asyncio.sleep(0)` does."""
        assert self._loop is not None
        self._loop.call_soon(self._call, function)

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

    def adopt(self, got: Any, waker: Any, branch: Any = None) -> Pending:
        """Wait for a future of asyncio, or for the next round."""
        if got is not None and not asyncio.isfuture(got):
            return super().adopt(got, waker, branch)
        if branch is None:
            return Awaited(got, is_whole=True)  # the asyncio task waits for it itself
        if got is None:
            self._soon(waker.wake)
        else:
            got._asyncio_future_blocking = False
            if (entry := (got, waker)) not in self._adopted:
                self._adopted.add(entry)
                got.add_done_callback(lambda _: self._came(*entry))
        return Awaited(got, is_whole=False)

    def branch(self, branches: Any, index: int) -> AbstractContextManager[None]:
        thread = threads.local.thread
        if self._loop is None or thread is None or thread is not self._thread:
            return nullcontext()
        return as_task(self._loop, branches, index, thread.waker)

    def _came(self, got: Any, waker: Any) -> None:
        self._adopted.discard((got, waker))
        self._call(waker.wake)

    def cancel(self, who: Task, message: Any) -> bool:
        """Cancel what the branches of a task await; False if they await nothing of asyncio."""
        cancelled = [got.cancel(message) for got, waker in [*self._adopted] if waker is who]
        return True in cancelled  # of all of them, as `gather` does

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

    def step(self, who: Task) -> None:
        """Poll `who` once, unless the run is over."""
        thread = self._thread
        assert thread is not None
        self._say("enter", who)
        with threads.on(thread):
            if who.state is IDLE:  # what it awaited has come
                note("wake", who.id)
            self._poll(who, thread)
        self._say("exit", who)

    def is_over(self) -> bool:
        """Tell whether nothing is to be polled any more."""
        return self._over is None or self._over.done()

    def _say(self, kind: str, who: Task) -> None:
        """Record that the loop brings the spans of this context, or takes them away again."""
        thread = self._thread
        if self.context and thread is not None:
            recorder = thread.recorder
            spans = [entry() for entry in thread.span_stack]
            for span in spans if kind == "enter" else reversed(spans):
                now = recorder.clock()
                more = (None, 0) if kind == "enter" else ()
                recorder.append((kind, now, thread.id, who.id, "", 0, span.id, *more))

    def _drive(self, main: Main) -> None:
        run_to_end(self.drive(main))

    async def drive(self, main: Main) -> None:
        """Poll the main future and all tasks on the running loop until main has ended."""
        loop = asyncio.get_running_loop()
        self._loop, self._thread = loop, main.thread
        self._over = loop.create_future()
        if self.context:
            main.thread.recorder.new_stack = ContextStack
            main.thread.span_stack = ContextStack()  # type: ignore[assignment]
        main.unpark = lambda: self._on_loop(self._go_on, main)
        before, mine = loop.create_task, partial(self._create_task, loop.create_task)
        with suppress(AttributeError):  # a loop of another library
            loop.create_task = mine  # type: ignore[method-assign]
        token = inherited.set(main.thread)  # by all that the program puts on the loop
        self._go_on(main)
        inherited.reset(token)
        try:
            while not (await asyncio.wait([self._over], timeout=TICK))[0]:
                self._look(main)
        finally:
            await self._end(main)
            if loop.create_task is mine:
                loop.create_task = before  # type: ignore[method-assign]
        if self._fatal is not None:
            raise self._fatal

    def _create_task(self, create: Any, coroutine: Any, **more: Any) -> Any:
        """Make an asyncio task; one of this program may await what is ours."""
        is_ours = self._thread is not None and inherited.get() is self._thread
        if is_ours and type(coroutine) is not Attendant:
            coroutine = Guest(self, coroutine)
        return create(coroutine, **more)

    @contextmanager
    def lent(self, waker: Any) -> Iterator[None]:
        """Have what is polled for a `with` block wake `waker`, which is no task."""
        thread = self._thread
        assert thread is not None
        with threads.on(thread):
            thread.waker, thread.budget = waker, BUDGET
            try:
                yield
            finally:
                thread.waker = None

    def _is_quiet(self, main: Main) -> bool:
        assert self._loop is not None
        if any(attendant.is_ready() for attendant in self._attended.values()):
            return False
        return super()._is_quiet(main) and not may_wake(self._loop, main.thread)

    async def _end(self, main: Main) -> None:
        """Drop what is left while its loop still runs; no step, alarm or thread is left on it."""
        self._end_main()
        end(self._os_threads, self._fatal or sys.exception())
        with threads.on(self._thread):
            main.drop()
            drop_tasks(self, main.thread)
        left = [attendant.stop() for attendant in self._attended.values()]
        if left:
            await asyncio.wait(left)
        if self._alarm is not None:
            self._alarm.cancel()
        self._loop = None


async def arun(
    main: Any, on: AsyncioLoop | None = None, level: str | Level = "trace",
    polls: int = 1_000_000, records: int = RECORDS, filter: Any = None,
) -> Trace:  # fmt: skip
    """Run a main future on the loop that runs already, and give the trace.

    This is `run` for a notebook cell or an async program: `await arun(main())`. It needs no patch
    of the loop. Several may run side by side, each with a thread and a stack of its own.
    """
    runtime = AsyncioLoop() if on is None else on
    future = into_future(main, "arun()")
    recorder = Recorder(level, runtime.clock, records, filter)
    with closing(future), runtime.owned(), recorder.installed():
        runtime.begin(polls)
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
