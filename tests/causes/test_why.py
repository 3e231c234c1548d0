"""`why`: for each cause a small program; its fix is made, and must give the tree that was promised.

A program holds both versions: what follows `#>` replaces its line, or the line above if it has
none. A line after `#+` is in the fixed program alone, one with `#-` in the other, and `#!` marks
the line to blame.
"""

from __future__ import annotations

import inspect
import itertools
import re
import sys
import types
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent
from typing import Any

import programs
import pytest
import variants
from stepping import leaking, panicking

import spanlab
from spanlab import CurrentThread, Trace, UsageError, Why, info, info_span, recording, run, why
from spanlab.causes import Cause

IMPORTS = "from functools import *\nfrom spanlab import *\n"


def versions(text: str) -> tuple[str, str, list[int]]:
    """Give the program with the bug, the fixed one, and the lines to blame."""
    bug, fixed, blamed = [], [], []
    for line in dedent(text).strip().splitlines():
        if added := re.match(r"(\s*)#([+>]) (.*)", line):
            fixed[len(fixed) - (added[2] == ">") :] = [added[1] + added[3]]
            continue
        code, _, comment = line.partition("  #")
        bug.append(code)
        if comment == "-":
            continue
        if "!" in comment[:1]:
            blamed.append(len(bug) + IMPORTS.count("\n"))
        after = re.search(r"> (.*)", comment)
        indent = code[: len(code) - len(code.lstrip())]
        fixed.append(indent + after[1] if after else code)
    return IMPORTS + "\n".join(bug) + "\n", IMPORTS + "\n".join(fixed) + "\n", blamed


counter = itertools.count()


@pytest.fixture
def traced(tmp_path: Path) -> Callable[..., Trace]:
    """Run the text of a program as a file, so that its source can be read."""

    def execute(text: str, on: str = "CurrentThread()", level: str = "trace") -> Trace:
        path = tmp_path / f"program{next(counter)}.py"
        path.write_text(text, encoding="utf-8")
        names: dict[str, Any] = {"__name__": "program"}
        exec(compile(text, str(path), "exec"), names)
        return run(names["main"](), on=eval(on, vars(spanlab)), level=level)

    return execute


CASES: list[tuple[str, str, str, Cause, tuple[str, ...]]] = [
    ("bare", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(job())  #!> await spawn(in_current_span(job()))

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.SPAWNED_BARE, ("work",)),
    ("bare in a set, in a variable, with a span of its own", """
     async def main():
         await work()

     @instrument
     async def work():
         tasks = JoinSet()
         future = job()
         tasks.spawn(future)  #!> tasks.spawn(in_current_span(future))
         while await tasks.join_next():
             pass

     async def job():
         with info_span("step").enter():
             info("seen")
     """, "VirtualThreads(2)", Cause.SPAWNED_BARE, ("step", "work")),
    ("bare twice", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(outer())  #!> await spawn(in_current_span(outer()))

     async def outer():
         await spawn(job())  #> await spawn(in_current_span(job()))

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.SPAWNED_BARE, ("work",)),
    ("a block, at the call", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(job())

     @instrument  #!
     def job():
         info("seen")

         async def task():
             info("in the task")

         return task()  #> return in_current_span(task())
     """, "CurrentThread()", Cause.FUTURE_ONLY, ("job", "work")),
    ("a block, in the future", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(job())

     @instrument  #!
     def job():
         info("at the call")

         async def task():
             info("seen")

         return task()  #> return in_current_span(task())
     """, "VirtualThreads()", Cause.FUTURE_ONLY, ("job", "work")),
    ("a block that was called before", """
     async def main():
         await work()

     @instrument
     async def work():
         future = job()
         await spawn(future)  #> await spawn(in_current_span(future))

     @instrument  #!
     def job():
         async def task():
             info("seen")

         return task()
     """, "CurrentThread()", Cause.FUTURE_ONLY, ("job", "work")),
    ("a block that is bound first", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(job())

     @instrument  #!
     def job():
         async def task():
             info("seen")

         fut = task()  #> fut = in_current_span(task())
         return fut
     """, "CurrentThread()", Cause.CALL_ONLY, ("job", "work")),
    ("the future of another function, awaited in place", """
     async def main():
         await work()

     @instrument
     async def work():
         await job()

     @instrument  #!
     def job():
         return outside()  #> return in_current_span(outside())

     async def outside():
         info("seen")
     """, "CurrentThread()", Cause.CALL_ONLY, ("job", "work")),
    ("a guard in the maker", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(job())

     def job():
         with info_span("job").entered():  #!

             async def task():
                 info("seen")

             return task()  #> return in_current_span(task())
     """, "CurrentThread()", Cause.GUARD_DROPPED, ("job", "work")),
    ("a guard around the making", """
     async def main():
         with info_span("job").enter():  #!
             future = task()  #> future = in_current_span(task())
         await future

     async def task():
         info("seen")
     """, "CurrentThread()", Cause.GUARD_DROPPED, ("job",)),
    ("in_scope around the making", """
     async def main():
         future = info_span("job").in_scope(lambda: task())  #!
         #> future = info_span("job").in_scope(lambda: in_current_span(task()))
         await future

     async def task():
         info("seen")
     """, "CurrentThread()", Cause.GUARD_DROPPED, ("job",)),
    ("a lazy span, spawned", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(job())  #> await spawn(in_current_span(job()))

     @instrument  #!
     async def job():
         info("seen")
     """, "CurrentThread()", Cause.MADE_LATE, ("job", "work")),
    ("a lazy span, instrumented on purpose", """
     async def main():
         with info_span("caller").enter():  #!
             future = job()  #> future = in_current_span(job())
         await info_span("poller").instrument(future)

     @instrument
     async def job():
         info("seen")
     """, "CurrentThread()", Cause.EXPECTED, ("job", "poller")),
    ("a lazy span, called under a guard that was dropped", """
     async def main():
         with info_span("caller").enter():  #!
             future = job()  #> future = in_current_span(job())
         await future

     @instrument
     async def job():
         info("seen")
     """, "CurrentThread()", Cause.MADE_LATE, ("job", "caller")),
    ("a foreign guard", """
     async def main():
         guilty_task = spawn(guilty())
         await spawn(innocent())
         await guilty_task

     async def guilty():
         with info_span("guilty").enter():  #!> async def guilty():
             await yield_now()
             info("guilty")
         #+ await info_span("guilty").instrument(guilty())

     async def innocent():
         info("seen")
     """, "CurrentThread()", Cause.FOREIGN_GUARD, ()),
    ("a span made under a foreign guard", """
     async def main():
         handle = spawn(guilty())
         await spawn(innocent())
         await handle

     async def guilty():
         with info_span("guilty").enter():  #!> await info_span("guilty").instrument(sleep(0.01))
             await sleep(0.01)  #-

     @instrument
     async def innocent():
         info("seen")
     """, "CurrentThread()", Cause.FOREIGN_GUARD, ("innocent",)),
    ("a guard below the span of its own future", """
     async def main():
         await request()

     @instrument
     async def request():
         with info_span("step").enter():  #!> async def step():
             await yield_now()
             info("seen")
         #+ await info_span("step").instrument(step())
     """, "CurrentThread()", Cause.GUARD_BELOW, ("step", "request")),
    ("a guard further out, below the span of its own future", """
     async def main():
         await spawn(request())

     @instrument
     async def request():
         with info_span("step").enter():  #!> async def step():
             await yield_now()
             await inner()
         #+ await info_span("step").instrument(step())

     async def inner():
         with info_span("deep").enter():
             info("seen")
     """, "VirtualThreads(1)", Cause.GUARD_BELOW, ("deep", "step", "request")),
    ("guards in a join, below the span around", """
     async def main():
         await request()

     @instrument
     async def request():
         await join(job(), other())

     async def job():
         with info_span("step").enter():  #!> async def step():
             await yield_now()
             info("seen")
         #+ await info_span("step").instrument(step())

     async def other():
         await yield_now()
     """, "CurrentThread()", Cause.GUARD_BELOW, ("step", "request")),
    ("a guard left on another thread", """
     async def main():
         handle = spawn(job())
         await spawn(other())
         await handle

     async def other():
         pass

     async def job():
         with info_span("job").enter():  #!> async def job():
             await sleep(0.01)
             info("seen")
         #+ await info_span("job").instrument(job())
     """, "VirtualThreads(2, Seeded({seed}))", Cause.GUARD_LEFT, ("job",)),
    ("the blocking pool", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn_blocking(job)  #!
         #> await spawn_blocking(lambda span=Span.current(): span.in_scope(job))

     def job():
         info("seen")
     """, "CurrentThread()", Cause.EMPTY_THREAD, ("work",)),
    ("the blocking pool, with a lambda", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn_blocking(lambda: info("seen"))  #!
         #> await spawn_blocking(lambda span=Span.current(): span.in_scope(lambda: info("seen")))
     """, "VirtualThreads()", Cause.EMPTY_THREAD, ("work",)),
    ("a thread of its own", """
     async def main():
         await work()

     @instrument
     async def work():
         spawn_thread(job).join()  #!
         #> spawn_thread(lambda span=Span.current(): span.in_scope(job)).join()

     @instrument
     def job():
         info("seen")
     """, "CurrentThread()", Cause.EMPTY_THREAD, ("job", "work")),
    ("a thread of its own, really", """
     async def main():
         await work()

     @instrument
     async def work():
         spawn_thread(job).join()  #!
         #> spawn_thread(lambda span=Span.current(): span.in_scope(job)).join()

     def job():
         info("seen")
     """, "OsThreads(2)", Cause.EMPTY_THREAD, ("work",)),
    ("a disabled span around the future", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(debug_span("job").instrument(job()))  #!
         #> await spawn(debug_span("job").or_current().instrument(job()))

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.DISABLED, ("work",)),
    ("a disabled span in a variable", """
     async def main():
         await work()

     @instrument
     async def work():
         span = debug_span("job")  #!> span = debug_span("job").or_current()
         future = span.instrument(job())
         await spawn(future)

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.DISABLED, ("work",)),
    ("a disabled guard", """
     async def main():
         with debug_span("job").enter():  #!> with info_span("job").enter():
             with info_span("inner").enter():
                 info("seen")
     """, "CurrentThread()", Cause.DISABLED, ("inner", "job")),
    ("a disabled attribute", """
     async def main():
         await job()

     @instrument(level="debug")  #!> @instrument(level="info")
     async def job():
         info("seen")
     """, "CurrentThread()", Cause.DISABLED, ("job",)),
    ("a disabled parent", """
     async def main():
         await work()

     @instrument
     async def work():
         span = debug_span("job")
         info("seen", parent=span)  #!> info("seen", parent=span.or_current())
     """, "CurrentThread()", Cause.DISABLED, ("work",)),
    ("no parent, by name", """
     async def main():
         await work()

     @instrument
     async def work():
         info("seen", parent=None)  #!
     """, "CurrentThread()", Cause.EXPLICIT, ()),
    ("a span with a parent by name", """
     async def main():
         await work()

     @instrument
     async def work():
         with info_span("job", n=1, parent=None).enter():  #!
             info("seen")
     """, "CurrentThread()", Cause.EXPLICIT, ("job",)),
    ("a guard whose block is empty", """
     async def main():
         await work()

     @instrument
     async def work():
         with info_span("job").entered():  #!
             pass  #-
         info("seen")  #>     info("seen")
     """, "CurrentThread()", Cause.AT_ONCE, ("job", "work")),
    ("the handle", """
     async def main():
         await work()

     @instrument
     async def work():
         await info_span("job").instrument(spawn(job()))  #!
         #> await spawn(info_span("job").instrument(job()))

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.HANDLE, ("job", "work")),
    ("the handle, later", """
     async def main():
         await work()

     @instrument
     async def work():
         span = info_span("job")
         handle = spawn(job())  #> handle = spawn(span.instrument(job()))
         await span.instrument(handle)  #!

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.HANDLE, ("job", "work")),
    ("captured inside the task", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(outer())  #> await spawn(in_current_span(outer()))

     async def outer():
         await in_current_span(job())  #!

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.CAPTURED_LATE, ("work",)),
    ("captured inside the task, by hand", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn(outer())  #> await spawn(in_current_span(outer()))

     async def outer():
         span = Span.current()  #!
         await span.instrument(job())

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.CAPTURED_LATE, ("work",)),
    ("captured inside the thread", """
     async def main():
         await work()

     @instrument
     async def work():
         await spawn_blocking(late)
         #> await spawn_blocking(lambda span=Span.current(): span.in_scope(late))

     def late():
         Span.current().in_scope(job)  #!

     def job():
         info("seen")
     """, "CurrentThread()", Cause.CAPTURED_LATE, ("work",)),
    ("a thread inside a guard that is right", """
     def leaf():
         info("seen")

     async def main():
         await work()

     @instrument
     async def work():
         span = Span.current()

         def job():
             with span.enter():
                 spawn_thread(leaf).join()  #!
                 #> spawn_thread(lambda span=Span.current(): span.in_scope(leaf)).join()
         await spawn_blocking(job)
     """, "CurrentThread()", Cause.EMPTY_THREAD, ("work",)),
    ("a thread inside a scope that is right", """
     def leaf():
         info("seen")

     async def main():
         await work()

     @instrument
     async def work():
         span = Span.current()

         def job():
             span.in_scope(nested)

         def nested():
             spawn_thread(leaf).join()  #!
             #> spawn_thread(lambda span=Span.current(): span.in_scope(leaf)).join()
         await spawn_blocking(job)
     """, "CurrentThread()", Cause.EMPTY_THREAD, ("work",)),
    ("captured too early", """
     async def main():
         future = in_current_span(job())  #!
         await work(future)

     @instrument(skip_all=True)
     async def work(future):
         await spawn(future)  #> await spawn(in_current_span(future))

     async def job():
         info("seen")
     """, "CurrentThread()", Cause.CAPTURED_LATE, ("work",)),
]  # fmt: skip


def event_of(trace: Trace, text: str = "seen") -> Any:
    return next(event for event in trace.events if event.message == text)


@pytest.mark.parametrize(
    ("text", "on", "cause", "tree"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_fix_gives_the_promised_tree(
    traced: Any, text: str, on: str, cause: Cause, tree: tuple[str, ...]
) -> None:
    """The cause, the line to blame and the fix are right; the fixed program has that tree."""
    bug, fixed, blamed = versions(text)
    level = "info" if cause is Cause.DISABLED else "trace"
    for seed in range(100):  # the first one in which the task moves to another thread
        trace = traced(bug, chosen := on.format(seed=seed), level)
        event = event_of(trace)
        if "seed" not in on or event.parent is None:
            break
    answer = why(trace, event)
    assert answer.cause is cause, str(answer)
    assert answer.tree == tree, str(answer)
    if cause in (Cause.EXPECTED, Cause.EXPLICIT):  # who names a parent wants it so
        assert answer.fix is None
        return
    changed = bug
    for change in sorted(answer.fixes, key=lambda change: -change.line):
        changed = change.apply(changed)
    assert changed == fixed, str(answer)
    again = traced(fixed, chosen, level)
    assert again.scope(event_of(again)) == answer.tree
    assert [step.line for step in answer.steps if step.key] == blamed, str(answer)


@pytest.mark.parametrize("main", programs.ARTICLE, ids=lambda main: main.__name__)
def test_every_event_of_the_article_has_its_story(main: Any) -> None:
    """Each of the article's programs: now is what the trace says, the rest is consistent."""
    trace = run(main()())
    for event in trace.events:
        answer = why(trace, event)
        assert answer.now == trace.scope(event)
        assert (answer.fix is None) == (answer.cause is Cause.EXPECTED)
        assert sum(step.key for step in answer.steps) == (event.message != "in main")


ARTICLE = {
    "lost_parent": (Cause.FUTURE_ONLY, ("sub_task", "work"), 39),
    "block_bound_first": (Cause.CALL_ONLY, ("sub_task", "work"), 66),
    "span_by_hand": (Cause.GUARD_DROPPED, ("sub_task", "work"), 95),
    "awaited": (Cause.GUARD_DROPPED, ("sub_task", "work"), 119),
    "spawned": (Cause.GUARD_DROPPED, ("sub_task", "work"), 143),
    "spawned_instrumented": (Cause.EXPECTED, ("spawned sub_task", "work"), 164),
    "future_first": (Cause.EXPECTED, ("spawned sub_task", "work"), 188),
    "joinset_instrumented": (Cause.EXPECTED, ("spawned sub_task", "work"), 214),
}


@pytest.mark.parametrize("name", ARTICLE)
def test_the_article_has_these_causes(name: str) -> None:
    """`performing task` in each of the article's programs; its sentence names the line."""
    answer = why(run(getattr(programs, name)()()), "performing task")
    cause, tree, line = ARTICLE[name]
    assert (answer.cause, answer.tree) == (cause, tree)
    assert f"line {line}" in answer.sentence


def made(module: Any, name: str) -> Any:
    main = getattr(module, name)()
    return main if inspect.iscoroutine(main) else main()


REFERENCE = [(programs, main.__name__) for main in (*programs.ARTICLE, programs.shapes)] + [
    (variants, main.__name__) for main in variants.ON_MANY_THREADS.values()
]


@pytest.mark.parametrize(("module", "name"), REFERENCE, ids=lambda value: str(value)[:30])
def test_every_fix_of_the_reference_programs_works(tmp_path: Path, module: Any, name: str) -> None:
    """Each fix for each event, made in the file: the event then is in the promised tree."""
    trace, source = run(made(module, name)), Path(module.__file__).read_text(encoding="utf-8")
    future = "from __future__ import annotations\n"
    for event in trace.events:
        answer = why(trace, event)
        assert answer.now == trace.scope(event)
        if not answer.fixes:
            continue
        changed = source
        for change in sorted(answer.fixes, key=lambda change: -change.line):
            changed = change.apply(changed)
        imports = "from spanlab import Span, in_current_span, info_span\n"
        changed = changed.replace(future, future + imports, 1)
        path = tmp_path / f"fixed{next(counter)}.py"
        path.write_text(changed, encoding="utf-8")
        fixed = types.ModuleType("fixed")
        sys.modules["fixed"] = fixed
        exec(compile(changed, str(path), "exec"), vars(fixed))
        again = run(made(fixed, name))
        nth = [e for e in trace.events if e.message == event.message].index(event)
        found = [e for e in again.events if e.message == event.message][nth]
        assert again.scope(found) == answer.tree, str(answer)


# --- what is asked, and how it is shown ----------------------------------------------------------


def test_who_calls_has_a_name_or_is_this_line(tmp_path: Path) -> None:
    """A function has its name; a lambda is a closure, and a cell of a notebook has no name."""
    calls = {"logged()": "This line", "(lambda: logged())()": "The closure", "named()": "`named`"}
    for number, (call, who) in enumerate(calls.items()):
        path = tmp_path / f"calls{number}.py"
        path.write_text(
            f'{IMPORTS}\ndef logged(): info("seen")\n\ndef named(): logged()\n\n'
            f"with recording() as trace:\n    {call}\n",
            encoding="utf-8",
        )
        names: dict[str, Any] = {"__name__": "program"}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
        said = [step.text for step in why(names["trace"], "seen").steps]
        assert f"{who} calls `logged()`, which runs at once" in said


def test_an_event_is_meant_by_its_message_its_number_or_itself() -> None:
    """All three mean the same event; the number is the one in the log."""
    trace = run(programs.lost_parent()())
    answers = {str(why(trace, event)) for event in ("performing task", 4, trace.events[3])}
    assert len(answers) == 1


@pytest.mark.parametrize("event", ["nothing", 0, 5, -1, None])
def test_an_unknown_event_is_refused_with_those_that_there_are(event: Any) -> None:
    """The error lists the messages with their numbers."""
    trace = run(programs.lost_parent()())
    with pytest.raises(UsageError, match=r"(?s)The events are:.*④ performing task"):
        why(trace, event)


def test_an_event_of_another_trace_is_refused() -> None:
    """An event belongs to its trace."""
    with recording() as other:
        info("elsewhere")
    with pytest.raises(UsageError, match="needs an event of the trace"):
        why(run(programs.lost_parent()()), other.events[0])


def test_a_message_said_twice_asks_which() -> None:
    """The error names the numbers, and what to write."""
    with recording() as trace:
        info("again")
        info("again")
    with pytest.raises(UsageError, match=r"2 events say 'again': ①, ②.*why\(trace, 1\)"):
        why(trace, "again")
    assert why(trace, 2).event == trace.events[1]


def test_what_is_no_trace_is_refused() -> None:
    """The error shows the call."""
    with pytest.raises(UsageError, match="needs a trace"):
        why("performing task", 1)  # type: ignore[arg-type]


def test_it_works_on_a_trace_that_was_stored() -> None:
    """The sources travel in the JSON."""
    trace = run(programs.lost_parent()())
    assert str(why(Trace.from_json(trace.to_json()), 4)) == str(why(trace, 4))


def test_without_sources_it_says_what_the_records_say() -> None:
    """No code, or code of another language: the cause is there, the change is not."""
    trace = run(variants.captured_inside())
    for text in ("", "fn main() {}"):
        other = Trace.from_json(trace.to_json())
        other._sources = dict.fromkeys(trace.sources, text)
        answer = why(other, "performing task")
        assert (answer.cause, answer.fix) == (Cause.SPAWNED_BARE, None)
        assert answer.expected == ("work",)
        assert answer.tree == answer.now == ()


def test_the_text_is_the_whole_story() -> None:
    """Steps with their lines, the change, and the tree."""
    text = str(why(run(programs.spawned()()), "performing task"))
    assert "④ `performing task` has no parent: the guard of `sub_task` (line 143)" in text
    assert "programs.py:149: return task()" in text
    assert "The runtime polls task 1 on ThreadId(17)" in text
    assert "The stack of ThreadId(17) is empty" in text
    assert "  - return task()\n  + return in_current_span(task())" in text
    assert "Then it is in `work › sub_task`.\n\nThat is `child`, which fits: task 1" in text
    assert text.endswith("Or `nothing`: no span. It is in no trace that is exported.")


NASTY = "<script>alert(1)</script>'\"` ]]> \u202e\n " + "x" * 10_000


class Tags(HTMLParser):
    """Collects the tags and attributes of a page, and checks that it is well formed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert {name for name, _ in attrs} <= {"class", "dir", "style", "alt", "src"}
        self.tags.add(tag)
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_hostile_names_stay_text() -> None:
    """Span names, messages, fields and source lines are escaped, on one line, and short."""

    async def main():
        with info_span(NASTY, **{"<b>": NASTY}).enter():
            handle = spanlab.spawn(job())
        await handle

    async def job():
        info(NASTY, **{"<i>": NASTY})  # <script>alert(2)</script> \u202e

    answer = why(run(main(), on=CurrentThread()), 1)
    assert isinstance(answer, Why)
    assert answer.cause is Cause.SPAWNED_BARE
    bundle = answer._repr_mimebundle_()
    page = bundle["text/html"].partition("</style>")[2]
    assert "<script" not in page
    assert "\u202e" not in page + bundle["text/plain"] + repr(answer)
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in page
    assert len(page) < 6_000
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert tags.tags <= {"div", "p", "span", "ol", "li", "code", "pre", "del", "ins", "b"}


def test_the_page_has_no_script_and_a_dark_side() -> None:
    """Colours come from the notebook's theme, with fallbacks for plain pages."""
    page = why(run(programs.lost_parent()()), 4)._repr_mimebundle_()["text/html"]
    assert "<script" not in page
    for needed in (
        "var(--jp-layout-color0, light-dark(#ffffff",
        'data-jp-theme-light="false"',
        "prefers-color",
    ):
        assert needed in page


def test_the_story_ends_with_a_panic_of_the_task() -> None:
    """Of this task and not of another, with the message."""
    shown = str(why(panicking(), "before"))
    assert "Task 1 panicked in the end: out of luck" in shown
    assert "panicked" not in str(why(leaking(), "after it"))
