"""The lessons keep the rules they were written by, and each runs from a fresh kernel."""

from __future__ import annotations

import ast
import json
import re
import sys
import textwrap
import time
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import nbformat
import pytest
from conftest import need
from figures import FIGURES, figures
from journey import browser_page
from learner import COMMIT, read_by_learner, spoilers
from nbclient import NotebookClient
from nbformat import NotebookNode
from playwright.sync_api import Page

from spanlab.lesson.questions import Line, question
from spanlab.lesson.questions import texts as lesson_texts

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
REFERENCE = ROOT / "tests" / "reference"
GLOSSARY = ROOT / "notebooks" / "glossary.ipynb"
PITFALLS = ROOT / "notebooks" / "pitfalls.ipynb"
PAGES = [*LESSONS, PITFALLS, GLOSSARY, ROOT / "README.md"]

SKELETON = ["Warm-up", "The code", "Predict", "Run", "Look", "Explain", "Change it", "Exercise",
            "Key points"]  # fmt: skip
FIRST = {"The map", "What this machine can do"}  # what only the first lesson has besides
LINES, SCENARIO, RUST, WORDS, SECONDS = 10, 20, 15, 120, 30
TELLS = lesson_texts()["tell"]
TELLS_ONLY = re.compile(r'\w+\.tell\("([a-z-]+)"\)')
UNTOLD = "This log does not show "  # stands below one that was read
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
DOES_NOT_BELONG = re.compile(
    r"^\s*[!%]|\b(pip|urllib|requests|subprocess|matplotlib|open|exec|eval|IPython|noqa)\b", re.M
)

# What is wider than its place, cut off, outside its picture, or on another word of a picture.
CROWDED = r"""async () => {
  const found = [], box = (node) => node.getBoundingClientRect();
  for (const cell of document.querySelectorAll('.cell')) {
    const say = (what, text) => found.push(`${cell.id}: ${what} ${text.trim().slice(0, 60)}`);
    if (cell.scrollWidth > cell.clientWidth + 1) say('wider than the page', '');
    for (const node of cell.querySelectorAll('*')) {
      const { overflowX, clipPath } = getComputedStyle(node);
      const cuts = ['hidden', 'clip'].includes(overflowX) && clipPath === 'none';
      if (!cuts || node.closest('svg') || !node.clientWidth) continue;
      if (node.scrollWidth > node.clientWidth + 1) say(`cut ${node.className}`, node.textContent);
    }
    for (const image of cell.querySelectorAll('img[src^="data:image/svg"]')) {
      const text = await (await fetch(image.src)).text();
      const host = document.createElement('div');
      host.style = 'position: absolute; top: 0; left: 0; width: max-content';
      host.innerHTML = text.slice(text.indexOf('<svg'));
      document.body.append(host);
      const around = box(host.querySelector('svg'));
      const words = [...host.querySelectorAll('text')].filter((word) => word.textContent.trim());
      words.forEach((word, at) => {
        const a = box(word);
        const wider = a.left < around.left - 1 || a.right > around.right + 1;
        const taller = a.top < around.top - 1 || a.bottom > around.bottom + 1;
        if (wider || taller) say('outside', word.textContent);
        for (const other of words.slice(at + 1)) {
          const b = box(other), wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          const both = `${word.textContent} | ${other.textContent}`;
          if (wide > 2 && high > 4) say('over each other', both);
        }
      });
      host.remove();
    }
  }
  return found;
}"""

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
each_page = pytest.mark.parametrize("path", [*LESSONS, PITFALLS], ids=lambda path: path.stem)


@cache
def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def texts(path: Path) -> list[NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "markdown"]


def codes(path: Path) -> list[NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def told(path: Path) -> dict[str, str]:
    """Give the texts that a page shows after the commit."""
    parts = {name: each for name, each in TELLS.items() if name[:2] == path.name[:2]}
    return {part: text for each in parts.values() for part, text in each.items()}


def every_text(path: Path) -> dict[str, str]:
    """Give all that is written for readers, by the id of its cell or the name of its part."""
    return {cell.id: cell.source for cell in texts(path)} | told(path)


def fenced(path: Path, language: str) -> list[str]:
    """Give what stands in the fences of one language in a lesson."""
    found = [match for text in every_text(path).values() for match in FENCE.findall(text)]
    return [body for name, body in found if name == language]


def recorded(path: Path) -> tuple[str, str]:
    """Give the log that a lesson quotes from the real crates, and the recorded file."""
    (cell,) = [cell for cell in codes(path) if "recorded" in cell.metadata]
    ((_, quoted),) = FENCE.findall(told(path)["recorded"])
    log = REFERENCE / "logs" / f"{cell.metadata['recorded']}.log"
    return quoted, log.read_text(encoding="utf-8")


# ---------------------------------------------------------------- how a lesson is written


@each_lesson
def test_a_lesson_has_the_skeleton(path: Path) -> None:
    """A title that asks, minutes, what comes before, three objectives, and nine headings."""
    title, *_ = texts(path)
    assert re.match(r"# .+\?\n", title.source)
    assert re.search(r"\*\*\d+ minutes\*\* · \*\*Before this:\*\* ", title.source)
    assert len(re.findall(r"^- \*\*[a-z]+\*\* ", title.source, re.M)) == 3
    every = [line for cell in texts(path) for line in re.findall(r"^## (.+)$", cell.source, re.M)]
    first = path == LESSONS[0]
    assert [heading for heading in every if not (first and heading in FIRST)] == SKELETON
    assert not re.search(r"^#{3,} ", "\n".join(cell.source for cell in texts(path)), re.M)


@each_page
def test_cells_are_short(path: Path) -> None:
    """Code has 10 lines at most and a scenario 20, Rust 15, and a text 120 words."""
    for cell in codes(path):
        most = SCENARIO if "def " in cell.source else LINES
        assert len(cell.source.splitlines()) <= most, cell.id
    for name, text in every_text(path).items():
        assert len(FENCE.sub("", text).split()) <= WORDS, name
    for snippet in fenced(path, "rust"):
        assert len(snippet.splitlines()) <= RUST, snippet


@each_page
def test_text_stands_before_every_code_cell(path: Path) -> None:
    """The reader is told what to look for before there is something to run.

    A cell that only tells, after the commit, is a text itself.
    """
    cells = [cell for cell in read(path).cells if not TELLS_ONLY.fullmatch(cell.source)]
    for before, cell in pairwise(cells):
        assert cell.cell_type == "markdown" or before.cell_type == "markdown", cell.id


@each_lesson
def test_a_text_for_after_the_commit_is_told_once(path: Path) -> None:
    """Each has its cell, whose source is folded; and each such cell has its text."""
    telling = {
        cell.id: match for cell in codes(path) if (match := TELLS_ONLY.fullmatch(cell.source))
    }
    assert sorted(match[1] for match in telling.values()) == sorted(told(path))
    folded = {
        cell.id for cell in codes(path) if "source_hidden" in cell.metadata.get("jupyter", {})
    }
    assert folded == set(telling)


@each_page
def test_ids_are_words_and_nothing_is_stored(path: Path) -> None:
    """Ids are made by hand and stay; outputs and counts come from the reader's own run."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    ids = [cell["id"] for cell in raw["cells"]]
    assert len(ids) == len(set(ids))
    assert [id for id in ids if not re.fullmatch(r"[a-z]{3,}(-[a-z]+)*", id)] == []
    assert raw["metadata"]["kernelspec"]["name"] == "python3"
    for cell in raw["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]
    nbformat.validate(raw)


@each_page
def test_cells_hold_only_the_scenario(path: Path) -> None:
    """No downloads, no plotting and no helpers: what a function does is log, await or spawn."""
    for cell in codes(path):
        assert not DOES_NOT_BELONG.search(cell.source), cell.id
        for node in ast.parse(cell.source).body:
            assert not isinstance(node, ast.ClassDef), cell.id
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert re.search(r"\binfo\(|\bawait |\bspawn\(", ast.unparse(node)), node.name
            for module in imports(node):
                own = {"spanlab", "opentelemetry"}
                assert module in own | sys.stdlib_module_names, module


def imports(node: ast.stmt) -> list[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return [name.split(".")[0] for name in names]


@each_page
def test_answers_are_folded(path: Path) -> None:
    """Every fold opens with a summary and is closed in its own cell."""
    for name, text in every_text(path).items():
        tags = re.findall(r"</?(?:details|summary)>", text)
        assert tags == tags[:4] * (len(tags) // 4), name
        assert tags[:4] in ([], ["<details>", "<summary>", "</summary>", "</details>"]), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    """A link to a file names one that is there."""
    source = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\\?\"([^\"\\]+)", source)
    for link in (markdown or html for markdown, html in links):
        if not re.match(r"https://|#", link):
            assert (path.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("path", [LESSONS[0], ROOT / "README.md"], ids=lambda path: path.stem)
def test_the_map_has_every_lesson(path: Path) -> None:
    """The first lesson and the README list the lessons that exist, and no others."""
    source = path.read_text(encoding="utf-8")
    listed = re.findall(r"^ *\"?\| .*?(\d\d_\w+\.ipynb)", source, re.M)
    own = [path.name] if path in LESSONS else []
    assert own + listed == [lesson.name for lesson in LESSONS]


@each_lesson
def test_readme_asks_what_a_lesson_asks(path: Path) -> None:
    """Its picture offers every answer and gives none; beside it are the three ways to open it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [row] = re.findall(rf"^\| .*{path.name}.*$", readme, re.M)
    [(picture, alt)] = re.findall(r'<img src="notebooks/figures/([^"]*)" alt="([^"]*)"', row)
    assert picture == f"{path.stem}.svg"
    assert alt == figures()[picture].alt
    asked = [line for line in question(path.stem[:2]).lines if f", {line.message}: " in alt]
    assert all(f"in {choice}" in alt for choice in asked[0].spans)
    where = [(f"/{path.stem}.html", "Read"), (f"?path={path.name}", "Run"), (path.name, "Binder")]
    assert all(re.search(rf"\[{word}\]\([^)]*{re.escape(to)}\)", row) for to, word in where)


# ---------------------------------------------------------------- what comes from the real crates


@each_page
def test_rust_is_taken_from_a_program_that_compiles(path: Path) -> None:
    """Every Rust snippet stands in a reference program, line by line."""
    programs = [p.read_text(encoding="utf-8") for p in (REFERENCE / "src").rglob("*.rs")]
    assert fenced(path, "rust")
    for snippet in fenced(path, "rust"):
        indented = (textwrap.indent(snippet, " " * depth) for depth in (0, 4, 8))
        assert any(f"\n{lines}" in program for lines in indented for program in programs), snippet


@each_lesson
def test_a_quoted_log_is_the_recorded_one(path: Path) -> None:
    """What a lesson says that the real crates printed is in the log they wrote."""
    quoted, log = recorded(path)
    assert f"\n{quoted.rstrip()}\n" in f"\n{log}"
    if not log.startswith("== "):  # a log in sections is quoted in part
        assert quoted.rstrip("\n") == log.rstrip("\n")


@each_page
def test_every_log_that_is_shown_was_recorded(path: Path) -> None:
    """A log in a text is what one of the programs printed, all of it or a part."""
    logs = [f"\n{log.read_text(encoding='utf-8')}" for log in (REFERENCE / "logs").glob("*.log")]
    for quoted in fenced(path, "text"):
        if quoted.startswith("   INFO"):
            assert any(f"\n{quoted}" in log for log in logs), quoted


@each_lesson
def test_versions_are_those_that_were_recorded(path: Path) -> None:
    """A lesson that names the version of a crate names the one that ran."""
    versions = json.loads((REFERENCE / "logs" / "versions.json").read_text(encoding="utf-8"))
    for name, text in every_text(path).items():
        for crate, version in re.findall(r"\b([a-z-]+) (\d+\.\d+\.\d+)", text):
            assert versions[crate] == version, name


# ---------------------------------------------------------------- running


class Ran(NamedTuple):
    """A lesson that ran in a kernel of its own: all of it, committed, and from the last cell up."""

    seen: dict[str, str]  # before the commit, by cell
    shown: dict[str, str]  # after it
    html: dict[str, str]
    wrong: list[str]  # cells that wrote to stderr
    solved: str
    seconds: float


@cache
def ran(path: Path) -> Ran:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=SECONDS, record_timing=False,
                            store_widget_state=False, kernel_name="python3",
                            resources={"metadata": {"path": str(path.parent)}})  # fmt: skip
    cells = [(at, cell) for at, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    start, after = time.monotonic(), len(notebook.cells)
    with client.setup_kernel():
        for at, cell in cells:
            client.execute_cell(cell, at)
        seconds = time.monotonic() - start
        wrong = [cell.id for _, cell in cells if errors(cell)]
        seen = {cell.id: read_by_learner(cell) for cell in notebook.cells}
        notebook.cells.append(nbformat.v4.new_code_cell(COMMIT))
        client.execute_cell(notebook.cells[after], after)
        client.reset_execution_trackers()  # what it shows again is not where it was
        for at, cell in reversed(cells):
            client.execute_cell(cell, at)
        wrong += [cell.id for _, cell in cells if errors(cell)]
        notebook.cells[after] = nbformat.v4.new_code_cell(solution(path))
        solved = shown(client.execute_cell(notebook.cells[after], after))
    html = {
        cell.id: "".join(each.data.get("text/html", "") for each in cell.outputs if "data" in each)
        for _, cell in cells
    }
    return Ran(seen, {cell.id: shown(cell) for _, cell in cells}, html, wrong, solved, seconds)


@each_lesson
def test_a_lesson_keeps_its_answers_until_the_commit_and_runs_again(path: Path) -> None:
    """Run All shows no answer. After the commit every cell runs once more, from the last up.

    The log it prints then has the spans and threads of the recorded one, and its solution is right.
    """
    lesson = ran(path)
    assert not lesson.wrong
    assert lesson.seconds < SECONDS
    assert list(spoilers(questions_of(path), lesson.seen)) == []
    assert not any("Locked" in text for text in lesson.shown.values())
    assert lesson.solved.startswith("✓ Right."), lesson.solved
    quoted, _ = recorded(path)
    shown = (text.partition(UNTOLD)[0] for text in lesson.shown.values())
    assert masked(quoted) in [masked(text, like=quoted) for text in shown]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    chromium = need("chromium", "apt-get install chromium")
    with browser_page(chromium, tmp_path_factory.mktemp("profile")) as page:
        yield page


@each_lesson
def test_nothing_in_a_lesson_is_cut_off_or_lies_on_another(path: Path, page: Page) -> None:
    """As wide as a notebook's cells are on a screen of 1400, 1280 and 800 pixels."""
    cells = ran(path).html.items()
    inside = "".join(f'<div class="cell" id="{cell}">{html}</div>' for cell, html in cells)
    for width, height in (1100, 1000), (980, 720), (720, 900):
        page.set_viewport_size({"width": width, "height": height})
        page.set_content(f'<body style="margin: 0">{inside}')
        assert page.evaluate(CROWDED) == [], width


def test_what_is_cut_off_or_lies_on_another_is_noticed(page: Page) -> None:
    words = "".join(f'<text x="{x}" y="20">word</text>' for x in (5, 15, 90))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="30">{words}</svg>'
    page.set_content(
        f'<div class="cell" id="a"><img src="data:image/svg+xml,{quote(svg)}"></div>'
        '<div class="cell" id="b" style="width: 90px"><p style="width: 95px">wide</p></div>'
        '<div class="cell" id="c"><p class="p" style="width: 9px; overflow: hidden">long</p></div>'
    )
    assert page.evaluate(CROWDED) == [
        "a: over each other word | word", "a: outside word", "b: wider than the page ",
        "c: cut p long",
    ]  # fmt: skip


def solution(path: Path) -> str:
    """Give what the solution of a lesson writes into the cell of the exercise."""
    fences = FENCE.findall(told(path)["solution"])
    return "\n".join(body for language, body in fences if language == "python")


def questions_of(path: Path) -> list[Line]:
    """Give the lines that a lesson asks about."""
    return list(question(path.name[:2]).lines)


def errors(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == "stderr")


def shown(cell: NotebookNode) -> str:
    return "".join(output.data["text/plain"] for output in cell.outputs if "data" in output)


def masked(text: str, like: str = "    at ") -> str:
    """Hide the place and the number of a worker, or all of it if `like` has no places."""
    if "    at " not in like:
        text = re.sub(r"^    at .*\n", "", text, flags=re.M)
    text = re.sub(r"^    at \S+", "    at PLACE", text, flags=re.M)
    return re.sub(r"ThreadId\((?!1\))\d+\)", "ThreadId(N)", text).rstrip("\n")


@pytest.mark.parametrize("name", sorted(figures()))
def test_the_pictures_are_those_of_this_version(name: str) -> None:
    """A picture in the repository is what `graph` draws now; if not, run `make figures`."""
    kept = (FIGURES / name).read_text(encoding="utf-8")
    assert kept == figures()[name].svg, "the picture is old. Write: make figures"
