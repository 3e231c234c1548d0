"""The scaffolding of the lessons: `predict`, `check`, `hint`, `vary`, and what is kept.

What the lessons take for the truth is compared with `reference/logs`, which the real crates wrote.
"""

from __future__ import annotations

import json
import re
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from everything import state_of
from test_reference import clinic, lessons, programs, variants

from spanlab import (
    AsyncioLoop,
    CurrentThread,
    Trace,
    UsageError,
    VirtualThreads,
    info,
    info_span,
    recording,
    run,
)
from spanlab.lesson import check, hint, load, predict, reset, save, vary
from spanlab.lesson import prediction as predict_module
from spanlab.lesson import questions as questions_module
from spanlab.lesson.panel import UNSEEN
from spanlab.lesson.prediction import LOCKED
from spanlab.lesson.questions import NO_SPAN, NOT_SURE, THREADS, Question, names, question, tidy
from spanlab.view import live
from spanlab.view.live import INSTALL

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "spanlab" / "lesson" / "texts"
LOGS = ROOT / "tests" / "reference" / "logs"
RIGHT = [(NO_SPAN, "main"), ("work", "main"), ("work", "main"), ("sub_task", "a worker")]
# asked in the guide alone, or in lessons that are not written yet
TO_COME = {"exited-is-closed", "pass-the-id", "guard-is-fine"}


ONE_LINE = re.compile(r"^2026\S+ +INFO (?:(\w+)\{\w+=\d+\}: )?(.+?)(?: \w+=\d+)?$", re.M)


def data() -> dict[str, dict[str, Any]]:
    return questions_module.texts()


def lost_parent() -> Trace:
    return run(programs.lost_parent()(), on=VirtualThreads(16))


def in_spanlab(program: str) -> Trace:
    """Run the program of this name in spanlab: one of the article, or one that a lesson adds."""
    added = {each.__name__: each for each in (*lessons.PROGRAMS, *clinic.PROGRAMS)}
    added |= variants.ON_ONE_THREAD
    for each in lessons.ON_ASYNCIO:
        if program == each.__name__:
            return run(each(), on=AsyncioLoop(context=True))
    if program == "nested":  # it needs no runtime
        with recording() as trace:
            programs.nested()
        return trace
    if program not in added:
        return run(getattr(programs, program)()())
    alone = program in variants.ON_ONE_THREAD or added[program] in lessons.ON_ONE_THREAD
    return run(added[program](), on=CurrentThread() if alone else None, level="info")


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Every test begins with nothing answered and nothing on the screen."""
    reset()
    predict_module._open.clear()
    yield
    reset()


# ---------------------------------------------------------------- the truth


def recorded(program: str, threads: Sequence[str] = THREADS) -> list[tuple[str, str, str]]:
    """Read a recorded log: message, spans from the root, and the main thread or another."""
    found = []
    text = (LOGS / f"{program}.log").read_text(encoding="utf-8")
    if lines := ONE_LINE.findall(text):  # of a service, on one thread
        return [(message, span or NO_SPAN, threads[0]) for span, message in lines]
    for entry in re.split(r"\n\n+", text.strip("\n")):
        first, place, *scope = entry.splitlines()
        (message,) = re.findall(r"^ *[A-Z]+  (.*)$", first)
        (thread,) = re.findall(r" on ThreadId\((\d+)\)$", place)
        spans = [re.fullmatch(r" *in (.+?)(?: with .*)?", line)[1] for line in scope]  # type: ignore[index]
        found.append((message, " › ".join(reversed(spans)) or NO_SPAN, threads[thread != "1"]))
    return found


@pytest.mark.parametrize("name", names("predict"))
def test_an_answer_is_what_the_real_crates_printed(name: str) -> None:
    """Spans and threads of every line, and its number, are those of the recorded run."""
    program = data()["predict"][name]["program"]
    log = recorded(program, question(name).threads or THREADS)
    for line in question(name).lines:
        message, *answer = log[line.number - 1]
        assert (line.message, list(line.answer)) == (message, answer), f"{name}: {program}"


@pytest.mark.parametrize("name", names("predict"))
def test_spanlab_gives_the_answers_too(name: str) -> None:
    """Who predicts what was recorded is right about what the simulator does."""
    mine = predict(name)
    asks_threads = bool(mine.question.threads)
    for line in mine.question.lines:
        mine.answer(line.number, *(line.answer if asks_threads else line.answer[:1]))
    shown = str(mine.commit().show(in_spanlab(data()["predict"][name]["program"])))
    every = (1 + asks_threads) * len(mine.question.lines)
    assert f"{every} of {every} right · {mine.question.by} printed the same" in shown


@pytest.mark.parametrize("name", names("predict"))
def test_every_wrong_choice_has_a_reply(name: str) -> None:
    """The right answer can be chosen, and each other choice has a reply of its own."""
    asked = question(name)
    for line in asked.lines:
        spans, thread = line.answer
        assert {spans} < set(line.spans), line.message
        wrong = {*line.spans, *asked.threads} - {spans, thread}
        assert set(line.replies) == wrong, line.message
        assert all(reply.text for replies in line.replies.values() for reply in replies)
        assert line.why


@pytest.mark.parametrize("name", names("check"))
def test_the_answer_of_an_exercise_has_a_source(name: str) -> None:
    """It is in a recorded log, or the file says why it cannot be."""
    asked = data()["check"][name]
    assert len(asked["hints"]) >= 2
    assert ("program" in asked) != ("given_by" in asked)
    if "program" in asked and isinstance(asked["answer"], dict):
        log = {message: spans for message, spans, _ in recorded(asked["program"])}
        assert asked["answer"].items() <= log.items()
    assert not check(name, ...)


@pytest.mark.parametrize("name", names("check"))
def test_what_an_exercise_gives_is_in_its_lesson(name: str) -> None:
    """The functions that have to stay, and those to be changed, are those of the notebook."""
    (path,) = (ROOT / "notebooks").glob(f"{name[:2]}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    for key in ("given", "start"):
        for function in data()["check"][name].get(key, "").strip().split("\n\n\n"):
            assert function in code


def test_the_files_of_the_lessons_are_plain() -> None:
    """A file per lesson, no name twice, and only keys that the explanation has."""
    seen: set[tuple[str, str]] = set()
    explained = (FOLDER / "misconceptions.toml").read_text(encoding="utf-8")
    for path in sorted(FOLDER.glob("*.toml")):
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        shared = path.stem == "misconceptions"
        kinds = (
            {"misconception", "difference", "thread"} if shared else {"predict", "check", "tell"}
        )
        assert found.keys() <= kinds, path.name
        for kind, entries in found.items():
            for name, entry in entries.items():
                assert (kind, name) not in seen
                seen.add((kind, name))
                if isinstance(entry, dict):
                    assert name[:2] == path.name[:2], "a name begins with the lesson's number"
                    keys = {*entry, *(key for line in entry.get("line", []) for key in line)}
                    keys = set() if kind == "tell" else keys  # its parts have names of their own
                    assert all(re.search(rf"\b{key}\b", explained) for key in keys)


def test_every_misconception_is_behind_an_answer() -> None:
    """Each is named by a reply, but for those of the lessons to come."""
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("[0-9]*.toml"))
    used = {name for name in data()["misconception"] if f'["{name}", "' in text}
    assert data()["misconception"].keys() - used == TO_COME


# ---------------------------------------------------------------- predict


def answered(name: str = "01", *, wrong: bool = False) -> Any:
    mine = predict(name)
    for number, (spans, thread) in enumerate(RIGHT, 1):
        mine.answer(number, spans, thread)
    return mine.answer(3, "work › sub_task").answer(4, ("sub_task", "work")) if wrong else mine


def test_what_happened_is_locked_until_the_commit() -> None:
    """Nothing of the answer is shown, or sent to the page, before the reader has committed."""
    mine = answered(wrong=True)
    shown = mine.show(lost_parent)
    assert str(shown).startswith("Locked.")
    assert shown.state().keys() == {"locked"}
    assert "replies" not in json.dumps(mine._state())
    mine.commit()
    assert "6 of 8 right" in str(shown)


def test_a_miss_names_the_misconception_behind_it() -> None:
    """Each wrong answer has its own reply, beside what was said and what happened."""
    text = re.sub(r"\s+", " ", str(answered(wrong=True).commit().show(lost_parent())))
    assert "What happened: 6 of 8 right · the real crates printed the same" in text
    assert "✓ 1 in main ThreadId(1) no span ✓ 2 starting work" in text
    assert "✗ 4 performing task ThreadId(17) sub_task (you said work › sub_task)" in text
    assert "You may have thought: A spawned task inherits the spans of its spawner." in text
    other = predict("05")
    other.answer(3, "work", "a worker").answer(4, "work", "main").commit()
    text = str(other.show(run(programs.spawned()())))
    assert "0 of 4 right" in text
    for (reply,) in (r for line in other.question.lines for r in line.replies.values()):
        if reply.misconception.startswith(("Awaiting the handle", "A span made by hand")):
            assert reply.misconception in text


def test_not_sure_is_an_answer() -> None:
    """It is neither a hit nor a miss, and says why the line is where it is."""
    mine = predict("01")
    for number in range(1, 5):
        mine.answer(number, "not sure", "not sure")
    text = str(mine.commit().show(lost_parent()))
    assert "0 of 8 right · 8 not sure" in text
    assert "? 1 in main" in text
    assert "nothing is entered yet" in text
    assert "thought" not in text


def test_a_commit_needs_all_answers_and_locks_them() -> None:
    """What is missing is named; after the commit only `reset` opens it again."""
    with pytest.raises(UsageError, match=r"4 of 4 have none or half.*\.answer\('in main', "):
        predict("01").commit()
    answered().commit()
    with pytest.raises(UsageError, match=r"locked. Write: reset\('01'\)"):
        predict("01").answer(1, "work", "main")
    reset("01")
    assert "[no span | work]   [main | a worker]" in str(predict("01"))


def test_answers_survive_a_cell_that_runs_again() -> None:
    """The same call finds the same prediction; another question drops what does not fit it."""
    mine = answered().commit()
    assert predict("01") is mine
    assert predict("01").kept.committed
    first = predict("mine", ["a", "b"], spans=["x", "y"], threads=[])
    first.answer("a", "x").answer("b", "y").commit()
    changed = predict("mine", ["a", "b"], spans=["x", "z"], threads=[])
    assert changed.kept.lines == {"a": ["x", ""], "b": ["", ""]}
    assert not changed.kept.committed


def test_a_view_is_locked_until_the_commit() -> None:
    """Nothing is called before; after it the view is what it is without a question."""
    mine, called = answered(), []

    def view(trace: Trace, **more: Any) -> str:
        called.append(more)
        return f"{len(trace.events)} events"

    shown = mine.then(view, lost_parent(), n=1)
    assert str(shown) == "Locked. Commit your prediction first, then run this cell again."
    assert "4 events" not in json.dumps(shown._repr_mimebundle_())
    assert not called
    mine.commit()
    assert shown._repr_mimebundle_() == {"text/plain": "'4 events'"}
    assert called == [{"n": 1}]


def test_a_text_is_told_after_the_commit() -> None:
    """It is Markdown, and what it quotes is the recorded log."""
    mine = answered()
    told = mine.tell("recorded")
    assert str(told).startswith("Locked.")
    mine.commit()
    assert told._repr_mimebundle_()["text/markdown"].startswith("The Rust program")


def test_a_teacher_asks_one_line_and_enters_the_votes() -> None:
    """One choice is enough to commit, and the result names what the room said."""
    mine = predict("01", ask=3)
    assert [line.message for line in mine.question.lines] == ["making sub task"]
    with pytest.raises(UsageError, match="choices are 'no span', 'work', 'work › sub_task'"):
        mine.votes({"sub_task": 3})
    mine.votes({"work › sub_task": 12, "work": 9, "not sure": 2})
    text = str(mine.show(lost_parent()))
    assert "0 of 1 right" in text
    assert "the room said: work › sub_task 12, work 9, not sure 2" in text
    assert "`#[instrument]` covers the whole function" in re.sub(r"\s+", " ", text)
    assert not predict("01").kept.committed  # all lines are another question
    with pytest.raises(UsageError, match="ask= is the number of a line: 1, 2, 3, 4, got 5"):
        predict("01", ask=5)


def test_a_changed_program_gets_no_reply_that_was_written_for_another() -> None:
    """The line is still a miss, and the summary says that this is not the recorded program."""
    text = str(answered(wrong=True).commit().show(run(programs.awaited()())))
    assert "not what the real crates printed" in text
    assert "✗ 4 performing task" in text
    assert "thought" not in text.partition("✗ 4")[2]


def test_lines_with_one_message_and_lines_that_are_not_printed() -> None:
    """Equal messages are told apart by their order; what is not printed says so."""

    async def main():
        info("tick")
        with info_span("work").enter():
            info("tick")

    mine = predict("ticks", ["tick", "tick", "tock"], spans=["work"], threads=[])
    mine.answer(1, ()).answer("tick #2", "work").answer("tock", "work").commit()
    text = str(mine.show(run(main())))
    assert "✓ 1 tick" in text
    assert "✓ 2 tick" in text
    assert "not printed" in text


def test_a_line_without_a_message_is_named_by_its_fields() -> None:
    """A prediction and a check call such a line as the views do."""

    async def main():
        info(n=1)

    mine = predict("fields", ["n=1"], spans=["work"], threads=[]).answer(1, ()).commit()
    assert "1 of 1 right" in str(mine.show(run(main())))


@pytest.mark.parametrize(
    ("wrong", "say"),
    [
        (lambda: predict("99"), r"one of '00', .* got '99'"),
        (lambda: predict("x", "in main"), r'are lists, got a string. Write: .*\["in main"\]'),
        (lambda: predict("x", [1]), "the texts of the lines"),
        (lambda: predict("x", ["a"], ["b"], ["main"]), "threads are two names"),
        (lambda: predict("01").answer("nothing", "work"), "a line is 1 or 'in main', 2 or"),
        (lambda: predict("01").answer(1, "other"), "choices are 'no span', 'work', 'not sure'"),
        (lambda: predict("01").answer(1, "work", "both"), "choices are 'main', 'a worker', "),
        (lambda: predict("x", ["a"], ["b"], []).answer(1, "b", "main"), "choices are '', got"),
        (lambda: predict("01").answer(1, 7), r"got 7. Write: \(\"sub_task\", \"work\"\)"),
        (lambda: predict("01").show(7), r"needs a trace, got 7. Write: .show\(run\(main\(\)\)\)"),
        (lambda: reset("never"), "nothing was answered under 'never'"),
        (lambda: hint("99"), "a name to check is one of '00'"),
    ],
)
def test_misuse_says_what_to_write(wrong: Any, say: str) -> None:
    """Every error names what was expected, what came and what to write instead."""
    with pytest.raises(UsageError, match=say):
        wrong()


@pytest.mark.parametrize(
    ("spans", "path"),
    [((), NO_SPAN), ("", NO_SPAN), ("no span", NO_SPAN), ("work", "work"), (["b", "a"], "a › b"),
     (" a>b ", "a › b"), ("a › b c", "a › b c")],
)  # fmt: skip
def test_spans_have_one_form(spans: Any, path: str) -> None:
    """A tuple goes from leaf to root as `scope` does, a string from root to leaf."""
    assert tidy(spans) == path


# ---------------------------------------------------------------- the page


def test_a_page_cannot_unlock_or_invent_answers() -> None:
    """What the browser sends is taken only as far as it is an answer to the question."""
    pytest.importorskip("anywidget")
    mine = predict("01")
    mine._repr_mimebundle_()
    mine._hear({"answers": {"in main": ["<b>", "main"], "more": ["x", "y"]}, "committed": True})
    assert mine.kept.lines["in main"] == ["", "main"]
    assert "more" not in mine.kept.lines
    assert not mine.kept.committed
    mine._hear({"answers": 7})
    answered().commit()
    mine._hear({"answers": {"in main": ["work", "main"]}, "committed": True})
    assert mine.kept.lines["in main"] == [NO_SPAN, "main"]


def test_a_notebook_keeps_what_lives_and_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a widget, which would need its kernel; without anywidget it says what to install."""
    mine, panel = predict("01"), vary(programs.lost_parent())
    everything = mine, panel, mine.show(lost_parent())
    live._wire.cache_clear()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "anywidget", None)
        for each in everything:
            bundle = each._repr_mimebundle_()
            assert bundle["text/plain"] == f"{each!r}\n\n{INSTALL}"
            assert each.card.widget is None
    pytest.importorskip("anywidget")
    for each in everything:
        bundle = each._repr_mimebundle_()
        assert bundle.keys() == {"text/plain", "text/html"}
        assert bundle["text/plain"] == repr(each)
        assert each.still() in bundle["text/html"]
        assert f'"name": "{each.card.widget.model_id}"' in bundle["text/html"]


def test_a_notebook_keeps_the_last_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit and a choice change what was shown, in its place; an answer alone does not."""
    kept = list[tuple[str, str, bool]]()

    def display(bundle: dict[str, str], name: str, again: bool = False) -> None:
        kept.append((bundle["text/plain"], name, again))

    monkeypatch.setattr("spanlab.lesson.card.display", display)
    panel = vary(programs.lost_parent(), on=[VirtualThreads(2), CurrentThread()])
    mine = answered()
    shown = mine.show(lost_parent())
    for each in (mine, shown, panel):
        each._ipython_display_()
    assert [(name, again) for _, name, again in kept] == [
        (each.card.name, False) for each in (mine, shown, panel)
    ]
    assert LOCKED in kept[1][0]
    kept.clear()
    mine.answer("in main", NO_SPAN, "main")
    assert not kept
    mine.commit()
    assert [name for _, name, again in kept if again] == [mine.card.name, shown.card.name]
    assert kept[0][0].startswith("You committed to these answers:")
    assert kept[1][0].startswith("What happened: ")
    panel.pick(on="CurrentThread()")
    assert kept[2][0].startswith("With on = CurrentThread():")


def test_a_panel_goes_on_to_know_what_was_looked_at() -> None:
    """Without Python it shows each choice that was shown, and says so of the others."""
    panel = vary(programs.lost_parent(), on=[VirtualThreads(2), CurrentThread(), VirtualThreads(3)])
    panel.pick(on="CurrentThread()")
    known = panel.known()
    assert known["keys"] == ["VirtualThreads(2)", "CurrentThread()"]
    assert known["unknown"] == UNSEEN
    assert state_of(known, "CurrentThread()")["log"] == panel._state()["log"]
    assert known["news"][0][1] == panel._state()["said"][1]


# ---------------------------------------------------------------- check and hint


def test_check_says_not_yet() -> None:
    """`...` is no answer yet, alone or inside; the result is false and says how to get help."""
    for open_answer in (..., {"in main": ...}, {"in main": (...,)}):
        said = check("01", open_answer)
        assert not said
        assert str(said) == "Not yet: put your answer in place of `...`. For help: `hint('01')`"


def test_check_names_what_is_wrong_and_why() -> None:
    """Every wrong line that was written is named with its reply, or with how its spans differ."""
    wanted = {"in main": "x", "starting work": (), "making sub task": "work"}
    said = str(check("01", wanted))
    assert said.startswith("✗ Not yet.")
    assert "`in main` is in `x`: it should be in none" in said
    assert "`starting work` is in no span: a span is missing" in said
    assert "`making sub task` is in `work`: that is what the line got" in said
    assert "`performing task`: this line is not there" in said


@pytest.mark.parametrize(
    ("said", "wanted", "why"),
    [("a", "a › b", "further in"), ("b", "a › b", "further out"), ("a › x", "a › b", "`x` should"),
     ("a › c", "a › b › c", "one span is missing")],
)  # fmt: skip
def test_a_difference_is_explained_without_a_reply(said: str, wanted: str, why: str) -> None:
    """A wrong answer that nobody foresaw is still told where to look."""
    from spanlab.lesson.exercise import _difference

    assert why in _difference(said, wanted)


def test_check_takes_the_right_answer_in_every_form() -> None:
    """Tuples as `scope` gives them, and strings; true, with a word on why."""
    both = ("sub_task", "work")
    wanted = {"in main": (), "starting work": ("work",), "making sub task": both}
    assert check("01", {**wanted, "performing task": "work > sub_task"})
    said = check("01", {**wanted, "performing task": both})
    assert str(said).startswith("✓ Right. ")
    assert "<code>sub_task</code>" in said._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("name", ["01", "05"])
def test_what_is_no_answer_is_an_error_that_shows_one(name: str) -> None:
    """A function, a future and a number are neither a run nor a dictionary."""

    async def work():
        info("never")

    for wrong in (7, work, work()):  # the last is closed: nobody will await it
        with pytest.raises(UsageError, match=r"this exercise needs .* Write: (check\(|\{)"):
            check(name, wrong)


def test_check_of_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong choice has its reply; what is no choice gets the list of them."""
    asked = {"answer": "b", "right": "It polls.", "hints": ["1", "2"],
             "reply": {"a": ["inherits", "It does not."]}}  # fmt: skip
    monkeypatch.setitem(data()["check"], "x", asked)
    assert check("x", " B ")
    assert "You may have thought: A spawned task" in str(check("x", "a"))
    assert "none of the choices `a`, `b`" in str(check("x", 3))


def test_words_of_the_reader_are_escaped() -> None:
    """What a reader wrote cannot become HTML."""
    said = check("01", {"in main": "<script>alert(1)</script>"})
    assert "<script" not in said._repr_mimebundle_()["text/html"]


def test_hints_are_folded_and_do_not_burn() -> None:
    """All are there each time, one fold for each; one of them comes as text by its number."""
    first, again = (hint("01")._repr_mimebundle_() for _ in range(2))
    assert first == again
    assert first["text/html"].count("<details>") == 2
    assert first["text/plain"] == "2 hints. For the first write: `hint('01', 1)`"
    assert str(hint("01", 2)).startswith("Hint 2 of 2: Both lines")
    with pytest.raises(UsageError, match="from 1 to 2, got 3"):
        hint("01", 3)


# ---------------------------------------------------------------- the file


def test_save_and_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers come back in a new session, committed ones locked."""
    monkeypatch.chdir(tmp_path)
    answered(wrong=True).commit()
    said = str(save())
    assert said.startswith("Saved the answers to 1 question in `my_answers.json`.")
    reset()
    assert not predict("01").kept.committed
    assert str(load()) == "Loaded the answers to 1 question."
    assert "6 of 8 right" in str(predict("01").show(lost_parent()))
    save()  # its own file may be written again
    assert [path.name for path in tmp_path.iterdir()] == ["my_answers.json"]


def test_save_touches_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a reader's own files are called; and nothing is left beside the answers."""
    monkeypatch.chdir(tmp_path)
    mine = [tmp_path / f"my_answers.json{ending}" for ending in (".part", ".tmp", "~")]
    for path in mine:
        path.write_text("my own text")
    answered()
    save()
    assert [path.read_text() for path in mine] == ["my own text"] * 3
    assert set(tmp_path.iterdir()) == {*mine, tmp_path / "my_answers.json"}


def test_the_answers_of_two_notebooks_share_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one saved stays when the other saves; what both answered is that of the later one."""
    monkeypatch.chdir(tmp_path)
    answered().commit()
    save()
    reset()  # another notebook knows nothing of the first
    predict("mine", ["a"], spans=["x", "y"], threads=[]).answer("a", "x")
    assert str(save()).startswith("Saved the answers to 2 questions")
    reset()
    predict("mine", ["a"], spans=["x", "y"], threads=[]).answer("a", "y")
    save()
    reset()
    assert str(load()) == "Loaded the answers to 2 questions."
    assert predict("01").kept.committed
    again = predict("mine", ["a"], spans=["x", "y"], threads=[])
    assert again.kept.lines == {"a": ["y", ""]}


@pytest.mark.parametrize("call", [save, load])
def test_a_file_is_given_by_its_name(call: Any) -> None:
    """A number is none; the error shows the call."""
    with pytest.raises(UsageError, match=r"by its name, got 5\. Write: (save|load)\(\"my_answers"):
        call(5)


GOOD = {"lines": {"in main": ["work", "main"]}, "committed": False}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "damaged at line 1, column 2"),
        ("[]", "does not say 'spanlab answers 1'"),
        ('{"format": "spanlab answers 2"}', "does not say"),
        ('{"format": "spanlab answers 1"}', "has no answers"),
        ("[" * 100_000, "nested too deep|damaged"),
        ("x" * 1_000_001, "too large"),
        ({"01": {**GOOD, "committed": 1}}, "answers to '01' are damaged"),
        ({"01": {**GOOD, "lines": {"in main": ["work"]}}}, "answers to '01' are damaged"),
        ({"01": {**GOOD, "lines": {"in main": ["work", 1]}}}, "answers to '01' are damaged"),
        ({"ok": GOOD, "01": {**GOOD, "more": 1}}, "answers to '01' are damaged"),
    ],
)
def test_a_damaged_or_foreign_file_changes_nothing(tmp_path: Path, text: Any, why: str) -> None:
    """The error says what is wrong; what was answered stays, and the file is not overwritten."""
    path = tmp_path / "other.json"
    if isinstance(text, dict):
        text = json.dumps({"format": "spanlab answers 1", "answers": text})
    path.write_text(text, encoding="utf-8")
    answered()
    before = dict(predict_module.store)
    with pytest.raises(UsageError, match=f"save\\(\\) wrote, got 'other.json': .*({why}).*loaded"):
        load(path)
    assert predict_module.store == before
    with pytest.raises(UsageError, match="Nothing was overwritten"):
        save(path)
    assert path.read_text(encoding="utf-8") == text


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    """Loading what was never saved, or a picture, says so."""
    with pytest.raises(UsageError, match=r"there is no such file.*Write: save"):
        load(tmp_path / "none.json")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(UsageError, match="it is no text"):
        load(tmp_path / "picture.png")


# ---------------------------------------------------------------- vary


def test_vary_follows_its_controls() -> None:
    """Log and graph are those of what is picked, and a sentence says what changed."""
    panel = vary(
        programs.lost_parent(), on=[VirtualThreads(16), VirtualThreads(2), CurrentThread()]
    )
    assert list(panel.picked.values()) == ["VirtualThreads(16)"]
    assert "ThreadId(17)" in str(panel)
    panel.pick(on="CurrentThread()")
    assert "ThreadId(17)" not in str(panel)
    news = "“performing task” moved to another thread; no spans changed."
    assert panel._state()["said"] == ["", f"Compared with before: {news}"]
    assert panel._state()["graph"]["svg"] == panel.figure.svg


def test_vary_of_variants_and_of_a_range() -> None:
    """Functions are labelled by their names, and numbers by themselves."""
    before, after = programs.spawned(), programs.spawned_instrumented()
    fix = {"as it was": before, "with .instrument": after}
    panel = vary(lambda version: version(), version=fix, on=[CurrentThread()])
    panel.pick(version="with .instrument")
    assert (
        "“performing task” moved from no span to `work › spawned sub_task`"
        in panel._state()["said"][1]
    )
    many = vary(lambda n: run(before(), on=VirtualThreads(n)), n=range(1, 17))
    assert many._state()["controls"] == [["n", [str(n) for n in range(1, 17)]]]
    assert vary(lambda f: f(), f=[before])._state()["controls"] == [["f", ["main"]]]


def test_another_place_in_the_source_is_no_change_of_a_line() -> None:
    """A line is marked for what the sentence tells: its message, its thread, its spans."""

    async def one():
        info("said")

    async def other():
        info("said")

    async def spanned():
        with info_span("work").enter():
            info("said")

    panel = vary(lambda version: version(), version=[one, other, spanned])
    lines = [panel.pick(version=name)._state()["log"][0] for name in ("one", "other", "spanned")]
    assert len({line["before"] for line in lines}) == 3
    assert lines[0]["same"] == lines[1]["same"] != lines[2]["same"]


def test_a_choice_may_have_any_name() -> None:
    """Even that of the parameter."""

    async def main(make):
        info(make)

    panel = vary(main, make=["a", "b"]).pick(make="b")
    assert [event.message for event in panel.trace.events] == ["b"]


def test_lines_with_one_message_are_counted() -> None:
    """A sentence that says a message twice says nothing more."""

    async def main(n):
        with info_span(f"s{n}").enter():
            _ = [info("again") for _ in range(3)]

    news = vary(main, n=[1, 2]).pick(n=2)._state()["said"][1]
    assert news == "Compared with before: no thread changed; “again” (×3) moved from `s1` to `s2`."


def test_a_new_order_is_told_and_new_lines_are_counted() -> None:
    """The order is only spoken of where both runs print the same lines."""

    async def main(words):
        _ = [info(word) for word in words.split()]

    panel = vary(main, words=["a b", "b a", "b a c"])
    same = "Compared with before: no thread changed; no spans changed; "
    assert panel.pick(words="b a")._state()["said"][1] == f"{same}the order of the lines changed."
    assert panel.pick(words="b a c")._state()["said"][1] == f"{same}1 new, 0 gone."
    assert panel.pick(words="a b")._state()["said"][1] == f"{same}0 new, 1 gone."


def test_an_answer_says_which_question_it_belongs_to() -> None:
    """Whatever the page asks, right or wrong, it finds its own turn in the answer."""
    pytest.importorskip("anywidget")
    panel = vary(programs.lost_parent(), on=[VirtualThreads(2), CurrentThread()])
    panel._repr_mimebundle_()
    for turn, label in [("1", "CurrentThread()"), ("2", "CurrentThread()"), ("3", "nowhere")]:
        panel.card.widget.said = {"turn": turn, "picked": {"on": label}}
        state = panel.card.widget.state
        assert (state["turn"], state["picked"]) == (turn, {"on": "CurrentThread()"})
        assert ("nowhere" in state["error"]) == (turn == "3")


def test_a_control_is_followed_in_time() -> None:
    """Run, log and graph together take less than 200 ms."""
    panel = vary(programs.joinset_instrumented(), on=[VirtualThreads(n) for n in range(1, 9)])
    took = []
    for n in range(2, 9):
        start = time.perf_counter()
        panel.pick(on=f"VirtualThreads({n})")
        panel._state()
        took.append(time.perf_counter() - start)
    assert min(took) < 0.2, took


def test_a_failing_program_leaves_the_panel_as_it_was() -> None:
    """The error is raised in text and shown on the page; what was picked stays."""

    async def main(by):
        info("a quotient", n=6 // by)

    panel = vary(main, by=[1, 0])
    with pytest.raises(ZeroDivisionError):
        panel.pick(by=0)
    assert panel.picked == {"by": "1"}
    pytest.importorskip("anywidget")
    panel._repr_mimebundle_()
    panel.card.widget.said = {"picked": {"by": "0"}}
    assert panel.card.widget.state["error"].startswith("ZeroDivisionError: ")
    panel.card.widget.said = {"picked": {"by": "1"}}
    assert panel.card.widget.state["error"] == ""


@pytest.mark.parametrize(
    ("wrong", "say"),
    [
        (lambda: vary(7), r"needs a function, got 7. Write: vary\(main"),
        (lambda: vary(programs.lost_parent(), on="x"), "choices of 'on' are a list"),
        (lambda: vary(programs.lost_parent(), on=[]), "choices of 'on' are a list"),
        (lambda: vary(lambda: lost_parent(), on=[CurrentThread()]), r"Write: vary\(lambda on: run"),
        (lambda: vary(programs.lost_parent(), on=[CurrentThread()]).pick(on="x"),
         r"choices of 'on' are 'CurrentThread\(\)', got 'x'"),
        (lambda: vary(programs.lost_parent(), on=[CurrentThread()]).pick(off=1),
         "controls are 'on', got 'off'"),
    ],
)  # fmt: skip
def test_misuse_of_vary_says_what_to_write(wrong: Any, say: str) -> None:
    """Every error names what was expected, what came and what to write instead."""
    with pytest.raises(UsageError, match=say):
        wrong()


def test_questions_are_plain_data() -> None:
    """A question can be compared: two calls with the same arguments ask the same."""
    assert question("01") == question("01")
    assert isinstance(question("01"), Question)
    assert NOT_SURE not in question("01").lines[0].spans
