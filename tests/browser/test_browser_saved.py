"""What lives in a notebook, saved and opened again: with its kernel, another, none, elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import need
from journey import Lesson, browser_page, jupyter_lab
from nbconvert import HTMLExporter
from nbformat.sign import NotebookNotary
from playwright.sync_api import Locator, Page, expect
from stepping import PROGRAM

SHOTS = Path(__file__).parents[2] / "shots"
CHROMIUM = "apt-get install chromium"
WIDGETS = {  # what lives, by its cell, with a word of it and one that stands where no script runs
    "step": ("step(trace)", "run queue", "1 span and 2 events"),
    "explore": ("explore(main, limit=60)", "2 outcomes", "2 outcomes"),
    "predict": (
        'asked = predict("mine", ["before", "innocent"], spans=["guilty"], threads=[])\nasked',
        "Committed", "You committed to these answers:"),
    "show": ("asked.show(trace)", "1 of 2 right", "What happened: 1 of 2 right"),
    "vary": ("vary(main, on=[CurrentThread(), VirtualThreads(2), VirtualThreads(3)])",
             "innocent", "innocent"),
    "play": ("playground()", "performing task", "performing task"),
}  # fmt: skip
NAMES, WIRES = list(WIDGETS), ["predict", "show", "vary", "play"]
SHUT_DOWN = """async () => {
  await window.jupyterapp.shell.currentWidget.sessionContext.shutdown();
}"""
WIRED = "name => Boolean(globalThis.spanlab?.wires?.[name])"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    profile = tmp_path_factory.mktemp("profile")
    with browser_page(need("chromium", CHROMIUM), profile) as page:
        page.set_viewport_size({"width": 1280, "height": 1000})
        yield page


def shown(page: Page, name: str) -> Locator:
    """Give what a cell shows: in JupyterLab, and on an exported page."""
    return page.locator(".sl-saved").nth(NAMES.index(name))


def answer(card: Locator, line: str, said: str) -> None:
    card.get_by_role("radiogroup", name=line).get_by_label(said, exact=True).click()


@pytest.fixture(scope="module")
def server(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """Run a notebook with everything in it, work with it, and save it."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    lesson = "from spanlab.lesson import playground, predict, vary"
    sources = {"program": f"{lesson}{PROGRAM.rstrip()}"} | {
        name: each[0] for name, each in WIDGETS.items()
    }
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in sources.items()]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, folder / "lived.ipynb")
    with jupyter_lab(folder, home) as (base, token):
        lesson = Lesson(page, (base, token), "lived")
        assert lesson.run_all() == []
        for name in WIRES:
            reaches(page, name)
        card = shown(page, "predict")
        expect(shown(page, "show")).to_contain_text("Locked.")
        answer(card, "line 1, before", "guilty")
        answer(card, "line 2, innocent", "no span")
        card.get_by_role("button", name="Commit").click()
        expect(shown(page, "show")).to_contain_text("1 of 2 right")
        expect(card).not_to_contain_text("no Python hears it")
        expect(card.get_by_role("button", name="Start over")).to_be_focused()
        panel = shown(page, "vary")
        panel.get_by_label("VirtualThreads(2)").click()
        panel.get_by_role("button", name="Look").click()
        expect(panel).to_contain_text("Compared with before")
        lesson.command("docmanager:save")
        page.wait_for_timeout(500)
        yield base, token, folder


def wire(page: Page, name: str) -> str:
    """Name the wire of what lives in a cell."""
    data = shown(page, name).locator('script[type="application/json"]').text_content() or ""
    return re.findall(r'"name": "(\w+)"', data)[0]


def reaches(page: Page, name: str) -> None:
    """Wait until what lives in a cell reaches Python."""
    page.wait_for_function(WIRED, arg=wire(page, name))


def lives(page: Page, name: str) -> None:
    """Show that a widget has its picture and its words, and follows the reader."""
    here, (_, live, _) = shown(page, name), WIDGETS[name]
    expect(here).to_contain_text(re.compile(live))
    expect(here.locator(".sl-still")).to_be_hidden()
    if name == "step":
        here.locator(".sl-say").click()
        page.keyboard.press("End")
        expect(here.locator(".sl-say")).to_contain_text("main is done")
    elif name == "explore":
        here.get_by_role("button", name="innocent").last.click()
        expect(here.get_by_role("group", name="Stepper")).to_be_visible()
    elif name == "predict":
        expect(here.get_by_label("guilty").first).to_be_checked()
        here.get_by_role("button", name="Start over").click()
        answer(here, "line 1, before", "guilty")
        answer(here, "line 2, innocent", "guilty")
        here.get_by_role("button", name="Commit").click()
        expect(here).to_contain_text("no Python hears it")
        expect(shown(page, "show")).to_contain_text("2 of 2 right")
    elif name == "show":
        expect(here.get_by_role("listitem")).to_have_count(2)
    elif name == "vary":
        expect(here.get_by_label("VirtualThreads(2)")).to_be_checked()
        here.get_by_label("CurrentThread()").click()
        here.get_by_role("button", name="Look").click()
        expect(here.get_by_role("status").last).to_contain_text("Compared with before")
        here.get_by_label("VirtualThreads(3)").click()
        here.get_by_role("button", name="Look").click()
        expect(here).to_contain_text("Nobody looked at this choice")
    else:
        expect(here.locator(".sl-lesson figure > img")).to_be_visible()
        here.get_by_label("std::thread").click()
        expect(here).to_contain_text("Nobody looked at this choice")


def test_a_notebook_keeps_no_widget(server: tuple[str, str, Path]) -> None:
    """What a notebook stores is HTML and text, and the last of each."""
    notebook = nbformat.read(server[2] / "lived.ipynb", as_version=4)
    outputs = {cell.id: cell.outputs[-1].data for cell in notebook.cells if cell.outputs}
    assert outputs.keys() == WIDGETS.keys()
    for name, data in outputs.items():
        assert data.keys() == {"text/plain", "text/html"}
        assert "".join(data["text/html"]).startswith('<div class="sl-saved">'), name
    assert "".join(outputs["predict"]["text/plain"]).startswith("You committed")
    assert "".join(outputs["show"]["text/plain"]).startswith("What happened: 1 of 2 right")
    assert "With on = VirtualThreads(2)" in "".join(outputs["vary"]["text/plain"])


def test_opened_again_it_finds_its_kernel(server: tuple[str, str, Path], page: Page) -> None:
    """While the kernel lives, what is opened again has its wire."""
    Lesson(page, server[:2], "lived")
    for name in WIRES:
        expect(shown(page, name)).to_contain_text(WIDGETS[name][1])
        reaches(page, name)
    here = shown(page, "vary")
    here.get_by_label("VirtualThreads(3)").click()
    here.get_by_role("button", name="Look").click()
    expect(here).to_contain_text("Compared with before")
    shoot(page, "kernel")


@pytest.mark.parametrize("kernel", ["another", "none"])
def test_opened_without_its_kernel_it_lives(
    server: tuple[str, str, Path], page: Page, kernel: str
) -> None:
    """With another kernel, and where there is none, each widget goes on from what was stored."""
    folder = server[2]
    if kernel == "another":
        Lesson(page, server[:2], "lived")
        page.evaluate(SHUT_DOWN)
        Lesson(page, server[:2], "lived")
    else:
        notebook = nbformat.read(folder / "lived.ipynb", as_version=4)
        notebook.metadata.kernelspec = {"name": "gone", "display_name": "Gone"}
        nbformat.write(notebook, folder / "gone.ipynb")
        NotebookNotary(data_dir=str(folder.parent / "data")).sign(notebook)
        Lesson(page, server[:2], "gone", kernel=False)
        dialog = page.locator(".jp-Dialog")  # in which to select a kernel
        page.add_locator_handler(dialog, lambda: page.keyboard.press("Escape"))
    for name in WIDGETS:
        lives(page, name)
    assert not any(page.evaluate(WIRED, wire(page, name)) for name in WIRES)
    assert "model not found" not in page.locator(".jp-Notebook").inner_text()
    shoot(page, f"kernel-{kernel}")


def test_in_a_fresh_jupyterlab_its_picture_stands(
    server: tuple[str, str, Path], page: Page, tmp_path: Path
) -> None:
    """Where the notebook is not trusted no script runs: picture and text are there."""
    with jupyter_lab(server[2], tmp_path) as elsewhere:
        Lesson(page, elsewhere, "lived")
        for name, (_, _, still) in WIDGETS.items():
            here = shown(page, name).locator(".sl-still")
            expect(here).to_be_visible()
            text = here.inner_text() + " ".join(
                image.get_attribute("alt") or "" for image in here.locator("img").all()
            )
            assert still in text, name
            if name in ("step", "vary", "play"):
                expect(here.locator("figure > img")).to_be_visible()
        assert "model not found" not in page.locator(".jp-Notebook").inner_text()
        shoot(page, "untrusted")


def test_exported_it_lives(server: tuple[str, str, Path], page: Page, tmp_path: Path) -> None:
    """`nbconvert --to html` makes a page on which each widget goes on."""
    exported, _ = HTMLExporter().from_filename(server[2] / "lived.ipynb")
    (tmp_path / "lived.html").write_text(exported, encoding="utf-8")
    page.goto((tmp_path / "lived.html").as_uri())
    for name in WIDGETS:
        lives(page, name)
    shoot(page, "exported")


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    for each in WIDGETS:
        shown(page, each).screenshot(path=SHOTS / f"kept-{name}-{each}.png")
