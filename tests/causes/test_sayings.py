"""What a story says of one step is what happened: on whose thread, in which poll, in a drop."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from promises import answers, changed, promises
from written import IMPORTS, Writer, execute, files, programs

from spanlab import CurrentThread, Seeded, Trace, VirtualThreads
from spanlab.causes import Cause
from spanlab.causes.why import Why
from spanlab.record import Event, PollStarted, SpanNew, TaskAborted, TaskFinished

JOBS = """
async def job():
    info("seen")

def plain():
    return job()

def blocking():
    info("seen")

@instrument
async def asked():
    info("seen")

async def chain():
    await spawn(job())

async def local():
    {local}

@instrument
async def work():
    {work}

async def main():
    await work()
"""


def source(work: str, local: str = "pass") -> str:
    return IMPORTS + JOBS.format(work=work.replace("\n", "\n    "), local=local)


def stories(text: str) -> list[tuple[Why, list[str]]]:
    found = answers(execute(files(text), CurrentThread()))
    return [(answer, [step.text for step in answer.steps]) for answer in found]


def one(work: str, local: str = "pass") -> tuple[Why, list[str]]:
    return next(s for s in stories(source(work, local)) if s[0].event.message == "seen")


# --- closures, threads and local tasks -----------------------------------------------------------


@pytest.mark.parametrize(
    "work",
    [
        "await spawn_blocking(lambda: blocking())",
        "spawn_thread(lambda: blocking()).join()",
        "tasks = JoinSet()\ntasks.spawn_blocking(lambda: blocking())\nawait tasks.join_next()",
        "span = Span.current()\nawait spawn_blocking(lambda: span.in_scope(lambda: blocking()))",
    ],
)
def test_a_closure_that_is_given_away_runs_on_the_thread_that_runs_it(work: str) -> None:
    """It calls nothing where it stands: the step that gives it away comes before."""
    _, said = one(work)
    given = next(at for at, text in enumerate(said) if "spawns it" in text or "gives it" in text)
    called = [at for at, text in enumerate(said) if text.startswith("The closure calls")]
    assert called
    assert given < min(called)
    assert all(said[at].endswith(", on the thread that runs it") for at in called)
    assert not any("at once" in text for text in said)


def test_a_closure_that_is_called_in_place_runs_at_once() -> None:
    """Nobody else runs it."""
    _, said = one("info_span('s').in_scope(lambda: blocking())")
    assert "The closure calls `blocking()`, which runs at once" in said


def test_a_thread_of_the_pool_runs_what_blocks_and_nobody_polls_it() -> None:
    """Also of a set; the cause is that of any thread."""
    for work in (
        "await spawn_blocking(blocking)",
        ("tasks = JoinSet()\ntasks.spawn_blocking(blocking)\nawait tasks.join_next()"),
    ):
        answer, said = one(work)
        assert answer.cause is Cause.EMPTY_THREAD
        assert "A thread of the blocking pool, ThreadId(2), runs it (task 1)" in said
        assert not any("polls" in text for text in said)


def test_a_local_task_is_a_future_that_is_spawned() -> None:
    """It has the cause, the fix and the ways to go on of any other."""
    text = source("pass", "await spawn_local(job())").replace(
        "await work()", "await LocalSet().run_until(info_span('l').instrument(local()))"
    )
    ((answer, said),) = stories(text)
    assert "`local` makes the future `job()`; nothing of it has run yet" in said
    assert (answer.cause, answer.tree) == (Cause.SPAWNED_BARE, ("l",))
    assert answer.choices is not None
    assert all(promise.is_kept for promise in promises(files(text), CurrentThread()))


# --- polls and drops -----------------------------------------------------------------------------


LOGS = """
class Log:
    def __del__(self):
        info("dropped")

"""


ENDS = """
async def main():
    spawn(begin())
    for _ in range(3):
        await yield_now()
"""


def random(every: int) -> Iterator[Trace]:
    """Run the start of some random programs: each function logs when its values are dropped."""
    for program in [*programs("current_thread", "guards")][::every]:
        text = Writer(program).text.replace("async def main():", "async def begin():")
        text = re.sub(r"(?m)^(async def .*:)$", r"\1\n    log = Log()", text) + ENDS
        yield execute(files(text.replace(IMPORTS, IMPORTS + LOGS, 1)), CurrentThread())


def is_dropped(trace: Trace, event: Event) -> bool:
    """Tell by the records whether a task was dropped in place of a poll."""
    began = max((p.index for p in trace.of(PollStarted) if p.task == event.task
                 and p.index < event.index), default=0)  # fmt: skip
    last = not any(p.index > event.index for p in trace.of(PollStarted) if p.task == event.task)
    aborts = [a.index for a in trace.of(TaskAborted) if a.aborted == event.task]
    ends = [e.outcome for e in trace.of(TaskFinished) if e.finished == event.task]
    return last and ends == ["cancelled"] and all(index < began for index in aborts)


DROPS = """
async def held():
    try:
        await info_span("inner").instrument(pending())
    finally:
        info("seen")

async def main():
    {}
"""


@pytest.mark.parametrize(
    "main",
    [
        "task = spawn(held()); await yield_now(); task.abort(); await yield_now()",
        "task = spawn(info_span('a').instrument(held())); await yield_now(); task.abort()",
        "spawn(held()); await yield_now()",
        "tasks = JoinSet(); tasks.spawn(held()); await yield_now(); tasks.abort_all()",
        "await select(held(), yield_now(), biased=True)",
    ],
)
def test_a_task_that_is_dropped_is_not_polled(main: str) -> None:
    """Aborted, or left at the end; a branch that loses is dropped inside a poll."""
    trace = execute(files(IMPORTS + DROPS.format(main)), CurrentThread())
    (answer,) = answers(trace)
    said = [step.text for step in answer.steps]
    dropped = "The runtime drops task 1 on ThreadId(1)" in said
    assert dropped == is_dropped(trace, answer.event) == ("select" not in main)
    assert dropped != any(text.startswith("The runtime polls") for text in said)


def test_random_stories_say_who_polls_and_in_which_poll() -> None:
    """Drops are no polls; a span that was made in an earlier poll is said to be of that."""
    dropped = earlier = 0
    for trace in random(20):
        for answer in answers(trace):
            event, said = answer.event, [step.text for step in answer.steps]
            polls = [p.index for p in trace.of(PollStarted) if p.task == event.task]
            nth = sum(at < event.index for at in polls)
            drops = [text for text in said if " drops " in text]
            assert bool(drops) == is_dropped(trace, event), str(answer)
            dropped += bool(drops)
            if nth > 1 and not drops and not any("pool" in text for text in said):
                assert any(f", poll {nth} of it" in text for text in said), str(answer)
            for step in answer.steps:
                made = re.match(r"`.*` is made on ThreadId\(\d+\)( in poll (\d+))?", step.text)
                if made is None:
                    continue
                place = (step.file, step.line, event.task)
                news = [n.index for n in trace.of(SpanNew) if (n.file, n.line, n.task) == place]
                inside = {sum(at < n for at in polls) for n in news if n < event.index}
                assert int(made[2] or nth) in inside, str(answer)
                earlier += made[2] is not None
    assert dropped > 3
    assert earlier > 20


# --- entries that were left ----------------------------------------------------------------------

LEFT = """
async def job(n):
    with info_span(f"g{n}").enter():
        info(f"a{n}"); await yield_now(); info(f"b{n}")
    info(f"z{n}")

async def main():
    tasks = [spawn(job(n)) for n in range(4)]
    for task in tasks:
        await task
"""


def test_what_runs_under_a_guard_is_in_its_span() -> None:
    """An entry stays where its guard was not dropped; when its span closes it hides the rest."""
    said = dict.fromkeys(("under it", "the entry of", "hides all below"), 0)
    for seed in range(30):
        for answer in answers(execute(files(IMPORTS + LEFT), VirtualThreads(3, Seeded(seed)))):
            if answer.cause is not Cause.FOREIGN_GUARD:
                continue
            for words in said:
                said[words] += words in answer.sentence
            name = re.findall(r"(?:guard|entry) of `(g\d)`", answer.sentence)[0]
            assert ("under it" in answer.sentence) == (name in answer.now), answer.sentence
            assert ("hides all below" in answer.sentence) == (not answer.now), answer.sentence
            assert "the guard of" not in answer.sentence or "outlived" not in answer.sentence
    assert all(said.values()), said


@pytest.mark.parametrize("look", ["info('seen')", "Span.current().in_scope(lambda: info('seen'))"])
def test_a_stale_entry_is_told_before_a_second_entry_on_top_of_it(look: str) -> None:
    """What the current span is asked for is the stale one, too."""
    (answer,) = answers(execute(files(f"""{IMPORTS}
async def main():
    with info_span("outer").enter():
        request = info_span("request")
        guard = request.enter()
        spawn_thread(guard.exit).join()
        {look}
"""), CurrentThread()))  # fmt: skip
    assert (answer.cause, answer.expected) == (Cause.STALE, ("outer",))


# --- guards over a spawn, and handles ------------------------------------------------------------

GUARDED = [
    "await spawn(job())",
    "await spawn(plain())",
    "await spawn(asked())",
    "await spawn(chain())",
    "await chain()",
    "await info_span('x').instrument(spawn(job()))",
    "await join(spawn(job()), spawn(asked()))",
    "await timeout(1, spawn(job()))",
    "await spawn_blocking(blocking)",
    "h = spawn(job())\n    await h",
    "with info_span('x').enter(): h = spawn(job())\n    await h",
    "tasks = JoinSet(); tasks.spawn(job()); tasks.spawn(chain())\n"
    "    while await tasks.join_next(): pass",
    "await LocalSet().run_until(local())",
]


@pytest.mark.parametrize("body", GUARDED)
def test_a_guard_over_a_spawn_is_mended_together_with_the_spawn(body: str) -> None:
    """The event is in the span by the change, which leaves nothing to mend for it."""
    text = source(f"with info_span('g').enter():\n    {body}", "await spawn_local(job())")
    kept = list(promises(files(text), CurrentThread()))
    assert kept
    assert all(promise.is_kept for promise in kept), kept
    sources = files(text)
    for answer in answers(execute(sources, CurrentThread())):
        assert "g" in answer.tree, str(answer)
        again = changed(sources, answer.fixes)
        found = [a for a in answers(execute(files(*again.values()), CurrentThread()))
                 if a.event.message == "seen" and a.now == answer.tree]  # fmt: skip
        assert Cause.EXPECTED in {other.cause for other in found}, str(answer)


def test_the_span_of_a_guard_goes_to_the_task_and_not_to_its_handle() -> None:
    """Around the handle it would cover the waiting."""
    answer, _ = one("with info_span('g').entered(): await spawn(job())")
    assert answer.fix is not None
    assert answer.fix.after.strip() == "await spawn(info_span('g').instrument(job()))"


@pytest.mark.parametrize(
    ("work", "after"),
    [
        ("await info_span('s').instrument(spawn_blocking(blocking))",
         "await spawn_blocking(lambda span=info_span('s'): span.in_scope(blocking))"),
        ("s = info_span('s')\nawait s.instrument(spawn_blocking(lambda: blocking()))",
         "await spawn_blocking(lambda span=s: span.in_scope(lambda: blocking()))"),
        ("await in_current_span(spawn_blocking(blocking))",
         "await spawn_blocking(lambda span=Span.current(): span.in_scope(blocking))"),
        ("await in_current_span(spawn(job()))", "await spawn(in_current_span(job()))"),
        ("await info_span('r', parent=None).instrument(spawn(job()))",
         "await spawn(info_span('r', parent=None).instrument(job()))"),
    ],
)  # fmt: skip
def test_the_handle_of_what_blocks_is_a_handle(work: str, after: str) -> None:
    """The span moves to what runs there, in the form that a function needs."""
    answer, _ = one(work)
    assert answer.cause is Cause.HANDLE
    assert [fix.after.strip() for fix in answer.fixes] == [after]
    kept = list(promises(files(source(work)), CurrentThread()))
    assert kept
    assert all(promise.is_kept for promise in kept), kept


# --- who holds a span, and whom a task serves ----------------------------------------------------


@pytest.mark.parametrize(
    ("carried", "said"),
    [
        ("in_current_span(job())", "carries `work` (line 24), outlives its work"),
        ("info_span('child').instrument(job())",
         "carries `child` (line 24), a child of `work`, outlives the work of `work`"),
        ("info_span('deep', parent=info_span('child')).instrument(job())",
         "carries `deep` (line 24), which is inside `work`, outlives the work of `work`"),
    ],
)  # fmt: skip
def test_what_a_task_carries_is_named_and_what_it_holds_open(carried: str, said: str) -> None:
    """They are not the same where it carries a child."""
    later = '    await sleep(1); info("seen")'
    text = source(f"spawn({carried})").replace('    info("seen")', later, 1)
    text = text.replace("    await work()", "    await work()\n    await sleep(2)")
    ((answer, _),) = stories(text)
    assert answer.cause is Cause.HELD_OPEN
    assert said in answer.sentence, answer.sentence


SERVED = """
async def serve({0}):
    {1}
    await sleep(1)
    info("seen")

@instrument(skip_all=True)
async def start({0}):
    spawn(serve({0}))

@instrument(skip_all=True)
async def request(n, {2}):
    {3}
    await sleep(0.1)

async def main():
    {4}
    await start({0})
    await yield_now()
    for n in range(2):
        await request(n, {2})
    await sleep(2)
"""


@pytest.mark.parametrize(
    ("parts", "fits"),
    [
        (("rx", "await rx.recv(); await rx.recv()", "tx", "await tx.send(n)",
          "tx, rx = mpsc.channel(8)"), "message"),
        (("rx", "for _ in range(2): await select(rx.recv(), pending())", "tx", "await tx.send(n)",
          "tx, rx = mpsc.channel(8)"), "message"),
        (("no", "await no.notified(); await no.notified()", "no", "no.notify_one()",
          "no = Notify()"), "linked"),
        (("no", "for _ in range(2): await select(no.notified(), pending())", "no",
          "no.notify_one()", "no = Notify()"), "linked"),
    ],
)  # fmt: skip
def test_a_span_comes_with_a_message_only_where_one_comes(parts: list[str], fits: str) -> None:
    """Who only wakes a task gives it nothing that could carry a span."""
    ((answer, _),) = stories(IMPORTS + SERVED.format(*parts))
    assert answer.choices is not None
    assert answer.choices.fits == fits
    assert ("is woken by `request#1` and `request#2`" in answer.choices.because) == (
        fits == "linked"
    )
    assert ("message" in [way.kind for way in answer.choices.ways]) == (fits == "message")


def test_what_is_in_no_span_is_in_no_trace() -> None:
    """The event itself may well be exported, as a log line."""
    answer, _ = one("await spawn(job())")
    assert answer.choices is not None
    (nothing,) = [way for way in answer.choices.ways if way.kind == "nothing"]
    assert nothing.exported == "It is in no trace that is exported"


@pytest.mark.parametrize("tail", ["", "detached"])
def test_a_guard_in_the_maker_of_a_spawned_future_leaves_the_choice(tail: str) -> None:
    """Its task began with an empty stack: the ways to go on are those of any bare spawn."""
    text = f"""{IMPORTS}
def make():
    with info_span("made").entered():
        async def task():
            await sleep(1)
            info("seen")
        return task()

@instrument
async def work():
    {"" if tail else "await "}spawn(make())

async def main():
    await work()
    await sleep(2)
"""
    ((answer, _),) = stories(text)
    assert answer.cause is Cause.GUARD_DROPPED
    assert answer.choices is not None
    assert answer.choices.fits == ("linked" if tail else "child")
    assert {way.kind for way in answer.choices.ways} == {"child", "linked", "root", "nothing"}
    kept = list(promises(files(text), CurrentThread()))
    assert len(kept) == 3
    assert all(promise.is_kept for promise in kept), kept
