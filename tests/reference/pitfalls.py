"""The pitfalls: what a reader sees, what did it, and `src/bin/pitfall_*.rs` once more, in spanlab.

Read each function beside the Rust file of its name. A `Drop` that logs there is a `finally` here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import cache
from queue import SimpleQueue
from typing import Any, NamedTuple

from spanlab import (
    Display,
    JoinError,
    JoinSet,
    Span,
    UsageError,
    block,
    debug_span,
    error,
    in_current_span,
    info,
    info_span,
    instrument,
    mpsc,
    pending,
    select,
    spawn,
    spawn_thread,
    trace_span,
    yield_now,
)


async def sub_task() -> None:
    info("performing task")


@instrument(name="work")
async def spawned() -> None:
    await spawn(sub_task())


@instrument(name="work")
async def spawned_fixed() -> None:
    await spawn(in_current_span(sub_task()))


@instrument(name="work")
async def join_set() -> None:
    tasks = JoinSet()
    tasks.spawn(sub_task())
    await tasks.join_next()


@instrument(name="work")
async def join_set_fixed() -> None:
    tasks = JoinSet()
    tasks.spawn(in_current_span(sub_task()))
    await tasks.join_next()


@instrument(name="work")
async def captured_inside() -> None:
    async def task():
        await in_current_span(sub_task())

    await spawn(task())


@instrument(name="work")
async def handle() -> None:
    span = info_span("task")
    await span.instrument(spawn(sub_task()))


@instrument(name="work")
async def handle_fixed() -> None:
    span = info_span("task")
    await spawn(span.instrument(sub_task()))


@instrument(name="work")
async def disabled_span() -> None:
    span = debug_span("task")
    await spawn(span.instrument(sub_task()))


@instrument(name="work")
async def disabled_span_fixed() -> None:
    span = debug_span("task").or_current()
    await spawn(span.instrument(sub_task()))


def stale_entry() -> None:
    outer = info_span("outer")
    with outer.enter():
        request = info_span("request")
        guard = request.enter()
        info("in request")
        spawn_thread(guard.exit).join()
        info("the entry stays")
        del request, guard
        info("the entry hides outer")


def closed_entry() -> None:
    outer = info_span("outer")
    with outer.enter():
        request = info_span("request")
        guard = request.enter()
        spawn_thread(guard.exit).join()
        Span.current().in_scope(lambda: info("before the close"))
        del request, guard
        Span.current().in_scope(lambda: info("after the close"))


def closed_entry_fixed() -> None:
    outer = info_span("outer")
    with outer.enter():
        request = info_span("request")
        request.in_scope(lambda: info("before the close"))
        spawn_thread(lambda span=request: span.in_scope(lambda: None)).join()
        del request
        Span.current().in_scope(lambda: info("after the close"))


async def unstable() -> None:
    async def task():
        info("in task")

    place = {"loc.file": "src/bin/pitfall_unstable.rs", "loc.line": 12, "loc.col": 49}
    fields = {"kind": Display("task"), "task.name": Display(""), "task.id": 2, "size.bytes": 1}
    made = trace_span("runtime.spawn", target="tokio::task", parent=None, **fields, **place)
    await info_span("work").in_scope(lambda: spawn(made.instrument(task())))


async def unstable_fixed() -> None:
    await unstable()


def disabled_parent() -> None:
    with info_span("request").enter():
        detail = debug_span("detail")
        step = info_span("step", parent=detail)
        step.in_scope(lambda: info("in step"))


def disabled_parent_fixed() -> None:
    with info_span("request").enter():
        detail = debug_span("detail").or_current()
        step = info_span("step", parent=detail)
        step.in_scope(lambda: info("in step"))


def follows_from() -> None:
    request = info_span("request")
    cleanup = info_span("cleanup", parent=None)
    cleanup.follows_from(request)
    del request
    cleanup.in_scope(lambda: info("cleaning up"))


def follows_from_fixed() -> None:
    request = info_span("request")
    cleanup = info_span("cleanup", parent=request)
    del request
    cleanup.in_scope(lambda: info("cleaning up"))


async def connection() -> None:
    await yield_now()
    info("connection closed")


async def closes_late() -> None:
    @instrument
    def request():
        info("serving")
        return spawn(in_current_span(connection()))

    background = request()
    info("response sent")
    await background


async def closes_late_fixed() -> None:
    @instrument
    def request():
        info("serving")
        span = info_span("connection", parent=None)
        return spawn(span.instrument(connection()))

    background = request()
    info("response sent")
    await background


async def still_working() -> None:
    info("still working")


async def child_outlives() -> None:
    @instrument
    def request():
        span = info_span("child")
        return spawn(span.instrument(still_working()))

    child = request()
    info("request has returned")
    await child


async def child_outlives_fixed() -> None:
    @instrument
    def request():
        span = info_span("child", parent=None)
        span.follows_from(Span.current())
        return spawn(span.instrument(still_working()))

    child = request()
    info("request has returned")
    await child


async def log_in_drop() -> None:
    async def request():
        try:
            span = info_span("request")
            await span.instrument(pending())
        finally:
            info("cleaning up")

    task = spawn(request())
    await yield_now()
    task.abort()
    with suppress(JoinError):
        await task


async def log_in_drop_fixed() -> None:
    async def request():
        try:
            await pending()
        finally:
            info("cleaning up")

    span = info_span("request")
    task = spawn(span.instrument(request()))
    del span
    await yield_now()
    task.abort()
    with suppress(JoinError):
        await task


async def cancelled() -> None:
    @instrument(ret=True)
    async def slow():
        info("begun")
        await pending()
        info("done")

    winner, _ = await select(slow(), yield_now(), biased=True)
    if winner == 1:
        info("gave up")


async def cancelled_fixed() -> None:
    @instrument(ret=True)
    async def slow():
        try:
            info("begun")
            await pending()
            info("done")
        finally:
            info("ended")

    winner, _ = await select(slow(), yield_now(), biased=True)
    if winner == 1:
        info("gave up")


def none_in_scope() -> None:
    with info_span("request").enter():
        detached = Span.none()
        detached.in_scope(lambda: info("still in request"))


def none_in_scope_fixed() -> None:
    with info_span("request").enter():
        detached = info_span("detached", parent=None)
        detached.in_scope(lambda: info("not in request"))


def root_shown() -> None:
    with info_span("request").enter():
        info("detached", parent=None)


def json_spans() -> None:
    request = info_span("request")
    guard = request.enter()
    step = info_span("step")
    info("in step", parent=step)
    guard.exit()
    del step


def json_spans_fixed() -> None:
    request = info_span("request")
    guard = request.enter()
    step = info_span("step")
    step.in_scope(lambda: info("in step"))
    del step
    guard.exit()


def reentered() -> None:
    outer = info_span("outer")
    with outer.enter(), info_span("inner").enter():
        outer.in_scope(lambda: info("meant for outer"))


def reentered_fixed() -> None:
    outer = info_span("outer")
    with outer.enter(), info_span("inner").enter():
        info("meant for outer", parent=outer)


async def hard_work() -> None:
    info("hard work")


async def not_busy() -> None:
    @instrument
    async def request():
        child = info_span("child").instrument(hard_work())
        await spawn(child)

    await request()


async def not_busy_fixed() -> None:
    @instrument
    async def request():
        child = info_span("child").instrument(hard_work())
        await child

    await request()


def stolen_job() -> None:
    jobs = list[Callable[[], None]]()  # of the one thread of the pool

    def in_mine():
        jobs.append(lambda: info("a job of others"))
        jobs.pop()()  # a thread that waits runs what is there

    info_span("mine").in_scope(in_mine)


def stolen_job_fixed() -> None:
    jobs = list[Callable[[], None]]()

    def in_mine():
        theirs = info_span("theirs", parent=None)
        jobs.append(lambda: theirs.in_scope(lambda: info("a job of others")))
        jobs.pop()()

    info_span("mine").in_scope(in_mine)


class Service:
    @instrument(skip_all=True)
    async def call(self):
        info("as by default")


async def default_method() -> None:
    class Mine(Service):
        async def call(self):
            info("in my way")

    await Service().call()
    await Mine().call()


async def default_method_fixed() -> None:
    class Mine(Service):
        @instrument(skip_all=True)
        async def call(self):
            info("in my way")

    await Service().call()
    await Mine().call()


async def in_the_task() -> None:
    info("in the task")


async def scoped_subscriber() -> None:  # which is run with `scoped=True`
    info("in the test")
    await spawn(in_the_task())
    info("the task has ended")


async def scoped_subscriber_fixed() -> None:
    info("in the test")
    await spawn(in_the_task())
    info("the task has ended")


def moved_parent() -> None:
    request = info_span("request")
    id = request.id
    del request
    try:
        info_span("child", parent=id)
    except UsageError as panic:
        error(str(panic).splitlines()[-1])


def moved_parent_fixed() -> None:
    request = info_span("request")
    child = info_span("child", parent=request)
    child.in_scope(lambda: info("in child"))


async def actor() -> None:
    async def work(inbox):
        while n := await inbox.recv():
            info(f"handling {n}")

    @instrument(skip_all=True)
    async def request(sender):
        info("asking")
        await sender.send(1)

    sender, inbox = mpsc.channel(8)
    task = spawn(work(inbox))
    await request(sender)
    del sender
    await task


async def actor_fixed() -> None:
    async def handle(n):
        info(f"handling {n}")

    async def work(inbox):
        while message := await inbox.recv():
            n, span = message
            await span.instrument(handle(n))

    @instrument(skip_all=True)
    async def request(sender):
        info("asking")
        await sender.send((1, Span.current()))

    sender, inbox = mpsc.channel(8)
    task = spawn(work(inbox))
    await request(sender)
    del sender
    await task


def worker() -> None:
    def work():
        while n := inbox.get():
            info(f"executing {n}")

    @instrument
    def request():
        info("asking")
        inbox.put(1)

    inbox = SimpleQueue[int]()
    thread = spawn_thread(work)
    request()
    inbox.put(0)
    thread.join()


def worker_fixed() -> None:
    def work():
        while message := inbox.get():
            n, span = message
            with span.enter():
                info(f"executing {n}")

    @instrument
    def request():
        info("asking")
        inbox.put((1, Span.current()))

    inbox = SimpleQueue[tuple[int, Span] | None]()
    thread = spawn_thread(work)
    request()
    inbox.put(None)
    thread.join()


class Pool:
    def __init__(self):
        self.span = Span.current()

    def query(self, n: int):
        self.span.in_scope(lambda: info(f"query {n}"))


def cached() -> None:
    @cache
    def pool():
        return Pool()

    @instrument
    def request(n):
        pool().query(n)

    request(1)
    request(2)


def cached_fixed() -> None:
    class Pool:
        def query(self, n):
            info(f"query {n}")

    @cache
    def pool():
        return Pool()

    @instrument
    def request(n):
        pool().query(n)

    request(1)
    request(2)


async def body() -> AsyncIterator[int]:
    for n in range(2):
        info(f"chunk {n}")
        yield n


async def stream_body() -> None:
    @instrument
    async def handler():
        info("handling")
        return body()

    async for _ in await handler():
        pass


async def stream_body_fixed() -> None:
    @instrument
    async def handler():
        info("handling")
        return Span.current().instrument(body())

    async for _ in await handler():
        pass


async def guard_over_yield() -> None:
    async def numbers() -> AsyncIterator[int]:
        with info_span("numbers").enter():
            for n in range(2):
                info(f"produced {n}")
                yield n

    async for n in numbers():
        info(f"consumed {n}")


async def guard_over_yield_fixed() -> None:
    async def numbers() -> AsyncIterator[int]:
        span = info_span("numbers")
        for n in range(2):
            with span.enter():
                info(f"produced {n}")
            yield n

    async for n in numbers():
        info(f"consumed {n}")


def pool_holds() -> None:
    @instrument(skip_all=True)
    def request(n, pool):
        with block() as here:
            here.connection = pool.pop() if pool else Pool()
            here.connection.query(n)
            pool.append(here.connection)

    pool = list[Pool]()
    request(1, pool)
    info("answered")
    del pool


def pool_holds_fixed() -> None:
    class Connection(Pool):
        def __init__(self):
            self.span = info_span("connection", parent=None)

    @instrument(skip_all=True)
    def request(n, pool):
        with block() as here:
            here.connection = pool.pop() if pool else Connection()
            here.connection.query(n)
            pool.append(here.connection)

    pool = list[Connection]()
    request(1, pool)
    info("answered")
    del pool


def filter_cuts() -> None:
    info("listening", target="server")
    with info_span("request", target="server", n=1).enter():
        info("in my handler")


def filter_cuts_fixed() -> None:
    info("listening", target="server")
    with info_span("request", target="server::request", n=1).enter():
        info("in my handler")


def callback() -> None:
    queue = list[Callable[[], None]]()
    guard = info_span("trigger").entered()

    def called(guard=guard):
        info("in the callback")
        guard.exit()

    queue.append(called)
    del guard, called
    info("unrelated")
    queue.pop()()


def callback_fixed() -> None:
    queue = list[Callable[[], None]]()
    span = info_span("trigger")
    queue.append(lambda: span.in_scope(lambda: info("in the callback")))
    info("unrelated")
    queue.pop()()


SETTINGS: dict[str, dict[str, Any]] = {  # what a program is run with, if not at level INFO
    "unstable": {"level": "trace", "filter": "info,tokio::task=trace,tokio::task::waker=off"},
    "unstable_fixed": {"level": "trace", "filter": "info"},
    "filter_cuts": {"filter": "info,server=warn"},
    "filter_cuts_fixed": {"filter": "info,server=warn,server::request=info"},
    "scoped_subscriber": {"scoped": True},
}
PROGRAMS = (
    spawned, spawned_fixed, join_set, join_set_fixed, captured_inside, handle, handle_fixed,
    disabled_span, disabled_span_fixed,
    stale_entry, closed_entry, closed_entry_fixed, unstable, unstable_fixed,
    disabled_parent, disabled_parent_fixed, follows_from, follows_from_fixed,
    closes_late, closes_late_fixed, child_outlives, child_outlives_fixed, log_in_drop,
    log_in_drop_fixed, cancelled, cancelled_fixed, none_in_scope, none_in_scope_fixed, root_shown,
    json_spans, json_spans_fixed, reentered, reentered_fixed, not_busy, not_busy_fixed,
    stolen_job, stolen_job_fixed, default_method, default_method_fixed,
    scoped_subscriber, scoped_subscriber_fixed, moved_parent, moved_parent_fixed,
    actor, actor_fixed, worker, worker_fixed, cached, cached_fixed, stream_body, stream_body_fixed,
    guard_over_yield, guard_over_yield_fixed, pool_holds, pool_holds_fixed,
    filter_cuts, filter_cuts_fixed, callback, callback_fixed,
)  # fmt: skip


class Pitfall(NamedTuple):
    """A symptom as a reader would say it, the trap behind it, and where to read on.

    `programs` show the trap and `fixes` the way out; without programs spanlab cannot express it.
    """

    number: int
    symptom: str
    trap: str
    programs: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def addresses(self) -> list[str]:
        """Give the links in full; GitHub leads on from an issue's to a pull request's."""
        return [f"https://github.com/{link.replace('#', '/issues/')}" for link in self.links]


PITFALLS = (
    Pitfall(
        1, "My spawned task's events have no span",
        "A spawned task starts with an empty stack: the runtime polls it, not the spawner",
        ("pitfall_spawned", "spawned"), ("pitfall_spawned_fixed", "spawned_instrumented"),
        links=("tokio-rs/tracing#188", "modelcontextprotocol/rust-sdk#334",
               "nbari/pg_exporter#39", "0xMiden/node#1840"),
    ),
    Pitfall(
        2, "The tasks of my JoinSet have no parent",
        "A JoinSet spawns as `spawn` does, and so do the executors inside libraries",
        ("pitfall_join_set", "lost_parent"), ("pitfall_join_set_fixed", "joinset_instrumented"),
        links=("apache/datafusion#14547", "unionlabs/union#2981", "tokio-rs/tokio#2396"),
    ),
    Pitfall(
        3, "My events are in someone else's span",
        "A guard is held across an await: the span stays on the thread while others are polled",
        ("guilty_guard", "pitfall_stale_entry"), ("guard_instrumented", "guard_in_block"),
        links=("tokio-rs/tracing#2098", "near/nearcore#10663", "casper-network/casper-node#1135",
               "paritytech/jsonrpsee#834", "apache/opendal#7291", "rust-lang/rust-clippy#8722"),
    ),
    Pitfall(
        4, "It panics: tried to clone a span that already closed",
        "A guard that left its thread has left an entry behind, and its span closes meanwhile",
        ("pitfall_closed_entry",), ("pitfall_closed_entry_fixed",),
        links=("tokio-rs/tracing#3514", "tokio-rs/tracing#3567", "joaquinbejar/IronSBE#55",
               "element-hq/element-x-ios#5996", "cmu-sei/Polar#226"),
    ),
    Pitfall(
        5, "The function has its span, and its future has not, or the reverse",
        "On a plain `fn` the attribute covers the call, or only the async block at its very end",
        ("block_bound_first", "lost_parent", "shapes"), ("async_fn_in_current_span",),
        links=("tokio-rs/tracing#1863", "tokio-rs/tracing#1865", "tokio-rs/tracing#16",
               "tokio-rs/tracing#1296", "tokio-rs/tracing#1297"),
    ),
    Pitfall(
        6, "I called it inside a span, and its span is a root",
        "The span of an instrumented `async fn` is made at the first poll, not at the call",
        ("async_fn",), ("async_fn_in_current_span", "future_first"),
    ),
    Pitfall(
        7, "I attached the current span, and there still is none",
        "`Span::current()` is asked inside the task, where nothing is current",
        ("pitfall_captured_inside",), ("pitfall_spawned_fixed",),
    ),
    Pitfall(
        8, "I instrumented the spawn, and the task has no span",
        "`spawn(f).instrument(span)` is a span around the handle, which only waits",
        ("pitfall_handle",), ("pitfall_handle_fixed",),
        links=("svix/diom#304",),
    ),
    Pitfall(
        9, "Blocking code and my own threads have no span",
        "Every thread has a stack of its own, and a new one begins empty",
        ("blocking", "own_thread"), ("blocking_carried", "own_thread_carried"),
        links=("svix/diom#304", "svix/diom#566", "0xMiden/node#2061", "sigp/lighthouse#8158",
               "tokio-rs/tracing-opentelemetry#127"),
    ),
    Pitfall(
        10, "With rayon, a job is in the span of another one",
        "A rayon thread that waits inside a span steals a job, and runs it in that span",
        ("pitfall_stolen_job",), ("pitfall_stolen_job_fixed",),
        links=("rayon-rs/rayon#1018", "tokio-rs/tracing#2473", "paradigmxyz/reth#21853",
               "near/nearcore#9441", "rayon-rs/rayon#799"),
    ),
    Pitfall(
        11, "At level INFO the task has lost its span",
        "A span that the filter rejects is none, and a task instrumented with it has none",
        ("pitfall_disabled_span",), ("pitfall_disabled_span_fixed",),
        links=("tokio-rs/tracing#3409",),
    ),
    Pitfall(
        12, "I named a parent, and the span is a root",
        "A parent that the filter rejected makes a root: the current span does not step in",
        ("pitfall_disabled_parent",), ("pitfall_disabled_parent_fixed",),
        links=("tokio-rs/tokio#1110",),
    ),
    Pitfall(
        13, "I wrote follows_from, and the log does not show it",
        "It makes no parent: no format prints it, and it keeps nothing open",
        ("pitfall_follows_from",), ("pitfall_follows_from_fixed",),
        links=("tokio-rs/tracing#847", "tokio-rs/tracing#2153", "hyperium/h2#868"),
    ),
    Pitfall(
        14, "My span closes too late",
        "A background task holds a handle to it, often through `in_current_span`",
        ("pitfall_closes_late",), ("pitfall_closes_late_fixed",),
        links=("hyperium/hyper#3904", "hyperium/hyper-util#311", "tokio-rs/tracing#3521",
               "tokio-rs/tracing#2998", "amqp-rs/lapin#444", "hyperium/h2#868"),
    ),
    Pitfall(
        15, "The function has returned, and its span is still open",
        "A span stays open for its children, whoever holds them",
        ("pitfall_child_outlives",), ("pitfall_child_outlives_fixed",),
    ),
    Pitfall(
        16, "What I log in Drop has no span",
        "Only what an instrumented future holds is dropped inside its span",
        ("pitfall_log_in_drop",), ("pitfall_log_in_drop_fixed",),
        links=("tokio-rs/tracing#2541", "tokio-rs/tracing#2562"),
    ),
    Pitfall(
        17, "A span ends, and its last event is missing",
        "The future lost a `select!` or ran out of time: it was dropped at an await",
        ("pitfall_cancelled",), ("pitfall_cancelled_fixed",),
    ),
    Pitfall(
        18, "A method of an async trait has no span",
        "`#[instrument]` stands on a default method that the `impl` overrides, "
        "or tracing-attributes before 0.1.14 meets async-trait from 0.1.43 on",
        ("pitfall_default_method",), ("pitfall_default_method_fixed",),
        links=("tokio-rs/tracing#1219", "tokio-rs/tracing#1296", "dtolnay/async-trait#143"),
    ),
    Pitfall(
        19, "I entered the span that is none, and the event is not detached",
        "To enter a span that is none does nothing at all",
        ("pitfall_none_in_scope",), ("pitfall_none_in_scope_fixed",),
    ),
    Pitfall(
        20, "I gave an event no parent, and the log shows one",
        "All formats but Full show the current span where an event has none",
        ("pitfall_root_shown",),
        links=("tokio-rs/tracing#2973", "tokio-rs/tracing#2978"),
    ),
    Pitfall(
        21, "In JSON the list of spans lacks one, or is empty",
        "`spans` are those of the thread's current span, not those of the event",
        ("pitfall_json_spans",), ("pitfall_json_spans_fixed",),
        links=("tokio-rs/tracing#1360", "tokio-rs/tracing#1408", "tokio-rs/tracing#2531"),
    ),
    Pitfall(
        22, "In a test, spawned tasks log nothing",
        "A subscriber set for a scope is that of one thread, and the workers have none",
        ("pitfall_scoped_subscriber",), ("pitfall_scoped_subscriber_fixed",),
        links=("tokio-rs/tokio#947", "tokio-rs/tracing#2913", "tokio-rs/tracing#3220",
               "seanmonstar/warp#1138", "tokio-rs/tracing#1328"),
    ),
    Pitfall(
        23, "It panics: no span exists with that id",
        "`parent: span` moves the last handle, and the span closes before it becomes a parent",
        ("pitfall_moved_parent",), ("pitfall_moved_parent_fixed",),
        links=("tokio-rs/tracing#688", "tokio-rs/tracing#1483",
               "scylladb/scylla-rust-driver#678"),
    ),
    Pitfall(
        24, "I entered the outer span again, and the event is in the inner one",
        "A span that is on the stack already does not become current a second time",
        ("pitfall_reentered",), ("pitfall_reentered_fixed",),
    ),
    Pitfall(
        25, "Spans appear that I never wrote",
        "With `tokio_unstable` the runtime makes a TRACE span for each task, for the console",
        ("pitfall_unstable",), ("pitfall_unstable_fixed",),
        links=("tokio-rs/console#412",),
    ),
    Pitfall(
        26, "My span was hardly busy, though its work took long",
        "The work ran in another task, and there the span is not entered",
        ("pitfall_not_busy",), ("pitfall_not_busy_fixed",),
    ),
    Pitfall(
        27, "My actor's events are not in the span of the request",
        "A channel carries values and no span, and the actor is polled in a task of its own",
        ("pitfall_actor",), ("pitfall_actor_fixed",),
        links=("tower-rs/tower#557", "databendlabs/databend#1227",
               "LukeMathWalker/tracing-actix-web#87"),
    ),
    Pitfall(
        28, "My worker thread's events are in no request",
        "A channel carries values and no span, and the thread has a stack of its own",
        ("pitfall_worker",), ("pitfall_worker_fixed",),
        links=("transact-rs/sqlx#2876",),
    ),
    Pitfall(
        29, "The second request's events are in the first one's span",
        "A cached object keeps the span of whoever made it, and works in it for all",
        ("pitfall_cached",), ("pitfall_cached_fixed",),
        links=("tokio-rs/tokio#6106", "linkerd/linkerd2-proxy#940"),
    ),
    Pitfall(
        30, "The body of my response has no span",
        "A stream is polled after the function that made it has returned, outside its span",
        ("pitfall_stream_body",), ("pitfall_stream_body_fixed",),
        links=("abdolence/axum-streams-rs#85", "fast/fastrace#172"),
    ),
    Pitfall(
        31, "Whoever reads my stream is in the stream's span",
        "A guard in a stream is held over each yield, and the reader works inside the span",
        ("pitfall_guard_over_yield",), ("pitfall_guard_over_yield_fixed",),
        links=("0xPlaygrounds/rig#1108",),
    ),
    Pitfall(
        32, "My request's span closes when the pool does",
        "A connection in a pool holds the span of the request that opened it",
        ("pitfall_pool_holds",), ("pitfall_pool_holds_fixed",),
    ),
    Pitfall(
        33, "I silenced a library, and my own events lost their span",
        "A filter that rejects a target cuts out the spans of that target, with all their fields",
        ("pitfall_filter_cuts",), ("pitfall_filter_cuts_fixed",),
        links=("tokio-rs/tracing#1181",),
    ),
    Pitfall(
        34, "A span goes on until its callback has run",
        "An entered span belongs to a callback, and stays entered while that waits in its queue",
        ("pitfall_callback",), ("pitfall_callback_fixed",),
        links=("near/nearcore#7172",),
    ),
)  # fmt: skip
