"""Through four lessons in JupyterLab: predict wrongly, step, change, solve with a hint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need
from journey import IDLE, Lesson, browser_page, copied, jupyter_lab
from playwright.sync_api import Locator, Page, expect
from test_notebooks import LESSONS, solution

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "shots"
CHROMIUM = "apt-get install chromium"
WALKED = [path for path in LESSONS if path.stem[:2] in ("01", "04", "06", "07")]

WRITE = """([id, source]) => {
  const content = window.jupyterapp.shell.currentWidget.content;
  content.activeCellIndex = content.widgets.findIndex(cell => cell.model.id === id);
  if (source !== null) content.activeCell.model.sharedModel.setSource(source);
}"""
CONTROL = {"01": "tweak"}  # what the cell with the control is called, if not `vary`


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    home = tmp_path_factory.mktemp("lab")
    need("chromium", CHROMIUM)
    with jupyter_lab(copied(ROOT / "notebooks", home / "notebooks"), home) as served:
        yield served


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser_page(need("chromium", CHROMIUM), tmp_path_factory.mktemp("profile")) as page:
        yield page


def run_cell(lesson: Lesson, cell: str, source: str | None = None) -> Locator:
    """Run one cell, with another text if one is given, and give what it shows."""
    lesson.page.evaluate(WRITE, [cell, source])
    lesson.command("notebook:run-cell")
    lesson.page.wait_for_timeout(300)
    lesson.page.wait_for_function(IDLE)
    return lesson.output(cell)


@pytest.mark.parametrize("path", WALKED, ids=lambda path: path.stem)
def test_a_reader_walks_through_a_lesson(server: tuple[str, str], page: Page, path: Path) -> None:
    """Every station of the skeleton answers: Predict, Look, Change it, Exercise."""
    lesson = Lesson(page, server, path.stem)
    assert lesson.run_all() == []

    form = lesson.output("predict").locator("section.sl-lesson")
    for group in form.get_by_role("radiogroup").all():
        group.get_by_role("radio").first.click()  # the first choice is not always right
    form.get_by_role("button", name="Commit").click()
    shown = lesson.output("run")
    expect(shown).to_contain_text("You may have thought")
    expect(lesson.output("log")).to_contain_text("Locked")
    assert lesson.run_all() == []
    expect(lesson.output("log")).not_to_contain_text("Locked")

    stepper = lesson.output("step").locator(".sl")
    stepper.get_by_role("button", name="event").click()
    before = stepper.locator("[aria-live]").first.inner_text()
    page.keyboard.press("End")
    expect(stepper.locator("[aria-live]").first).not_to_have_text(before)

    panel = lesson.output(CONTROL.get(path.stem[:2], "vary"))
    panel.get_by_role("radiogroup").first.get_by_role("radio").last.click()
    panel.get_by_role("button", name="Look").click()
    expect(panel).to_contain_text("You said none")

    expect(lesson.output("exercise")).to_contain_text("Not yet")
    expect(run_cell(lesson, "hint")).to_contain_text("Hint 2")
    expect(run_cell(lesson, "exercise", solution(path))).to_contain_text("Right.")
    for theme in "JupyterLab Dark", "JupyterLab Light":
        assert lesson.photograph(SHOTS, theme) > 5
        assert lesson.violations(".sl-lesson, .sl-page, .sl, .sl-figure") == []
