"""The notebooks in JupyterLite, in a real browser with all other hosts cut off.

It needs what `make site` built, so `make site-test` runs it: one lesson, and all with SPANLAB_SOAK.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
from conftest import need
from journey import Lesson, browser_page, served
from learner import COMMIT
from nbclient import NotebookClient
from playwright.sync_api import Page, Route

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST = "01_the_lost_parent"
RUN = Path(os.environ.get("SPANLAB_SITE", "site")) / "run"
SECONDS, BYTES = 25, 45_000_000
OTHERWISE = {  # cells that say something else there, and why
    "00_start_here": {"machine"},  # what this machine can do: no threads there
    "06_it_is_not_the_thread": {"real"},  # real threads, otherwise in each run
    "10_leaving_the_runtime": {"real-run", "real-time", "count", "order"},  # the same
    "11_python_does_it_differently": {"version"},  # of Python
}
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .map(cell => [cell.model.id, cell.model.outputs.toJSON()])"""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(RUN) as address:
        yield address


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """Hold what the page asked of other hosts."""
    return []


@pytest.fixture(scope="module")
def page(base: str, asked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Give a page of a cold browser that reaches this machine alone; its notebooks commit."""

    def answer(route: Route) -> None:
        url = route.request.url
        if not url.startswith((base, "data:", "blob:")):
            asked.append(url)
            route.abort()
        elif urlsplit(url).path.startswith("/files/") and ".ipynb" in url:
            route.fulfill(body=nbformat.writes(committed(json.loads(route.fetch().text()))))
        else:
            route.continue_()

    chromium = need("chromium", "apt-get install chromium")
    with browser_page(chromium, tmp_path_factory.mktemp("profile")) as page:
        page.context.route("**/*", answer)
        page.set_default_timeout(300_000)
        yield page


def committed(data: dict[str, Any]) -> nbformat.NotebookNode:
    """Give a notebook in which each prediction is committed where it is asked for."""
    notebook = nbformat.from_dict(data)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "code" and re.search(r"= predict\(", cell.source):
            cells.append(nbformat.v4.new_code_cell(COMMIT, id=f"{cell.id}-commit"))
    notebook.cells = cells
    return notebook


def said(outputs: list[Any]) -> str:
    """Give the text of all that a cell shows; a cell's file has a name of its own in each run."""
    parts = []
    for output in outputs:
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", "")]
    text = "".join("".join(part) for part in parts)
    return re.sub(r"\S*(?:ipykernel_\d+|pyodide_kernel)\S*?\.py", "CELL", text)


def on_cpython(path: Path) -> dict[str, str]:
    """Run the same notebook here, and give what each cell says."""
    notebook = committed(json.loads(path.read_text(encoding="utf-8")))
    client = NotebookClient(notebook, timeout=300, record_timing=False, store_widget_state=False,
                            resources={"metadata": {"path": str(path.parent)}})  # fmt: skip
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)})
    return {cell.id: said(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"}


def test_all_of_it_is_small_enough(base: str) -> None:
    """Nobody downloads more than that, even who opens everything."""
    assert sum(path.stat().st_size for path in RUN.rglob("*") if path.is_file()) < BYTES


def each() -> list[Any]:
    """List the notebooks, that first with which the browser is cold."""
    paths = sorted(NOTEBOOKS, key=lambda path: path.stem != FIRST)
    marks = {path: [] if path.stem == FIRST else [pytest.mark.soak] for path in paths}
    return [pytest.param(path, id=path.stem, marks=marks[path]) for path in paths]


@pytest.mark.parametrize("path", each())
def test_a_notebook_runs_as_on_cpython(path: Path, page: Page, base: str, asked: list[str]) -> None:
    """No error, nobody else is asked, each cell says the same but those that are listed."""
    start = time.monotonic()
    lesson = Lesson(page, (base, ""), path.stem)
    assert lesson.run_all() == []
    seconds = time.monotonic() - start
    print(f"{path.stem}: {seconds:.1f} s")
    assert asked == []
    there, here = dict(page.evaluate(OUTPUTS)), on_cpython(path)
    assert there.keys() == here.keys()
    wrong = {cell for cell, outputs in there.items() if said(outputs) != here[cell]}
    assert wrong <= OTHERWISE.get(path.stem, set()), [(here[c], said(there[c])) for c in wrong]
    assert path.stem != FIRST or seconds < SECONDS
