"""The teacher's guide keeps its promises: questions, answers, figures and minutes are there."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from itertools import accumulate
from pathlib import Path

import nbformat
import pytest
from learner import COMMIT
from nbclient import NotebookClient

from spanlab.lesson.questions import question

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
GUIDE = NOTEBOOKS / "README.md"
TEXT = GUIDE.read_text(encoding="utf-8")
LESSONS = {path.stem[:2]: path for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))}
QUESTIONS = dict(re.findall(r"^#### (\d\d\.\d [^\n]*)\n(.*?)(?=^#{2,4} |\Z)", TEXT, re.M | re.S))
IDEAS = tomllib.loads(
    (ROOT / "spanlab" / "lesson" / "texts" / "misconceptions.toml").read_text(encoding="utf-8")
)["misconception"]

CELL = re.compile(r"`(?:([A-Z][a-z]+(?: [a-z]+)*)/)?([a-z-]+)`")
ROW = re.compile(r"^\| (.+?) \| (\d+) \| (right|–|`[a-z-]+`) \|$", re.M)
each_question = pytest.mark.parametrize("title", QUESTIONS, ids=lambda title: title[:4])


@cache
def sections(lesson: str) -> dict[str, str]:
    """Give each cell's heading, by its id."""
    found, heading = {}, ""
    for cell in nbformat.read(LESSONS[lesson], as_version=4).cells:
        if cell.cell_type == "markdown" and (match := re.search(r"^## (.+)$", cell.source, re.M)):
            heading = match[1]
        found[cell.id] = heading
    return found


@cache
def printed(lesson: str) -> dict[str, str]:
    """Run a lesson and give what each code cell shows as text."""
    notebook = nbformat.read(LESSONS[lesson], as_version=4)
    at = next(at for at, cell in enumerate(notebook.cells) if cell.id == "predict")
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(COMMIT))
    NotebookClient(notebook, timeout=60, kernel_name="python3", store_widget_state=False,
                   resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()  # fmt: skip
    return {
        cell.id: "".join(
            output.get("text", "") or output.get("data", {}).get("text/plain", "")
            for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def tables(text: str) -> list[list[list[str]]]:
    """Give the tables of a text as rows of cells, without their heads."""
    blocks = re.findall(r"^\|.*\n\|(?:---\|)+\n((?:\|.*\n?)+)", text, re.M)
    return [[row.strip("|\n").split("|") for row in block.splitlines()] for block in blocks]


def timed() -> dict[str, list[list[str]]]:
    """Give the plans and the talks: tables that begin with minutes, by their heading."""
    parts = re.findall(r"^### ([^\n]+)\n(.*?)(?=^#{2,4} |\Z)", TEXT, re.M | re.S)
    return {head: tables(body)[0] for head, body in parts if "\n| minutes | at |" in body}


# ---------------------------------------------------------------- the question bank


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_its_two_questions(lesson: str) -> None:
    """Two for the room, numbered from 1; a third where the lesson is also a talk."""
    numbers = [title[3] for title in QUESTIONS if title[:2] == lesson]
    talks = {head[:2] for head in timed()}
    assert numbers == (["1", "2", "3"] if lesson in talks else ["1", "2"])
    assert re.search(rf"^### {lesson} ", TEXT, re.M)


@each_question
def test_a_question_has_its_answer_its_figure_and_its_minutes(title: str) -> None:
    """One right answer, a split of 100 percent, a cell to ask at and a cell to show."""
    body = QUESTIONS[title]
    assert re.search(r" \(\d minutes\)$", title)
    rows = ROW.findall(body)
    assert len(rows) == len(tables(body)[0])
    assert [reveals for _, _, reveals in rows].count("right") == 1
    assert sum(int(percent) for _, percent, _ in rows) == 100
    assert rows[-1][0] == "not sure"
    order = ["Ask at `", "| answer | expect | reveals |", "**Show** `", "**Answer.** "]
    places = [body.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)


@each_question
def test_an_answer_to_a_prediction_is_that_of_the_lesson(title: str) -> None:
    """The choices, the right one and what a wrong one reveals are those that `predict` has."""
    match = re.search(r"^Ask at `Predict/predict`, line `(.+?)`", QUESTIONS[title], re.M)
    if match is None:
        assert "Ask at `Predict/" not in QUESTIONS[title]
        return
    (line,) = [each for each in question(title[:2]).lines if each.message == match[1]]
    right, _ = line.answer
    sentences = {said: reply[0].misconception for said, reply in line.replies.items()}
    said = {
        answer.replace("`", ""): "" if reveals == "–" else reveals.strip("`")
        for answer, _, reveals in ROW.findall(QUESTIONS[title])[:-1]
    }
    assert set(said) == set(line.spans)
    assert said.pop(right) == "right"
    assert {s: IDEAS[idea] if idea else "" for s, idea in said.items()} == {
        s: sentences[s] for s in said
    }


def test_a_misconception_is_one_that_the_lessons_know() -> None:
    """The list at the end has the sentence of each, and the questions that reveal it."""
    asked: dict[str, list[str]] = {}
    for title, body in QUESTIONS.items():
        for name in {reveals.strip("`") for _, _, reveals in ROW.findall(body)} - {"right", "–"}:
            asked.setdefault(name, []).append(title[:4])
    listed = {
        name.strip(" `"): (sentence.strip(), where.strip().split(", "))
        for name, sentence, where in tables(TEXT.partition("\n## The misconceptions\n")[2])[0]
    }
    assert {name: (IDEAS[name], where) for name, where in asked.items()} == listed


# ---------------------------------------------------------------- minutes


def test_the_plans_are_there() -> None:
    """45 minutes, half a day, a day, and the two talks."""
    minutes = {head: int(rows[-1][0].strip(" *")) for head, rows in timed().items()}
    assert sorted(minutes.values()) == [20, 25, 45, 45, 240, 480]
    for head, total in minutes.items():
        assert all(int(each) == total for each in re.findall(r"(\d+) minutes", head)), head


@pytest.mark.parametrize("head", timed())
def test_minutes_add_up(head: str) -> None:
    """The rows give the total in the last one, and each begins when the one before ends."""
    *rows, total = timed()[head]
    minutes = [int(row[0]) for row in rows]
    assert sum(minutes) == int(total[0].strip(" *"))
    starts = [0, *accumulate(minutes)][:-1]
    assert [row[1].strip() for row in rows] == [f"{at // 60}:{at % 60:02}" for at in starts]


def test_minutes_of_a_lesson_are_those_it_says() -> None:
    """Alone as in the lesson, five more in a room, and a talk where there is a script."""
    listed = tables(TEXT.partition("\n## Minutes\n")[2])[0]
    talks = {h[:2]: rows[-1][0].strip(" *") for h, rows in timed().items() if h[:2] in LESSONS}
    for (lesson, path), row in zip(LESSONS.items(), listed, strict=True):
        title = nbformat.read(path, as_version=4).cells[0].source
        (alone,) = re.findall(r"\*\*(\d+) minutes\*\*", title)
        link, *minutes = (cell.strip() for cell in row)
        assert link.endswith(f"]({path.name})")
        assert minutes == [alone, str(int(alone) + 5), talks.get(lesson, "–")]


@pytest.mark.parametrize("head", [head for head in timed() if head[:2] in LESSONS])
def test_a_talk_asks_each_question_of_its_lesson_and_shows_its_figure(head: str) -> None:
    """A row that asks takes the minutes of the question; its figure is in that row or a later."""
    rows = timed()[head]
    for title, body in QUESTIONS.items():
        if title[:2] != head[:2]:
            continue
        (place,) = [at for at, row in enumerate(rows) if f"Question {title[:4]}" in row[3]]
        assert f"({int(rows[place][0])} minutes)" in title
        figures = {c for part, c in CELL.findall(body.partition("**Show**")[2]) if part}
        shown = {cell for row in rows[place:] for _, cell in CELL.findall(row[2])}
        assert figures
        assert figures <= shown, title


@pytest.mark.parametrize("head", [head for head in timed() if head[:2] not in LESSONS])
def test_a_plan_names_what_is_there(head: str) -> None:
    """Its lessons and its questions exist, and a talk has the minutes of its script."""
    scripts = {name[:2]: rows[-1][0].strip(" *") for name, rows in timed().items()}
    for minutes, _, what in timed()[head][:-1]:
        assert set(re.findall(r"[Ll]esson (\d\d)", what)) <= set(LESSONS)
        assert set(re.findall(r"\d\d\.\d", what)) <= {title[:4] for title in QUESTIONS}
        if talk := re.search(r"[Tt]he talk of lesson (\d\d)", what):
            assert minutes.strip() == scripts[talk[1]]


# ---------------------------------------------------------------- cells, links, what is printed


def parts() -> list[tuple[str, str]]:
    """Give the lesson and the text of each part of the guide that is about one lesson."""
    found = re.findall(r"^### (\d\d) ([^\n]*\n.*?)(?=^#{2,3} |\Z)", TEXT, re.M | re.S)
    found = [(lesson, text) for lesson, text in found if not text.startswith("minutes")]
    assert {lesson for lesson, _ in found} == set(LESSONS)
    return found


@pytest.mark.parametrize(("lesson", "text"), parts(), ids=[lesson for lesson, _ in parts()])
def test_a_cell_is_where_the_guide_says(lesson: str, text: str) -> None:
    """Each `Heading/cell` is a cell of that lesson under that heading."""
    named = [(heading, cell) for heading, cell in CELL.findall(text) if heading]
    assert named
    for heading, cell in named:
        assert sections(lesson).get(cell) == heading, f"{heading}/{cell}"
    cells = [row[2] for rows in tables(text) if len(rows[0]) == 4 for row in rows[:-1]]
    for cell in (cell for row in cells for heading, cell in CELL.findall(row) if not heading):
        assert cell in sections(lesson), cell


def test_what_a_cell_prints_is_printed() -> None:
    """Where the guide says that a cell prints something, running the lesson does."""
    checked = 0
    for title, body in QUESTIONS.items():
        for cell, said in re.findall(r"`[A-Z][a-z ]+/([a-z-]+)`: it prints (.+)", body):
            for words in re.findall(r"`(\d[^`]*)`", said):
                assert words in printed(title[:2])[cell], f"{title}: {words}"
                checked += 1
    assert checked


def test_a_program_of_the_real_crates_is_recorded() -> None:
    """Each program that the guide names has its log."""
    named = re.findall(r"[Tt]he real crates[^:.]*: `(\w+)`", TEXT)
    assert named
    for name in named:
        assert (ROOT / "tests" / "reference" / "logs" / f"{name}.log").exists(), name


def test_links_and_pictures_are_there() -> None:
    """A file exists, a place in the guide has its heading, other addresses are complete."""
    slugs = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, re.M)
    }
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", TEXT)
    for link in (markdown or html for markdown, html in links):
        path, _, place = link.partition("#")
        if re.match(r"https://\w", link):
            continue
        assert not path or (NOTEBOOKS / path).exists(), link
        assert not place or place in slugs, link


def test_the_glossary_has_the_rules_of_the_hand_out() -> None:
    """Lessons name rules by number and link the glossary: the two tables are one."""
    cells = nbformat.read(NOTEBOOKS / "glossary.ipynb", as_version=4).cells
    (table,) = [cell.source.partition("|")[2] for cell in cells if cell.id == "rules"]
    assert "\n| 12 |" in table
    assert f"\n|{table}\n\n" in (NOTEBOOKS / "handout.md").read_text(encoding="utf-8")


def test_names_of_the_code_are_public() -> None:
    """What the guide tells to write can be imported from where it says."""
    from spanlab import lesson

    for name in re.findall(r"`(reset|save|load)\(", TEXT):
        assert name in lesson.__all__
    assert re.search(r"^lab:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
