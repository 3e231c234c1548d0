"""What lessons vary and ask in exercises, in spanlab: each function gives the `main` of one.

Read each beside the Rust file of its name.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from time import sleep
from typing import Any

from spanlab import (
    JoinSet,
    LocalSet,
    Span,
    debug_span,
    in_current_span,
    info,
    info_span,
    instrument,
    join,
    mpsc,
    oneshot,
    spawn,
    spawn_blocking,
    spawn_local,
    spawn_thread,
    yield_now,
)

Main = Coroutine[Any, Any, None]


def spawning(sub_task: Callable[[], Any]) -> Main:
    """Give a `main` whose `work` spawns what `sub_task` makes."""

    @instrument
    async def work():
        info("starting work")
        tasks = JoinSet()
        tasks.spawn(sub_task())
        while await tasks.join_next():
            pass

    async def main():
        info("in main")
        await work()

    return main()


def limited(future):
    info("setting a limit")
    return future


async def ordered(mail: Callable[[Any], Any]) -> None:
    """Take two orders; `mail` is what is done to the future of a mail."""

    async def send_mail():
        info("mail sent")

    @instrument
    async def request(id):
        info("order taken")
        await spawn(mail(send_mail()))
        info("order done")

    await join(request(7), request(8))


async def service() -> None:
    await ordered(lambda future: future)


async def service_fixed() -> None:
    await ordered(in_current_span)


async def mail_root() -> None:
    await ordered(lambda future: info_span("mail", parent=None).instrument(future))


async def mail_linked() -> None:
    def linked(future):
        span = info_span("mail", parent=None)
        span.follows_from(Span.current())
        return span.instrument(future)

    await ordered(linked)


def expanded_block() -> Main:
    def sub_task():
        info("making sub task")

        async def expanded():
            span = info_span("sub_task")

            async def block():
                info("performing task")

            await span.instrument(block())

        return expanded()

    return spawning(sub_task)


async def nested_exercise() -> None:
    with info_span("one").entered():
        info("a")
        with info_span("two").entered():
            info("b")
        info("c")
    with info_span("two").entered():
        info("d")


async def made_before() -> None:
    inner = info_span("inner")
    with info_span("outer").enter(), inner.enter():
        info("in inner")


async def rewrite_shapes() -> None:
    async def call_and_poll(maker):
        future = info_span("caller").in_scope(maker)
        await info_span("poller").instrument(future)

    async def perform():
        info("performing task")

    @instrument(name="sub_task")
    def block_last():
        info("making sub task")

        async def task():
            info("performing task")

        return task()

    @instrument(name="sub_task")
    def bound_first():
        info("making sub task")

        async def task():
            info("performing task")

        fut = task()
        return fut  # noqa: RET504 (the name is the point)

    @instrument(name="sub_task")
    def in_a_call():
        info("making sub task")

        async def task():
            info("performing task")

        return limited(task())

    @instrument(name="sub_task")
    def async_call():
        info("making sub task")
        return perform()

    @instrument(name="sub_task")
    async def async_fn():
        info("making sub task")
        await perform()

    for maker in (block_last, bound_first, in_a_call, async_call, async_fn):
        await call_and_poll(maker)


def rewrite_exercise() -> Main:
    @instrument
    def sub_task():
        info("making sub task")

        async def block():
            async def task():
                info("performing task")

            await limited(task())

        return block()

    return spawning(sub_task)


def guard_in_future() -> Main:
    def sub_task():
        info("making sub task")

        async def task():
            with info_span("sub_task").entered():
                info("performing task")

        return task()

    return spawning(sub_task)


def guard_dropped_at_once() -> Main:
    def sub_task():
        with info_span("sub_task").entered():
            pass
        info("making sub task")

        async def task():
            info("performing task")

        return task()

    return spawning(sub_task)


async def guard_around_spawn() -> None:
    @instrument
    async def work():
        info("starting work")
        tasks = JoinSet()
        with info_span("spawning").entered():
            tasks.spawn(sub_task())
        while await tasks.join_next():
            pass

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    info("in main")
    await work()


async def guard_around_join() -> None:
    @instrument
    async def work():
        info("starting work")
        tasks = JoinSet()
        with info_span("spawning").entered():
            tasks.spawn(sub_task())
            while await tasks.join_next():
                pass

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    info("in main")
    await work()


def by_hand_exercise() -> Main:
    def sub_task():
        span = info_span("sub_task")
        span.in_scope(lambda: info("making sub task"))

        async def task():
            with span.enter():
                info("performing task")

        return task()

    return spawning(sub_task)


async def lazy_exercise() -> None:
    @instrument
    async def make():
        info("in make")
        return sub_task()

    @instrument(skip_all=True)
    async def use_it(future):
        info("in use_it")
        await future

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    future = await make()
    await use_it(future)


async def handle_returned() -> None:
    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    @instrument
    async def work():
        info("starting work")
        return spawn(sub_task())

    info("in main")
    handle = await work()
    await handle


async def spawn_exercise() -> None:
    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    @instrument
    async def job():
        await sub_task()

    @instrument
    async def work():
        info("starting work")
        await spawn(job())

    info("in main")
    await work()


async def work_spawned() -> None:
    @instrument
    async def work():
        info("starting work")
        await sub_task("first")
        await spawn(sub_task("second"))

    async def sub_task(which):
        info(f"performing {which}")

    info("in main")
    await spawn(work())


async def moving() -> None:
    @instrument
    async def work(n: int):
        info("starting work")
        sleep(0.005)
        await yield_now()
        info("going on")

    tasks = JoinSet()
    for n in range(1, 4):
        tasks.spawn(work(n))
    while await tasks.join_next():
        pass


async def thread_exercise() -> None:
    @instrument
    async def day():
        later = note("a")
        await spawn(night(later))
        await spawn(note("b"))
        await night(note("c"))
        await note("d")

    @instrument(skip_all=True)
    async def night(future):
        await future

    async def note(text):
        info(text)

    await day()


async def six_ways() -> None:
    async def task(way):
        info(way)

    @instrument(skip_all=True)
    async def named(way):
        info(way)

    async def inside(way):
        await in_current_span(task(way))

    @instrument
    async def work():
        await spawn(in_current_span(task("in_current_span")))
        await spawn(named("async fn"))
        await spawn(in_current_span(named("async fn, in_current_span")))
        await spawn(inside("captured inside"))
        await spawn(debug_span("carried").instrument(task("debug_span")))
        await spawn(debug_span("carried").or_current().instrument(task("or_current")))

    await work()


async def made_in_main() -> None:
    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    @instrument(skip_all=True)
    async def work(span):
        info("starting work")
        await spawn(span.instrument(sub_task()))

    info("in main")
    await work(info_span("spawned sub_task"))


async def polled_twice() -> None:
    async def sub_task():
        info("first poll")
        await yield_now()
        info("second poll")

    @instrument
    async def work():
        await spawn(info_span("spawned sub_task").instrument(sub_task()))

    await work()


async def carried_exercise() -> None:
    async def perform():
        info("performing task")

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                await perform()

            return in_current_span(task())

    @instrument
    async def work():
        info("starting work")
        await spawn(sub_task())

    await work()


async def joinset_exercise() -> None:
    @instrument
    async def fetch():
        info("fetching")

    @instrument
    async def store():
        info("storing")

    async def run_both(first, second):
        tasks = JoinSet()
        tasks.spawn(first)
        tasks.spawn(second)
        while await tasks.join_next():
            pass
        info("both are done")

    @instrument
    async def work():
        info("starting work")
        await run_both(in_current_span(fetch()), in_current_span(store()))

    await work()


async def guarded_pair() -> None:
    async def guarded(span, name):
        with span.enter():
            await yield_now()
            info(name)

    @instrument
    async def work():
        tasks = JoinSet()
        tasks.spawn(guarded(info_span("first"), "task 1"))
        tasks.spawn(guarded(info_span("second"), "task 2"))
        while await tasks.join_next():
            pass

    await work()


async def guarded_longer() -> None:
    async def guarded(span, name):
        with span.enter():
            await yield_now()
            info(name)
            await yield_now()

    @instrument
    async def work():
        tasks = JoinSet()
        tasks.spawn(guarded(info_span("first"), "task 1"))
        tasks.spawn(guarded(info_span("second"), "task 2"))
        while await tasks.join_next():
            pass

    await work()


async def instrumented_pair() -> None:
    async def perform(name):
        await yield_now()
        info(name)

    @instrument
    async def work():
        tasks = JoinSet()
        tasks.spawn(info_span("first").instrument(perform("task 1")))
        tasks.spawn(info_span("second").instrument(perform("task 2")))
        while await tasks.join_next():
            pass

    await work()


async def guilty() -> None:
    with info_span("guilty").enter():
        info("before")
        await yield_now()
        info("after")


async def innocent() -> None:
    info("innocent")


async def beside(first: Any, second: Any) -> None:
    tasks = [spawn(first), spawn(second)]
    for task in tasks:
        await task


async def guard_adopts() -> None:
    await beside(guilty(), instrument(innocent)())


async def guard_attribute() -> None:
    @instrument(name="guilty")
    async def attributed():
        info("before")
        await yield_now()
        info("after")

    await beside(attributed(), innocent())


async def guard_in_main() -> None:
    with info_span("guilty").entered():
        await spawn(innocent())


async def send() -> None:
    await yield_now()
    info("sending")


async def heartbeat() -> None:
    info("heartbeat")


async def guard_local() -> None:
    async def both():
        tasks = [spawn_local(owned()), spawn_local(innocent())]
        for task in tasks:
            await task

    async def owned():
        with info_span("guilty").entered():
            info("before")
            await yield_now()
            info("after")

    await LocalSet().run_until(both())


async def guard_upload() -> None:
    async def upload():
        with info_span("upload").enter():
            info("packing")
            await spawn(send())
            info("done")

    await beside(upload(), heartbeat())


async def guard_exercise() -> None:
    @instrument
    async def upload():
        info("packing")
        await spawn(in_current_span(send()))
        info("done")

    await beside(upload(), heartbeat())


def perform(way: str = "performing task") -> None:
    info(way)


async def leaving() -> None:
    @instrument
    async def work():
        info("starting work")
        perform("called")
        await spawn_blocking(lambda: perform("blocking"))
        spawn_thread(lambda: perform("own thread")).join()
        info("going on")

    info("in main")
    await work()


async def blocking_one_thread() -> None:
    @instrument
    async def work():
        info("starting work")
        await spawn_blocking(perform)

    await work()


async def blocking_handle() -> None:
    @instrument
    async def work():
        info("starting work")
        await info_span("waiting").instrument(spawn_blocking(perform))

    info("in main")
    await work()


async def three_threads() -> None:
    def start(n: int):
        info(f"start {n}")
        span = Span.current()
        return spawn_thread(lambda: span.in_scope(lambda: job(n)))

    def job(n: int):
        info(f"begin {n}")
        sleep(0.001)
        info(f"end {n}")

    @instrument
    async def work():
        for thread in [start(n) for n in (1, 2, 3)]:
            thread.join()
        info("all done")

    await work()


async def threads_exercise() -> None:
    @instrument
    async def report():
        info("starting report")
        span = Span.current()
        await spawn_blocking(lambda: span.in_scope(render))
        info("report is done")

    def render():
        info("rendering")
        span = info_span("compress")
        spawn_thread(lambda: span.in_scope(compress)).join()

    def compress():
        info("compressing")

    await report()


async def asyncio_spawned() -> None:
    @instrument
    async def work():
        info("starting work")
        await spawn(sub_task())

    def sub_task():
        with info_span("sub_task").entered():
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    info("in main")
    await work()


async def ported_exercise() -> None:
    async def fetch():
        info("fetching")

    async def audit():
        info("auditing")

    async def load():
        fetching = spawn(in_current_span(fetch()))
        await yield_now()
        info("loading")
        await fetching

    @instrument
    async def request():
        auditing = spawn(audit())
        await info_span("load").instrument(load())
        await auditing

    await request()


@instrument(skip=["tx", "more"])
async def request(id, tx, *more):
    info("order taken")
    reply, answer = oneshot.channel()
    await tx.send((id, reply, *(get() for get in more)))
    await answer
    info("order done")


async def deliver(id):
    info(f"mail {id} sent")


async def two_requests(mailer: Callable[[Any], Any], *more: Callable[[], Any]) -> None:
    """Take two orders; `more` is what a message has besides the order and the reply."""
    tx, inbox = mpsc.channel(8)
    spawn(mailer(inbox))
    await request(7, tx, *more)
    await request(8, tx, *more)


@instrument(skip_all=True, name="mailer")
async def bare_mailer(inbox):
    while job := await inbox.recv():
        id, reply = job
        info(f"mail {id} sent")
        reply.send("sent")


async def mailer() -> None:
    await two_requests(bare_mailer)


async def mailer_carried() -> None:
    @instrument(skip_all=True)
    async def mailer(inbox):
        while job := await inbox.recv():
            id, reply, span = job
            await span.instrument(deliver(id))
            reply.send("sent")

    await two_requests(mailer, Span.current)


async def mailer_asks() -> None:
    @instrument(skip_all=True)
    async def mailer(inbox):
        while job := await inbox.recv():
            id, reply = job
            span = Span.current()
            await span.instrument(deliver(id))
            reply.send("sent")

    await two_requests(mailer)


async def mailer_in_first() -> None:
    @instrument(skip=["mailers"])
    async def request(id, mailers):
        info("order taken")
        if not mailers:
            tx, inbox = mpsc.channel(8)
            spawn(in_current_span(bare_mailer(inbox)))
            mailers.append(tx)
        reply, answer = oneshot.channel()
        await mailers[0].send((id, reply))
        await answer
        info("order done")

    mailers = list[Any]()
    await request(7, mailers)
    await request(8, mailers)


async def mailer_batch() -> None:
    @instrument(skip_all=True)
    async def mailer(inbox):
        batch = info_span("round", parent=None)
        batch.follows_from(await inbox.recv())
        batch.follows_from(await inbox.recv())
        await batch.instrument(deliver())

    async def deliver():
        info("two mails sent")

    @instrument(skip=["tx"])
    async def request(id, tx):
        info("order taken")
        await tx.send(Span.current())

    tx, inbox = mpsc.channel(8)
    sent = spawn(mailer(inbox))
    await request(7, tx)
    await request(8, tx)
    await sent


async def message_exercise() -> None:
    async def pack():
        info("parcel packed")

    @instrument(skip_all=True)
    async def order(to_packer):
        info("order taken")
        reply, answer = oneshot.channel()
        await to_packer.send((reply, Span.current()))
        await answer
        info("order done")

    async def packer(inbox, labels):
        while job := await inbox.recv():
            await job[1].instrument(pack())
            labels.put(job)

    def printer(labels):
        while job := labels.get():
            reply, span = job
            with span.enter(), info_span("label").enter():
                info("label printed")
            reply.send("printed")

    to_packer, inbox = mpsc.channel(8)
    labels = SimpleQueue[Any]()
    thread = spawn_thread(lambda: printer(labels))
    spawn(packer(inbox, labels))
    await order(to_packer)
    labels.put(None)
    thread.join()


PROGRAMS = (
    service, service_fixed, mail_root, mail_linked, expanded_block,
    nested_exercise, made_before, rewrite_shapes, rewrite_exercise, guard_in_future,
    guard_dropped_at_once, guard_around_spawn, guard_around_join, by_hand_exercise,
    lazy_exercise,
    handle_returned, spawn_exercise, work_spawned, moving, thread_exercise,
    six_ways, made_in_main, polled_twice, carried_exercise, joinset_exercise,
    guarded_pair, guarded_longer, instrumented_pair,
    guard_adopts, guard_attribute, guard_in_main, guard_local, guard_upload, guard_exercise,
    leaving, blocking_one_thread, blocking_handle, three_threads, threads_exercise,
    ported_exercise,
    mailer, mailer_carried, mailer_asks, mailer_in_first, mailer_batch, message_exercise,
)  # fmt: skip
ON_ONE_THREAD = (
    service, service_fixed, mail_root, mail_linked,
    thread_exercise, guarded_pair, guarded_longer, instrumented_pair, guard_adopts,
    guard_attribute, guard_in_main, guard_local, guard_upload, guard_exercise,
    blocking_one_thread,
    ported_exercise,
    mailer, mailer_carried, mailer_asks, mailer_in_first, mailer_batch, message_exercise,
)  # fmt: skip
ON_ASYNCIO = (asyncio_spawned,)  # recorded by witness.py, with the spans in the context
