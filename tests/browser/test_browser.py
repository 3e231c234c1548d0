"""The lessons in JupyterLab, in a real browser: what a reader sees after "Run All"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need
from journey import Lesson, browser_page, copied, jupyter_lab
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "shots"
CHROMIUM = "apt-get install chromium"


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


def test_run_all_on_the_lost_parent(server: tuple[str, str], page: Page) -> None:
    """All cells run when they are queued at once; log, graph and folds are there after Commit."""
    lesson = Lesson(page, server, "01_the_lost_parent")
    assert lesson.run_all() == []
    expect(lesson.output("log")).to_contain_text("Locked")
    form = lesson.output("predict").locator("section.sl-lesson")
    for group in form.get_by_role("radiogroup").all():
        group.get_by_role("radio").first.click()
    form.get_by_role("button", name="Commit").click()
    expect(lesson.output("run")).to_contain_text("You may have thought")
    assert lesson.run_all() == []

    log = lesson.output("log")
    for seen in ("in main", "performing task", "ThreadId(17)", "in sub_task"):
        expect(log).to_contain_text(seen)
    tops = log.locator(".entry").evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    assert tops == sorted(set(tops)), "the entries stand beside each other"

    graph = lesson.output("graph").locator("figure > img")
    expect(graph).to_have_attribute("alt", re.compile("lost its parent.*spawned in work"))
    assert graph.evaluate("e => e.complete && e.naturalWidth > 300")
    box = graph.bounding_box()
    assert box
    assert box["width"] < 900, "the figure is wider than the notebook"

    fold = page.locator("details", has_text="Answer to the two differences")
    answer = fold.get_by_text("takes the task is a race")
    expect(answer).to_be_hidden()
    fold.locator("summary").click()
    expect(answer).to_be_visible()

    assert lesson.photograph(SHOTS, "JupyterLab Dark") > 5
    assert lesson.photograph(SHOTS, "JupyterLab Light") > 5
