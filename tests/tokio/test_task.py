"""Spawned tasks: when they run, how they end, and what their handles give."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Future,
    FutureReused,
    JoinError,
    JoinHandle,
    OsThreads,
    Pending,
    Span,
    Trace,
    VirtualThreads,
    info,
    info_span,
    join,
    pending,
    run,
    select,
    sleep,
    spawn,
    spawn_blocking,
    threads,
    yield_now,
)
from spanlab.record import PollEnded, PollStarted, TaskAborted, TaskFinished, TaskSpawned


def told(trace: Trace) -> list[str]:
    """Give each event with its scope: `message[leaf<root]`."""
    return [f"{event.message}[{'<'.join(trace.scope(event))}]" for event in trace.events]


def ran(main: Any) -> str:
    """Run a main function on one thread and give what it logged."""
    return " ".join(event.message for event in run(main(), on=CurrentThread()).events)


def outcomes(trace: Trace) -> dict[int, str]:
    return {record.finished: record.outcome for record in trace.of(TaskFinished)}


@contextmanager
def dropped(name: str) -> Iterator[None]:
    """Log `drop name` when the block is left, in whatever way."""
    try:
        yield
    finally:
        info(f"drop {name}")


async def say(name: str) -> str:
    info(name)
    return name


async def wait(name: str) -> None:
    with dropped(name):
        info(name)
        await pending()


async def panic() -> None:
    raise RuntimeError("boom")


# ---------------------------------------------------------------- spawn


def test_a_spawned_task_does_not_start_in_the_call() -> None:
    """It goes to the back of the queue."""

    async def main() -> None:
        spawn(say("task"))
        info("main")
        await yield_now()

    assert ran(main) == "main task"


@pytest.mark.parametrize("runtime", [CurrentThread, VirtualThreads], ids=str)
def test_a_spawned_task_starts_with_no_span(runtime: Any) -> None:
    """On any runtime, even on the same thread: the spawner's stack is not the task's."""

    async def main() -> None:
        with info_span("caller").enter():
            handle = spawn(say("task"))
            info("caller's own")
        await handle

    assert set(told(run(main(), on=runtime()))) == {"caller's own[caller]", "task[]"}


def test_an_instrumented_future_takes_its_span_along() -> None:
    """The span is on the task's stack because the future brings it."""

    async def main() -> None:
        with info_span("caller").enter():
            future = info_span("task").instrument(say("ev"))
        await spawn(future)

    assert told(run(main(), on=CurrentThread())) == ["ev[task<caller]"]


def test_instrumenting_the_handle_spans_only_the_waiting() -> None:
    """The blanket impl makes it compile; the task itself has no span."""

    async def main() -> None:
        await info_span("waiting").instrument(spawn(say("ev")))

    trace = run(main(), on=CurrentThread())
    assert told(trace) == ["ev[]"]
    assert [new.name for new in trace.spans.values()] == ["waiting"]


def test_tasks_are_numbered_from_one() -> None:
    """Each has the number of its handle, its function's name and its spawner."""

    async def main() -> Any:
        return [spawn(say("a")).id, spawn(say("b")).id]

    trace = run(main(), on=CurrentThread())
    assert trace.result == [1, 2]
    assert [(t.spawned, t.name, t.task) for t in trace.of(TaskSpawned)] == [
        (1, "say", 0),
        (2, "say", 0),
    ]


def test_a_task_may_spawn_tasks() -> None:
    """They queue behind what is there: p spawns c1 and c2, and q goes before them."""

    async def parent() -> None:
        spawn(say("c1"))
        spawn(say("c2"))
        info("p")

    async def main() -> None:
        first, second = spawn(parent()), spawn(say("q"))
        await first
        info("main1")
        await second
        info("main2")

    assert ran(main) == "p q c1 c2 main1 main2"


# ---------------------------------------------------------------- how a task ends


def test_await_gives_the_value() -> None:
    """The task's return value comes through its handle."""

    async def main() -> Any:
        return await spawn(say("a"))

    assert run(main(), on=CurrentThread()).result == "a"


def test_a_panic_becomes_a_join_error() -> None:
    """The runtime goes on; the handle raises, with the exception as the cause."""

    async def main() -> Any:
        with pytest.raises(JoinError, match='task 1 panicked with message "boom"') as caught:
            await spawn(panic())
        return caught.value

    trace = run(main(), on=CurrentThread())
    error = trace.result
    assert (error.is_panic(), error.is_cancelled()) == (True, False)
    assert isinstance(error.__cause__, RuntimeError)
    assert outcomes(trace) == {1: "panicked", 0: "ok"}


def test_a_panic_in_a_detached_task_is_nobodys_error() -> None:
    """The outcome is recorded, and nothing is raised."""

    async def main() -> None:
        spawn(panic())
        await yield_now()

    assert outcomes(run(main(), on=CurrentThread()))[1] == "panicked"


def test_a_panic_drops_the_future_inside_its_span() -> None:
    """Unwinding leaves block by block, then the span exits and closes."""

    async def task() -> None:
        with dropped("local"):
            await panic()

    async def main() -> None:
        handle = spawn(info_span("s").instrument(task()))
        with pytest.raises(JoinError):
            await handle
        info("joined")

    trace = run(main(), on=CurrentThread())
    assert told(trace) == ["drop local[s]", "joined[]"]
    kinds = [type(record).__name__ for record in trace.records]
    assert kinds.index("SpanClosed") < kinds.index("TaskFinished")


def test_what_a_panic_held_is_dropped_before_the_handle_wakes() -> None:
    """No traceback keeps a local of the task alive."""

    class Held:
        pass

    seen = []

    async def task() -> None:
        held = Held()
        seen.append(weakref.ref(held))
        await panic()

    async def main() -> Any:
        try:
            await spawn(task())
        except JoinError:
            return seen[0]()

    gc.disable()
    try:
        assert run(main(), on=CurrentThread()).result is None
    finally:
        gc.enable()


def test_the_future_is_dropped_before_its_waiter_runs() -> None:
    """A completed future goes at once, in the poll that completed it."""

    async def task() -> None:
        with dropped("local"):
            info("task")

    async def main() -> None:
        await spawn(info_span("s").instrument(task()))
        info("main")

    trace = run(main(), on=CurrentThread())
    assert told(trace) == ["task[s]", "drop local[s]", "main[]"]


# ---------------------------------------------------------------- handles


def test_dropping_the_handle_detaches() -> None:
    """The task goes on without it."""

    async def steps() -> None:
        info("one")
        await yield_now()
        info("two")

    async def main() -> None:
        handle = spawn(steps())
        await yield_now()
        del handle
        await yield_now()
        await yield_now()

    assert ran(main) == "one two"


def test_is_finished_turns_true_with_the_outcome() -> None:
    """Not when the task is spawned, nor when it is aborted."""

    async def main() -> Any:
        handle = spawn(wait("a"))
        seen = [handle.is_finished()]
        handle.abort()
        seen.append(handle.is_finished())
        await yield_now()
        return [*seen, handle.is_finished()]

    assert run(main(), on=CurrentThread()).result == [False, False, True]


def test_a_handle_can_be_awaited_in_another_task() -> None:
    """It is a future like any other, and may be moved."""

    async def waits(handle: JoinHandle[str]) -> str:
        return await handle

    async def main() -> Any:
        return await spawn(waits(spawn(say("a"))))

    assert run(main(), on=CurrentThread()).result == "a"


def test_handles_can_be_joined_and_selected() -> None:
    """The loser of a select is detached, not aborted."""

    async def later() -> None:
        await yield_now()
        info("later")

    async def main() -> Any:
        both = await join(spawn(say("a")), spawn(say("b")))
        index, _ = await select(spawn(later()), yield_now(), biased=True)
        await yield_now()
        return both, index

    trace = run(main(), on=CurrentThread())
    assert trace.result == (("a", "b"), 1)
    assert [event.message for event in trace.events] == ["a", "b", "later"]


# ---------------------------------------------------------------- abort


def test_abort_drops_the_future_one_queue_turn_later() -> None:
    """Between a task queued before and one queued after (c, drop a, d)."""

    async def main() -> None:
        handle = spawn(wait("a"))
        await yield_now()
        spawn(say("c"))
        handle.abort()
        spawn(say("d"))
        info("aborted")
        await yield_now()

    assert ran(main) == "a aborted c drop a d"


def test_an_aborted_future_is_dropped_inside_its_span() -> None:
    """The drop belongs to the task's span, and the span closes (V10)."""

    async def main() -> None:
        handle = spawn(info_span("ab").instrument(wait("a")))
        await yield_now()
        with info_span("aborter").enter():
            handle.abort()
            info("still here")
        await yield_now()

    trace = run(main(), on=CurrentThread())
    assert told(trace) == ["a[ab]", "still here[aborter]", "drop a[ab]"]


def test_awaiting_an_aborted_task_raises_cancelled() -> None:
    """The error is no panic and has no cause."""

    async def main() -> Any:
        handle = spawn(pending())
        handle.abort()
        with pytest.raises(JoinError, match="task 1 was cancelled") as caught:
            await handle
        return caught.value

    trace = run(main(), on=CurrentThread())
    assert (trace.result.is_panic(), trace.result.is_cancelled()) == (False, True)
    assert outcomes(trace)[1] == "cancelled"


def test_a_task_aborted_before_its_first_poll_never_runs() -> None:
    """Its future is dropped unpolled."""

    async def main() -> None:
        spawn(say("never")).abort()
        await yield_now()
        info("end")

    assert ran(main) == "end"


def test_aborting_a_finished_task_changes_nothing() -> None:
    """Its value is there still."""

    async def main() -> Any:
        handle = spawn(say("a"))
        await yield_now()
        handle.abort()
        return await handle

    trace = run(main(), on=CurrentThread())
    assert trace.result == "a"
    assert trace.of(TaskAborted) == []


async def aborts_itself(handles: list[JoinHandle[Any]], awaits: bool) -> str:
    handles[0].abort()
    info("goes on")
    if awaits:
        await yield_now()
    info("end")
    return "value"


def test_a_task_that_aborts_itself_runs_on_to_its_next_await() -> None:
    """There it is dropped."""

    async def main() -> None:
        handles: list[JoinHandle[Any]] = []
        handles.append(spawn(aborts_itself(handles, awaits=True)))
        with pytest.raises(JoinError, match="cancelled"):
            await handles[0]

    assert ran(main) == "goes on"


def test_a_task_that_aborts_itself_and_ends_is_ok() -> None:
    """Ready wins over the abort."""

    async def main() -> Any:
        handles: list[JoinHandle[Any]] = []
        handles.append(spawn(aborts_itself(handles, awaits=False)))
        return await handles[0]

    trace = run(main(), on=CurrentThread())
    assert trace.result == "value"
    assert outcomes(trace)[1] == "ok"


def test_a_task_aborted_in_its_poll_is_dropped_before_others_run() -> None:
    """Inside its span and within the poll, as the real crates do it; its joiner wakes last."""

    async def main() -> None:
        handles: list[JoinHandle[Any]] = []
        task = aborts_itself(handles, awaits=True)
        handles.append(spawn(info_span("ab").instrument(task)))
        del task
        spawn(say("other"))
        with pytest.raises(JoinError, match="cancelled"):
            await handles[0]

    kinds = [row[0] for row in run(main(), on=CurrentThread()).rows if row[3] == 1]
    in_the_poll = ["enter", "abort", "event", "exit", "dropped", "enter", "exit", "close"]
    assert kinds == ["poll", *in_the_poll, "polled", "finish", "wake"]


def test_abort_twice_is_abort_once() -> None:
    """The second one finds the task marked."""

    async def main() -> None:
        handle = spawn(pending())
        handle.abort()
        handle.abort()
        await yield_now()

    assert len(run(main(), on=CurrentThread()).of(TaskAborted)) == 1


# ---------------------------------------------------------------- how a poll ends


async def panics() -> None:
    raise RuntimeError("on purpose")


async def panics_when_dropped() -> None:
    try:
        await pending()
    finally:
        await panics()


async def holds_a_guard() -> None:
    with info_span("held").enter():
        await yield_now()


async def waits_for_another_library() -> None:
    await asyncio.sleep(0)


async def misuses() -> None:
    sleep(-1)


async def is_interrupted() -> None:
    raise KeyboardInterrupt


async def does_nothing() -> None:
    """End at once."""


async def spawned(task: Any, *, abort: bool) -> None:
    handle = spawn(task())
    await yield_now()
    if abort:
        handle.abort()
    with suppress(JoinError):
        await handle


async def leaves(task: Any) -> None:
    spawn(task())
    await yield_now()


async def spawns_what_aborts_itself(awaits: bool) -> None:
    handles: list[JoinHandle[Any]] = []
    handles.append(spawn(aborts_itself(handles, awaits)))
    with suppress(JoinError):
        await handles[0]


async def drops_a_branch() -> None:
    await select(spawn(pending()), yield_now())


ENDINGS = {
    "value": lambda: spawned(does_nothing, abort=False),
    "panic": lambda: spawned(panics, abort=False),
    "aborted between two polls": lambda: spawned(pending, abort=True),
    "aborted before its first poll": lambda: spawns_and_aborts(),
    "aborted in a poll that waits": lambda: spawns_what_aborts_itself(awaits=True),
    "aborted in a poll that ends": lambda: spawns_what_aborts_itself(awaits=False),
    "panic in the drop": lambda: spawned(panics_when_dropped, abort=True),
    "dropped by the runtime": lambda: leaves(pending),
    "panic when dropped by the runtime": lambda: leaves(panics_when_dropped),
    "not Send": lambda: spawned(holds_a_guard, abort=False),
    "foreign": lambda: spawned(waits_for_another_library, abort=False),
    "misuse": lambda: spawned(misuses, abort=False),
    "interrupt": lambda: spawned(is_interrupted, abort=False),
    "detached": drops_a_branch,
    "panic of the main future": panics,
    "misuse of the main future": misuses,
    "the main future waits for nothing": pending,
}


async def spawns_and_aborts() -> None:
    spawn(does_nothing()).abort()


RUNTIMES = [CurrentThread, VirtualThreads, OsThreads, AsyncioLoop]


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.__name__)
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_poll_has_one_end(ending: str, runtime: Any) -> None:
    """In whatever way it ends; on each thread one poll follows the other."""
    try:
        trace = run(ENDINGS[ending](), on=runtime())
    except BaseException as error:
        trace = error.trace  # type: ignore[attr-defined]
    polled: dict[int, int | None] = {}
    for record in trace.records:
        if isinstance(record, PollStarted):
            assert record.thread not in polled
            polled[record.thread] = record.task
        elif isinstance(record, PollEnded):
            assert polled.pop(record.thread) == record.task
    assert trace.of(PollStarted)
    assert not polled


# ---------------------------------------------------------------- blocking


@pytest.mark.parametrize("runtime", [CurrentThread, VirtualThreads], ids=str)
def test_blocking_code_runs_on_a_thread_of_its_own_without_a_span(runtime: Any) -> None:
    """The pool's thread has an empty stack."""

    async def main() -> Any:
        with info_span("caller").enter():
            handle = spawn_blocking(lambda: info("ev") or 42)
        return await handle

    trace = run(main(), on=runtime())
    assert trace.result == 42
    assert told(trace) == ["ev[]"]
    assert trace.events[0].thread == max(trace.threads)


def test_a_span_can_be_taken_along_into_blocking_code() -> None:
    """Captured outside and entered inside."""

    async def main() -> None:
        with info_span("caller").enter():
            span = Span.current()
            handle = spawn_blocking(lambda: span.in_scope(lambda: info("ev")))
        await handle

    assert told(run(main(), on=CurrentThread())) == ["ev[caller]"]


def test_a_panic_in_blocking_code_is_a_join_error() -> None:
    """As in a task."""

    def panics() -> None:
        raise RuntimeError("boom")

    async def main() -> None:
        with pytest.raises(JoinError, match="panicked"):
            await spawn_blocking(panics)

    run(main(), on=CurrentThread())


def test_an_idle_thread_of_the_pool_is_used_again() -> None:
    """One after the other they need one thread."""

    async def main() -> None:
        for _ in range(3):
            await spawn_blocking(lambda: info("ev"))

    trace = run(main(), on=CurrentThread())
    assert {event.thread for event in trace.events} == {2}


async def twice_spawned(work: Any) -> None:
    spawn(work)
    spawn(work)


async def twice_joined(work: Any) -> None:
    spawn(work)
    await join(work, sleep(0))


async def twice_instrumented(work: Any) -> None:
    info_span("a").instrument(work)
    await info_span("b").instrument(work)


async def awaited_after_select(work: Any) -> None:
    await select(sleep(0), work, biased=True)
    await work


async def spawned_after_its_end(work: Any) -> None:
    await work
    spawn(work)


async def awaited_before_its_task(work: Any) -> None:
    handle = spawn(work)
    await work
    await handle


GIVEN_TWICE = [
    twice_spawned, twice_joined, twice_instrumented, awaited_after_select, spawned_after_its_end,
    awaited_before_its_task,
]  # fmt: skip


@pytest.mark.parametrize("program", GIVEN_TWICE)
def test_a_future_is_given_away_once(program: Any) -> None:
    """The second use is an error that says so, whoever had it first."""

    async def work() -> None:
        pass

    for runtime in (CurrentThread(), VirtualThreads(2), OsThreads(2)):
        for make in (work, lambda: info_span("work").instrument(work())):
            with pytest.raises(FutureReused, match="A future is moved, not copied"):
                run(program(make()), on=runtime)


@pytest.mark.parametrize("program", GIVEN_TWICE[:4])
def test_any_future_is_given_away_once(program: Any) -> None:
    """A handle as well, which says itself that it was awaited."""

    async def main(work: Any) -> None:
        await program(work())

    for work in (lambda: spawn(sleep(0)), lambda: sleep(0), yield_now, lambda: join(sleep(0))):
        with pytest.raises(FutureReused, match="needs a future of its own, got '"):
            run(main(work), on=CurrentThread())


def test_a_handle_of_an_ended_task_is_given_away_once_too() -> None:
    """It has its value at once, and still belongs to whom it was given."""

    async def main() -> None:
        handle = spawn(yield_now())
        await sleep(0.01)
        assert handle.is_finished()
        await select(sleep(0), handle, biased=True)
        await handle

    with pytest.raises(FutureReused, match="await needs a future of its own, got 'JoinHandle'"):
        run(main(), on=CurrentThread())


def test_a_dropped_handle_wakes_nobody() -> None:
    """Who polled it once and dropped it is not polled again when the task ends."""

    class PollsOnce(Future[None]):
        polls = 0

        def poll(self) -> Pending | None:
            self.polls += 1
            if self.polls == 1:
                spawn(sleep(0.001)).send(None)  # and drop it
                threads.local.thread.waker.runtime.timer(50, threads.local.thread.waker)
                return Pending("the clock")
            return None if threads.local.thread.runtime.now() >= 50_000_000 else Pending("more")

    async def main() -> int:
        future = PollsOnce()
        await future
        return future.polls

    assert run(main(), on=CurrentThread()).result == 2
