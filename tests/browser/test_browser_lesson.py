"""What a reader does with `predict` and `vary`, in JupyterLab and a real browser."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import need
from journey import IDLE, Lesson, browser_page, jupyter_lab
from playwright.sync_api import Locator, expect

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "shots"
CHROMIUM = "apt-get install chromium"
PROGRAM = """
from spanlab import CurrentThread, JoinSet, VirtualThreads, info, instrument, run
from spanlab.lesson import predict, vary

async def main():
    info("in main")
    await work()

@instrument
async def work():
    info("starting work")
    tasks = JoinSet()
    tasks.spawn(sub_task())
    while await tasks.join_next():
        pass

@instrument
def sub_task():
    info("making sub task")

    async def task():
        info("performing task")

    return task()
"""
CELLS = {
    "program": PROGRAM.strip(),
    "predict": 'predict("01")',
    "show": 'trace = run(main(), on=VirtualThreads(16))\npredict("01").show(trace)',
    "keys": 'predict("05")',
    "keys-shown": 'predict("05").show(run(main()))',
    "own": 'predict("mine", ["in main", "starting work"], spans=["work"], threads=[])',
    "change": "vary(main, on=[VirtualThreads(16), VirtualThreads(2), CurrentThread()])",
    "slide": "vary(lambda workers: run(main(), on=VirtualThreads(workers)), workers=range(1, 17))",
    "slow": "import time\n\nvary(lambda wait: time.sleep(wait) or run(main()), wait=[0, 3])",
    "breaks": "async def cut(by):\n    info('a', n=6 // by)\n\nvary(cut, by=[1, 0])",
}
RERUN = """id => {
  const content = window.jupyterapp.shell.currentWidget.content;
  content.activeCellIndex = content.widgets.findIndex(cell => cell.model.id === id);
}"""
MODE = "() => window.jupyterapp.shell.currentWidget.content.mode"
CELL_COUNT = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    """One notebook with all that is tried here, open in a page."""
    chromium, home = need("chromium", CHROMIUM), tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(code, id=name) for name, code in CELLS.items()]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook.metadata.update(kernel)
    (home / "notebooks" / "tried.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with (
        jupyter_lab(home / "notebooks", home) as server,
        browser_page(chromium, tmp_path_factory.mktemp("profile")) as page,
    ):
        opened = Lesson(page, server, "tried")
        assert opened.run_all() == []
        yield opened


def card(lesson: Lesson, cell: str) -> Locator:
    return lesson.output(cell).locator("section.sl-lesson")


def choose(card: Locator, group: str, option: str) -> None:
    asked = card.get_by_role("radiogroup", name=group)
    asked.get_by_role("radio", name=option, exact=True).click()


def rerun(lesson: Lesson, cell: str) -> None:
    """Run one cell again, as a reader does."""
    lesson.page.evaluate(RERUN, cell)
    lesson.command("notebook:run-cell")
    lesson.page.wait_for_timeout(300)
    lesson.page.wait_for_function(IDLE)


def theme(lesson: Lesson, name: str) -> None:
    """Choose a theme; JupyterLab trips over its own splash if the next comes before it is gone."""
    lesson.theme(f"JupyterLab {name}")
    expect(lesson.page.locator("#jupyterlab-splash")).to_have_count(0)


def photograph(card: Locator, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    card.screenshot(path=SHOTS / f"{name}.png")


def test_predict_wrongly_commit_and_see_the_misconception(lesson: Lesson) -> None:
    """What happened is locked, the commit opens it, and a miss has its misconception beside it."""
    form, shown = card(lesson, "predict"), card(lesson, "show")
    expect(shown).to_contain_text("Locked")
    expect(shown).not_to_contain_text("ThreadId")
    commit = form.get_by_role("button", name="Commit")
    expect(commit).to_have_attribute("aria-disabled", "true")
    photograph(form, "predict-open-light")

    spans = ["no span", "work", "work › sub_task", "work › sub_task"]
    messages = ["in main", "starting work", "making sub task", "performing task"]
    for line, (message, path) in enumerate(zip(messages, spans, strict=True), 1):
        choose(form, f"line {line}, {message}: in span", path)
        if line < 4:
            choose(form, f"line {line}, {message}: on thread", "main")
    commit.click(force=True)  # one is left: that moves to it
    assert lesson.page.evaluate("() => document.activeElement.value") == "main"
    expect(form).to_contain_text("7 of 8 answered")
    choose(form, "line 4, performing task: on thread", "a worker")
    photograph(form, "predict-answered-light")
    commit.click()

    expect(shown).to_contain_text("6 of 8 right · the real crates printed the same")
    expect(shown.get_by_role("listitem")).to_have_count(4)
    missed = shown.get_by_role("listitem").filter(has_text="performing task")
    expect(missed).to_contain_text("in sub_task")
    expect(missed).to_contain_text("you said work › sub_task")
    expect(missed).to_contain_text("You may have thought: A spawned task inherits")
    expect(form.get_by_role("radio").first).to_be_disabled()
    photograph(shown, "predict-shown-light")
    theme(lesson, "Dark")
    photograph(form, "predict-committed-dark")
    photograph(shown, "predict-shown-dark")
    theme(lesson, "Light")


def test_the_answer_is_kept_when_the_cell_runs_again(lesson: Lesson) -> None:
    """A cell that is run again shows the same answers, still locked."""
    rerun(lesson, "predict")
    form = card(lesson, "predict")
    group = form.get_by_role("radiogroup", name="line 4, performing task: in span")
    expect(group.get_by_role("radio", name="work › sub_task")).to_be_checked()
    expect(form).to_contain_text("your answers are kept")
    rerun(lesson, "show")
    expect(card(lesson, "show")).to_contain_text("6 of 8 right")
    form.get_by_role("button", name="Start over").click()
    expect(card(lesson, "show")).to_contain_text("Locked")
    expect(form).to_contain_text("0 of 8 answered")


def test_the_keyboard_is_enough_and_leaks_no_shortcut(lesson: Lesson) -> None:
    """Digits and arrows choose, Enter goes on, and the notebook hears none of it."""
    form, page = card(lesson, "keys"), lesson.page
    cells = page.evaluate(CELL_COUNT)
    form.get_by_role("radio").first.focus()
    assert page.evaluate(MODE) == "command"
    for key in ("3", "Enter", "1", "Enter", "1", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    for key in ("a", "b", "d", "d", "m", "j"):
        page.keyboard.press(key)
    assert page.evaluate(CELL_COUNT) == cells
    page.keyboard.press("2")
    expect(form.get_by_role("radio", checked=True)).to_have_count(4)
    page.keyboard.press("Enter")
    expect(form.get_by_role("button", name="Commit")).to_be_focused()
    page.keyboard.press("Enter")
    happened = card(lesson, "keys-shown")
    expect(happened).to_contain_text("What happened")
    expect(happened).to_contain_text("not what the real crates printed")  # another program was run
    photograph(form, "predict-keys-light")


def test_controls_change_log_and_graph(lesson: Lesson) -> None:
    """A choice asks for a guess; the look redraws log and graph, and says what changed."""
    panel = card(lesson, "change")
    panel.scroll_into_view_if_needed()
    expect(panel).to_contain_text("ThreadId(17)")
    image = panel.locator("img")
    photograph(panel, "vary-first-light")
    panel.get_by_role("radio", name="CurrentThread()", exact=True).click()
    expect(panel).to_contain_text("Which lines will change")
    expect(panel).to_contain_text("ThreadId(17)")
    for number in ("3", "4"):
        panel.get_by_role("checkbox", name=number, exact=True).check(force=True)
    photograph(panel, "vary-guess-light")
    start = time.monotonic()
    panel.get_by_role("button", name="Look").click()
    expect(panel).not_to_contain_text("ThreadId(17)")
    expect(panel).to_contain_text("✗ You said 3, 4; 4 changed.")
    print(f"{time.monotonic() - start:.2f} s from the click to the new log")
    expect(panel).to_contain_text("“performing task” moved to another thread; no spans changed")
    lost = "sub_task on ThreadId(1) lost its parent: its task was spawned in work."
    expect(image).to_have_attribute("alt", f"2 spans and 4 events on 1 thread. {lost}")
    assert image.evaluate("e => e.decode().then(() => e.naturalWidth > 200)")
    photograph(panel, "vary-changed-light")
    theme(lesson, "Dark")
    photograph(panel, "vary-changed-dark")
    theme(lesson, "Light")


def test_a_slider_and_an_error(lesson: Lesson) -> None:
    """Many choices are a slider; a program that fails says so and leaves the controls alive."""
    panel = card(lesson, "slide")
    slider = panel.get_by_role("slider", name="workers")
    slider.focus()
    for _ in range(3):
        lesson.page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "4")
    panel.get_by_role("button", name="Look").click()
    expect(panel).to_contain_text("You said none")
    expect(panel).to_contain_text("ThreadId(5)")
    photograph(panel, "vary-slider-light")
    broken = card(lesson, "breaks")
    broken.get_by_role("radio", name="0", exact=True).click()
    broken.get_by_role("button", name="Look").click()
    expect(broken).to_contain_text("Error")
    broken.get_by_role("radio", name="1", exact=True).click()
    expect(broken).not_to_contain_text("Error")


def test_nothing_old_is_shown_while_python_runs(lesson: Lesson) -> None:
    """A program that takes long is waited for, and then its log and graph are there again."""
    panel = card(lesson, "slow")
    panel.get_by_role("radio", name="3", exact=True).click()
    panel.get_by_role("button", name="Look").click()
    expect(panel.get_by_text("Waiting for Python.")).to_be_visible()
    expect(panel.locator(".shown")).to_be_hidden()
    expect(panel.locator(".shown")).to_be_visible()
    expect(panel).to_contain_text("no thread changed; no spans changed")
    expect(panel.get_by_text("Waiting for Python.")).to_be_hidden()


def test_nothing_is_cut_off_on_a_narrow_page(lesson: Lesson) -> None:
    """On a phone's width everything is still there, below each other."""
    lesson.command("application:toggle-left-area")
    lesson.page.set_viewport_size({"width": 560, "height": 1000})
    for cell in ("predict", "keys", "own", "change"):
        shown = card(lesson, cell)
        shown.scroll_into_view_if_needed()
        assert shown.evaluate("e => e.scrollWidth <= e.clientWidth"), cell
        photograph(shown, f"narrow-{cell}")
    lesson.page.set_viewport_size({"width": 1280, "height": 800})
    lesson.command("application:toggle-left-area")
    lesson.page.locator("section.sl-lesson").first.scroll_into_view_if_needed()
    lesson.page.screenshot(path=SHOTS / "predict-page-light.png")
