"""Child, linked, root or nothing: which way fits a program, and what each one gives."""

from __future__ import annotations

from textwrap import dedent

import pytest
from promises import answers, promises
from written import IMPORTS, execute, files

from spanlab import CurrentThread
from spanlab.causes.why import Why
from spanlab.record import SpanClosed, SpanFollows

JOB = """
    async def job():
        await sleep(0.1)
        info("seen")
"""
JOINED = """
    @instrument
    async def request():
        await spawn(job())

    async def main():
        await request()
"""
DETACHED = """
    @instrument
    async def request():
        spawn(job())

    async def main():
        await request()
        await sleep(1)
"""
LATER = """
    async def main():
        with info_span("request").enter():
            handle = spawn(job())
        await handle
"""
ACTOR = """
    class Recv(Future):
        def __init__(self, inbox):
            self.inbox = inbox

        def poll(self):
            if self.inbox.items:
                return self.inbox.items.pop(0)
            self.inbox.waker = current().waker
            return Pending("a message")

    class Inbox:
        def __init__(self):
            self.items, self.waker = [], None

        def send(self, item):
            self.items.append(item)
            self.waker.wake()

    async def actor(inbox):
        while (item := await Recv(inbox)) is not None:
            info(item)

    @instrument(skip="inbox")
    async def request(n, inbox):
        if n == 1:
            spawn(actor(inbox))
            await yield_now()
        inbox.send("seen" if n == 2 else "first")
        await sleep(0.1)

    async def main():
        inbox = Inbox()
        for n in range(1, 3):
            await request(n, inbox)
"""


def source(*parts: str) -> str:
    imports = "from spanlab.threads import current\n" + IMPORTS
    return imports + "\n\n".join(dedent(part).strip() for part in parts) + "\n"


def answer(text: str) -> Why:
    found = answers(execute(files(text), CurrentThread()))
    return next(answer for answer in found if answer.event.message == "seen")


def test_a_task_that_is_joined_within_the_span_is_a_child() -> None:
    """The span stays open no longer than it would."""
    asked = answer(source(JOB, JOINED))
    assert asked.choices is not None
    assert (asked.choices.fits, asked.tree) == ("child", ("request",))
    assert asked.choices.because == "task 1 ends before `request` closes"
    assert asked.choices.fitting.exported == "`request` is exported when it closes, as before"


def test_a_task_that_outlives_the_span_is_linked() -> None:
    """Nobody waits for it: as a child it would hold the span open."""
    asked = answer(source(JOB, DETACHED))
    assert asked.choices is not None
    assert (asked.choices.fits, asked.tree) == ("linked", ("job",))
    assert asked.expected == ("request",)
    assert asked.choices.because == "task 1 outlives `request`, and nobody waits for it"
    assert "follows_from(Span.current())" in asked.fixes[0].after


def test_a_task_that_is_waited_for_is_a_child_although_the_span_has_closed() -> None:
    """The guard is dropped before the task is joined, by the function that spawned it."""
    asked = answer(source(JOB, LATER))
    assert asked.choices is not None
    assert (asked.choices.fits, asked.choices.because) == ("child", "task 1 is waited for")
    assert asked.choices.fitting.exported.startswith("`request` stays open until task 1 has ended")


def test_a_task_that_serves_many_takes_the_span_with_the_message() -> None:
    """It was spawned in the first request and works for the second too: so of each event."""
    found = answers(execute(files(source(ACTOR)), CurrentThread()))
    assert [asked.event.message for asked in found] == ["first", "seen"]
    for asked in found:
        assert asked.choices is not None
        assert asked.choices.fits == "message"
        works = "task 1 works for `request{n=1}` and `request{n=2}`"
        assert asked.choices.because == f"{works}: take the span along with each message"
        assert (asked.fix, asked.tree) == (None, ("request",))


@pytest.mark.parametrize("text", [source(JOB, JOINED), source(JOB, DETACHED), source(JOB, LATER)])
def test_each_way_gives_what_it_says(text: str) -> None:
    """Four ways, three of them changes; each change is made and run again."""
    asked = answer(text)
    assert asked.choices is not None
    ways = {way.kind: way.tree for way in asked.choices.ways}
    assert ways == {"child": ("request",), "linked": ("job",), "root": ("job",), "nothing": ()}
    kept = list(promises(files(text), CurrentThread()))
    assert len(kept) == 3
    assert all(promise.is_kept for promise in kept)


def test_a_linked_span_follows_from_the_span_of_its_spawner() -> None:
    """The link is in the trace, and the span closes without waiting for the task."""
    text = source(JOB, DETACHED)
    trace = execute(files(answer(text).fixes[0].apply(text)), CurrentThread())
    (request,) = [span for span in trace.spans.values() if span.name == "request"]
    (job,) = [span for span in trace.spans.values() if span.name == "job"]
    (link,) = trace.of(SpanFollows)
    assert (link.span, link.follows, job.parent) == (job.span, request.span, None)
    closed = {record.span: record.index for record in trace.of(SpanClosed)}
    assert closed[request.span] < trace.events[0].index < closed[job.span]


def test_the_text_and_the_page_give_all_ways() -> None:
    """Which one fits and why, then the others, each with what is exported."""
    asked = answer(source(JOB, DETACHED))
    text, page = str(asked), asked._repr_mimebundle_()["text/html"]
    assert "That is `linked`, which fits: task 1 outlives `request`, and nobody waits" in text
    for words in ("Or `child`: `request`.", "Or `root`: `job`.", "Or `nothing`: no span."):
        assert words in text
    assert "`request` stays open until task 1 has ended, and is exported then" in text
    assert page.count("<li>") >= 3
    assert "stays open until task 1 has ended" in page
