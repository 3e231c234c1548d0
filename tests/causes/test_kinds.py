"""Kinds of causes that no change of one line decides: what was made, captured or kept elsewhere."""

from __future__ import annotations

import linecache
from textwrap import dedent
from typing import Any

import pytest
from promises import answers, promises
from written import IMPORTS, execute, files

from spanlab import CurrentThread, VirtualThreads
from spanlab.causes import Cause
from spanlab.causes.why import Why


def source(text: str) -> str:
    return IMPORTS + dedent(text)


def answer(text: str, message: str = "seen") -> Why:
    found = answers(execute(files(source(text)), CurrentThread()))
    return next(answer for answer in found if answer.event.message == message)


HELD = """
    async def connection():
        await sleep(0.1)
        info("seen")

    @instrument
    def request():
        return spawn(in_current_span(connection()))

    async def main():
        {main}
"""
SERVER = """
    async def connection():
        await sleep(0.1)
        info("seen")

    @instrument
    async def request():
        spawn(info_span("pooled", n=1).instrument(connection()))

    @instrument
    async def server():
        await request()
        await sleep(1)

    async def main():
        await server()
"""


@pytest.mark.parametrize("main", ["await request()", "request(); await sleep(1)"])
def test_a_task_that_carries_the_span_of_a_request_that_is_over_holds_it_open(main: str) -> None:
    """Whether somebody waits for it outside the request or not: the span waits for the task."""
    asked = answer(HELD.format(main=main))
    assert asked.cause is Cause.HELD_OPEN
    assert "task 1 carries `request`" in asked.sentence
    assert asked.choices is not None
    assert asked.choices.fits == "linked"
    ways = {way.kind: way.tree for way in asked.choices.ways}
    assert ways == {"child": ("request",), "linked": ("connection",), "root": ("connection",)}
    kept = list(promises(files(source(HELD.format(main=main))), CurrentThread()))
    assert len(kept) == 2
    assert all(promise.is_kept for promise in kept), kept


def test_what_holds_an_inner_span_open_is_told_inside_an_outer_one_too() -> None:
    """The server's span stays open by itself; the child of the request's becomes a root."""
    asked = answer(SERVER)
    assert asked.cause is Cause.HELD_OPEN
    (fix,) = asked.fixes
    assert 'info_span("pooled", n=1, parent=None).follows_from(Span.current())' in fix.after
    kept = list(promises(files(source(SERVER)), CurrentThread()))
    assert kept
    assert all(promise.is_kept for promise in kept), kept


@pytest.mark.parametrize(
    "body",
    [
        "await spawn(in_current_span(job()))",
        "with info_span('r').enter(): task = spawn(in_current_span(job()))\n    await task",
        "tasks = JoinSet(); tasks.spawn(in_current_span(job())); await tasks.join_next()",
    ],
)
def test_a_task_that_is_waited_for_holds_nothing_open(body: str) -> None:
    """In the span, or by the function whose guard it was."""
    text = f"""
async def job():
    await yield_now()
    info("seen")

@instrument
async def work():
    {body}

async def main():
    await work()
"""
    assert answer(text).cause is Cause.EXPECTED


@pytest.mark.parametrize(
    "body",
    [
        "with info_span('outer').enter(), inner.enter(): info('seen')",
        "await info_span('outer').instrument(enter(inner))",
        "await info_span('outer').instrument(carry(inner))",
    ],
)
def test_a_span_that_was_made_before_is_in_nothing(body: str) -> None:
    """To enter it inside another does not change its parent; one made there is its child."""
    text = f"""
async def enter(inner):
    with inner.enter():
        info("seen")

async def carry(inner):
    await inner.instrument(job())

async def job():
    info("seen")

async def main():
    inner = info_span("inner")
    {body}
"""
    asked = answer(text)
    assert (asked.cause, asked.now) == (Cause.MADE_ELSEWHERE, ("inner",))
    assert asked.expected == ("inner", "outer")
    assert "line 14 makes `inner` where `outer` is not current" in asked.sentence


def test_a_span_that_came_with_a_message_is_no_fault() -> None:
    """Its parent is that of who sent it, or it was a root on purpose."""
    for parent in "", ", parent=None":
        text = f"""
async def job():
    info("seen")

@instrument(skip_all=True)
async def actor(span):
    await span.instrument(job())

async def main():
    with info_span("request").enter():
        span = info_span("message"{parent})
    await actor(span)
"""
        assert answer(text).cause in (Cause.EXPECTED, Cause.EXPLICIT)


def test_a_guard_that_is_dropped_on_another_thread_leaves_its_entry() -> None:
    """What runs later is in it, or in nothing once it has closed."""
    text = """
    async def main():
        with info_span("outer").enter():
            span = info_span("request")
            guard = span.enter()
            spawn_thread(guard.exit).join()
            info("seen")
            del span, guard
            info("hidden")
    """
    for message in "seen", "hidden":
        asked = answer(text, message)
        assert (asked.cause, asked.expected, asked.fix) == (Cause.STALE, ("outer",), None)
        assert "was dropped on ThreadId(2)" in asked.sentence


DROPPED = """
    async def request():
        try:
            span = info_span("request")
            await span.instrument(pending())
        finally:
            info("seen")

    async def main():
        {main}
"""


@pytest.mark.parametrize(
    "main",
    [
        "task = spawn(request()); await sleep(0.01); task.abort(); await sleep(0.01)",
        "await select(request(), yield_now(), biased=True)",
    ],
)
def test_what_is_logged_while_a_future_is_dropped_is_outside_the_span_inside_it(main: str) -> None:
    """The future of the whole function must carry the span; then the drop is in it."""
    text = DROPPED.format(main=main)
    asked = answer(text)
    assert (asked.cause, asked.tree) == (Cause.DROPPED, ("request",))
    for on in CurrentThread(), VirtualThreads(2):
        kept = list(promises(files(source(text)), on))
        assert kept
        assert all(promise.is_kept for promise in kept), kept


def test_a_linked_span_has_another_name_than_that_of_the_attribute() -> None:
    """Two spans of one name, one in the other, would be told apart by nobody."""
    text = """
    @instrument
    async def job():
        await sleep(0.1)
        info("seen")

    @instrument
    async def request():
        spawn(job())

    async def main():
        await request()
        await sleep(1)
    """
    asked = answer(text)
    assert asked.tree == ("job", "spawned job")
    assert all(promise.is_kept for promise in promises(files(source(text)), CurrentThread()))


@pytest.mark.parametrize("choice", ["parent=None", "parent=other"])
def test_a_parent_that_is_named_is_wanted(choice: str) -> None:
    """Nothing is proposed that would undo it."""
    text = f"""
    async def main():
        other = info_span("other")
        with info_span("request").enter():
            info("seen", {choice})
    """
    asked = answer(text)
    assert (asked.cause, asked.fixes, asked.tree) == (Cause.EXPLICIT, (), asked.now)


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("await span.in_scope(making)", "span.in_scope(lambda: in_current_span(making()))"),
        (
            "one, two = span.in_scope(lambda: (job(), other()))\n    await join(one, two)",
            "one, two = span.in_scope(lambda: (in_current_span(job()), other()))",
        ),
        (
            "both = span.in_scope(lambda: [job(), job()])\n    await join(*both)",
            "both = span.in_scope(lambda: [in_current_span(job()), in_current_span(job())])",
        ),
    ],
)
def test_what_in_scope_made_is_followed_to_its_making(body: str, change: str) -> None:
    """Through a function that it calls, into a tuple, and side by side where nobody can tell."""
    text = f"""
async def other():
    pass

async def job():
    await yield_now()
    info("seen")

def making():
    return job()

async def main():
    span = info_span("g")
    {body}
"""
    asked = answer(text)
    assert asked.cause is Cause.GUARD_DROPPED
    assert change in "".join(fix.after for fix in asked.fixes)
    kept = list(promises(files(source(text)), CurrentThread()))
    assert kept
    assert all(promise.is_kept for promise in kept), kept


STREAMS = """
async def body():
    yield 1
    info("seen")

@instrument
async def bare():
    return body()

@instrument
async def carried():
    return in_current_span(body())

async def main():
    stream = await info_span("first").instrument({})
    async for _ in stream:
        pass
    stream = await info_span("second").instrument({})
    async for _ in stream:
        pass
"""


@pytest.mark.parametrize("makers", [("bare()", "carried()"), ("carried()", "bare()")])
def test_of_two_streams_under_one_name_the_bare_one_is_told(makers: tuple[str, str]) -> None:
    """Which it was is known by the wrappers that were seen around its polls."""
    text = STREAMS.format(*makers)
    found = answers(execute(files(source(text)), CurrentThread()))
    right = {"bare()": Cause.MADE_INSIDE, "carried()": Cause.EXPECTED}
    assert [asked.cause for asked in found] == [right[maker] for maker in makers]
    kept = list(promises(files(source(text)), CurrentThread()))
    assert kept
    assert all(promise.is_kept for promise in kept), kept


def test_a_value_in_a_span_of_its_own_is_dropped_there() -> None:
    """What was awaited inside has exited its span: the value was never in that."""
    text = """
    class Log:
        def __del__(self):
            info("seen")

    @instrument
    async def step():
        await yield_now()

    @instrument
    async def request():
        log = Log()
        await step()

    async def main():
        await request()
    """
    assert answer(text).cause is Cause.EXPECTED


CACHED = """
    class Pool:
        def __init__(self):
            self.span = Span.current()

        def query(self):
            {use}

    def look():
        info("seen")

    pools = []

    @instrument
    def request(n):
        if not pools:
            pools.append(Pool())
        pools[0].query()

    async def main():
        other.span = info_span("of another class")
        request(1)
        request(2)

    def other():
        pass
"""


@pytest.mark.parametrize(
    ("use", "change"),
    [
        ("self.span.in_scope(look)", "look()"),
        ("self.span.in_scope(lambda: look())", "look()"),
        ("with self.span.enter(): look()", None),
    ],
)
def test_a_span_of_the_attribute_that_an_object_keeps_was_captured(use: str, change: Any) -> None:
    """Nobody else has a span that `@instrument` made, whatever else is kept under that name."""
    text = CACHED.format(use=use)
    first, second = answers(execute(files(source(text)), CurrentThread()))
    assert (first.cause, second.cause) == (Cause.EXPECTED, Cause.OUTLIVED)
    assert [fix.after.strip() for fix in second.fixes] == ([change] if change else [])
    for promise in promises(files(source(text)), CurrentThread()):
        assert promise.is_kept, promise


@pytest.mark.parametrize("guard", [False, True])
def test_what_a_local_set_polls_is_inside_what_is_around_it(guard: bool) -> None:
    """A wrapper around it is no guard that somebody kept; a guard over its await is."""
    around = "with info_span('r').enter(): await LocalSet().run_until(work())"
    text = f"""
async def job():
    await yield_now()
    info("seen")

async def work():
    await spawn_local(job())

async def main():
    {around if guard else "await info_span('r').instrument(LocalSet().run_until(work()))"}
"""
    asked = answer(text)
    assert asked.now == ("r",)
    assert asked.cause is (Cause.FOREIGN_GUARD if guard else Cause.EXPECTED)


def test_what_a_drop_spawns_to_clean_up_holds_nothing_open() -> None:
    """It is the end of the work, and is carried into its span on purpose."""
    text = """
    async def closed():
        await yield_now()
        info("seen")

    class Session:
        def __del__(self):
            spawn(in_current_span(closed()))

    @instrument
    async def request():
        session = Session()
        await yield_now()

    async def main():
        await request()
        await sleep(1)
    """
    assert answer(text).cause is Cause.EXPECTED


@pytest.mark.parametrize(
    ("made", "changed"),
    [
        ("debug_span('r')", "info_span('r')"),
        ("info_span('r', target='other')", None),
        ("debug_span('r', target='other')", None),
    ],
)
def test_a_level_is_proposed_only_where_it_is_the_level_that_is_filtered(
    made: str, changed: str | None
) -> None:
    """A filter may leave out a target as well; no level would bring that back."""
    text = f"""
    with recording(filter="info,other=warn") as trace:
        with {made}.enter():
            info("seen")
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    (file,) = sources = files(source(text))
    linecache.cache[file] = 0, None, sources[file].splitlines(keepends=True), file
    exec(compile(sources[file], file, "exec"), names)
    (asked,) = answers(names["trace"])
    assert asked.cause is Cause.DISABLED
    assert ("its level is filtered out" if changed else "a filter leaves it out") in asked.sentence
    assert [fix.after.strip() for fix in asked.fixes] == [f"with {changed}.enter():"] * bool(
        changed
    )


@pytest.mark.parametrize(
    ("made", "polled"),
    [
        ("(future := job())", "await future"),
        ("future: object = job()", "await future"),
        ("future = other = job()", "await other"),
        ("kept.future = job()", "await kept.future"),
        ("futures = [job() for _ in range(2)]", "await join_all(futures)"),
        ("futures.append(job())", "for future in futures: await future"),
        ("future = job()", "await timeout(1, future)"),
        ("many.push(job())", "async for _ in many: pass"),
    ],
)
def test_a_future_is_followed_through_whatever_kept_it(made: str, polled: str) -> None:
    """A name, an attribute, a container, and what others wrote and gives what it is given."""
    text = f"""
class Kept: pass

async def job():
    await yield_now()
    info("seen")

async def main():
    kept, futures, many = Kept(), [], FuturesUnordered()
    with info_span("g").enter():
        {made}
    {polled}
"""
    asked = answer(text)
    assert (asked.cause, asked.tree) == (Cause.GUARD_DROPPED, ("g",))
    kept = list(promises(files(source(text)), CurrentThread()))
    assert kept
    assert all(promise.is_kept for promise in kept), kept


@pytest.mark.parametrize(
    ("field", "main", "count"),
    [
        ("", "await request(1); await request(2)", 2),
        (", n=n", "await request(1); await request(n=2)", 2),
        (", n=n", "task = spawn(request(1)); await yield_now(); task.abort(); await sleep(1)", 1),
        (", n=n", "await request(1 + 1)", 0),
    ],
)
def test_a_value_that_logs_in_its_drop_gets_the_span_wherever_its_function_is_called(
    field: str, main: str, count: int
) -> None:
    """With what each call gives; nothing is proposed where that would run twice."""
    text = f"""
class Log:
    def __del__(self):
        info("seen")

async def request(n):
    log = Log()
    await info_span("request"{field}).instrument(sleep(0.1))

async def main():
    {main}
"""
    found = answers(execute(files(source(text)), CurrentThread()))
    assert {asked.cause for asked in found} == {Cause.DROPPED}
    kept = list(promises(files(source(text)), CurrentThread()))
    assert len(kept) == count
    assert all(promise.is_kept for promise in kept), kept


def test_a_guard_that_is_given_to_nobody_is_dropped_at_once() -> None:
    """It was made in a function that returns it."""
    text = """
    def begin():
        return info_span("g").entered()

    async def main():
        begin()
        info("seen")
    """
    asked = answer(text)
    assert (asked.cause, asked.tree) == (Cause.AT_ONCE, ("g",))
    assert asked.fix is not None
    assert "with begin():" in asked.fix.after
    assert all(promise.is_kept for promise in promises(files(source(text)), CurrentThread()))


@pytest.mark.parametrize("use", ["self.span.in_scope(look)", "await self.span.instrument(job())"])
def test_a_span_that_an_object_made_for_the_first_request_hides_the_second(use: str) -> None:
    """It was entered in its own request before; the span of a message never was."""
    text = f"""
class Client:
    def __init__(self):
        self.span = info_span("client")

    async def call(self):
        {use}

async def job():
    look()

def look():
    info("seen")

clients = []

@instrument
async def request(n):
    if not clients:
        clients.append(Client())
    await clients[0].call()

async def main():
    await request(1)
    await request(2)
"""
    first, second = answers(execute(files(source(text)), CurrentThread()))
    assert (first.cause, second.cause) == (Cause.EXPECTED, Cause.OUTLIVED)
    assert "made while `request{n=1}` ran, and hides `request{n=2}`" in second.sentence
    assert (second.expected, second.fix) == (("client", "request"), None)


def test_a_worker_that_is_awaited_elsewhere_holds_the_span_of_its_maker_open() -> None:
    """An attribute's span ends with its function, which is then not who waits."""
    text = """
    async def worker(inbox):
        while await inbox.recv():
            info("seen")

    @instrument(skip_all=True)
    async def start(inbox):
        return spawn(in_current_span(worker(inbox)))

    async def main():
        sender, inbox = mpsc.channel(1)
        task = await start(inbox)
        await sender.send(1)
        del sender
        await task
    """
    assert answer(text).cause is Cause.HELD_OPEN
    assert all(promise.is_kept for promise in promises(files(source(text)), CurrentThread()))


def test_what_carries_its_span_already_is_left_as_it_is() -> None:
    """The other half of the chain is repaired."""
    text = """
    async def leaf():
        info("seen")

    async def middle():
        await spawn(in_current_span(leaf()))

    @instrument
    async def request():
        await spawn(middle())

    async def main():
        await request()
    """
    asked = answer(text)
    assert asked.tree == ("request",)
    assert [fix.after.strip() for fix in asked.fixes] == ["await spawn(in_current_span(middle()))"]
    assert all(promise.is_kept for promise in promises(files(source(text)), CurrentThread()))


def test_what_is_deleted_on_purpose_is_in_no_span_that_was_before() -> None:
    """The same value at the end of its function would be in the span of what that awaited."""
    text = """
    class Log:
        def __del__(self):
            info("seen")

    async def main():
        log = Log()
        await info_span("other").instrument(yield_now())
        {}
    """
    asked = [answer(text.format(end)) for end in ("del log", "pass")]
    assert [each.cause for each in asked] == [Cause.EXPECTED, Cause.DROPPED]


def test_nothing_is_promised_where_a_captured_span_would_be_another() -> None:
    """With the change `Span.current()` gives what the next poll enters, above the kept guard."""
    text = """
    async def job():
        with info_span("kept").enter():
            await yield_now()
            current = Span.current()
            with info_span("child", parent=current).entered():
                info("seen")

    def make():
        with info_span("g").entered():
            return job()

    async def main():
        await make()
    """
    asked = answer(text)
    assert (asked.cause, asked.fixes) == (Cause.EXPECTED, ())
    assert asked.tree == asked.now == ("child", "kept")
