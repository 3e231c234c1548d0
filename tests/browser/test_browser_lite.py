"""The notebooks in JupyterLite, in a real browser with all other hosts cut off.

It needs what `make site` built, so `make site-test` runs it: one lesson, and all with SPANLAB_SOAK.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import need
from journey import Lesson, browser_page, served
from learner import COMMIT
from nbclient import NotebookClient
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST = "01_the_lost_parent"
RUN = Path(os.environ.get("SPANLAB_SITE", "site")) / "run"
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
COMMIT_LAST = COMMIT.replace("_open.values())", "_open.values())[-1:]")  # the others are committed
SECONDS, BYTES = 25, 45_000_000  # the seconds where nothing else runs
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
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the running pages, each notebook with its predictions committed."""
    folder = tmp_path_factory.mktemp("lite") / "run"
    shutil.copytree(RUN, folder)
    for path in folder.glob("files/*.ipynb"):
        nbformat.write(committed(path), path)
    with served(folder) as address:
        yield address


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Give a page of a cold browser that finds no host but this one, and has nothing to restore."""
    with browser_page(need("chromium", "apt-get install chromium"), tmp_path, ALONE) as page:
        page.set_default_timeout(600_000)
        yield page


def committed(path: Path) -> nbformat.NotebookNode:
    """Read a notebook, each prediction committed where it is asked for."""
    notebook, cells = nbformat.read(path, 4), []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "code" and re.search(r"= predict\(", cell.source):
            cells.append(nbformat.v4.new_code_cell(COMMIT_LAST, id=f"{cell.id}-commit"))
    notebook.cells = cells
    return notebook


def said(outputs: list[Any]) -> str:
    """Give the text that a cell shows in the end; its file has a name of its own in each run."""
    parts = []
    for output in outputs:
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/markdown", "")]
    text = re.sub(r"[^\n]*\r", "", "".join("".join(part) for part in parts))  # drawn over
    return re.sub(r"\S*(?:ipykernel_\d+|pyodide_kernel)\S*?\.py", "CELL", text)


def on_cpython(path: Path) -> dict[str, str]:
    """Run the same notebook here, and give what each cell says."""
    notebook = committed(path)
    client = NotebookClient(notebook, timeout=300, record_timing=False, store_widget_state=False,
                            resources={"metadata": {"path": str(path.parent)}})  # fmt: skip
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)})
    return {cell.id: said(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"}


def test_all_of_it_is_small_enough() -> None:
    """Nobody downloads more than that, even who opens everything."""
    assert sum(path.stat().st_size for path in RUN.rglob("*") if path.is_file()) < BYTES


def each() -> list[Any]:
    """List the notebooks, that first with which the browser is cold."""
    paths = sorted(NOTEBOOKS, key=lambda path: path.stem != FIRST)
    marks = {path: [] if path.stem == FIRST else [pytest.mark.soak] for path in paths}
    return [pytest.param(path, id=path.stem, marks=marks[path]) for path in paths]


@pytest.mark.parametrize("path", each())
def test_a_notebook_runs_as_on_cpython(path: Path, page: Page, base: str) -> None:
    """No error, nobody else is asked, each cell says the same but those that are listed."""
    quiet = os.getloadavg()[0] <= 1
    asked, start = list[str](), time.monotonic()
    page.context.on("request", lambda request: asked.append(request.url))
    lesson = Lesson(page, (base, ""), path.stem)
    assert lesson.run_all() == []
    seconds = time.monotonic() - start
    print(f"{path.stem}: {seconds:.1f} s")
    assert [url for url in asked if not url.startswith((base, "data:", "blob:"))] == []
    there, here = dict(page.evaluate(OUTPUTS)), on_cpython(path)
    assert there.keys() == here.keys()
    wrong = {cell for cell, outputs in there.items() if said(outputs) != here[cell]}
    for cell in wrong - OTHERWISE.get(path.stem, set()):
        texts = (text.splitlines() for text in (here[cell], said(there[cell])))
        pytest.fail("\n".join([f"{cell} says something else:", *unified_diff(*texts, lineterm="")]))
    assert not quiet or path.stem != FIRST or seconds < SECONDS
