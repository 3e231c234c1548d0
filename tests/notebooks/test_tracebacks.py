"""An error ends at the reader's own line, in a notebook and in a script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = {  # what a cell does wrong, and the last line of its own that is shown
    "async def main():\n    spawn(5)\nrun(main())": "spawn(5)",
    "async def main():\n    await spawn(sleep(0))\n    1 / 0\nrun(main())": "1 / 0",
    "@instrument\nasync def work():\n    undefined_name\nrun(work(), on=AsyncioLoop())": (
        "undefined_name"
    ),
    "async def main():\n    await spawn(pending())\nrun(main())": "run(main())",
    "async def main():\n    while True:\n        info('x')\nrun(main(), records=999)": "info('x')",
    "async def main():\n    while True:\n        await yield_now()\nrun(main(), polls=50)": (
        "run(main(), polls=50)"
    ),
    "async def main():\n    spawn(5)\nawait arun(main())": "spawn(5)",
    "async def fails():\n    1 / 0\nasync def main():\n    await spawn(fails())\nrun(main())": (
        "await spawn(fails())"
    ),
}
IN_A_CELL = {**CELLS, "log(5)": "log(5)", "spawn(5)": "spawn(5)"}


def shown(traceback: str) -> str:
    """Give the traceback as plain text."""
    return re.sub(r"\x1b\[[0-9;]*m", "", traceback)


@pytest.fixture(scope="module")
def outputs() -> dict[str, str]:
    """Run every cell in one kernel, and give what each shows of its error."""
    sources = ["from spanlab import *", *IN_A_CELL]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    errors = {}
    for cell in notebook.cells[1:]:
        found = [out for out in cell.outputs if out.output_type == "error"]
        errors[cell.source] = shown("\n".join(found[0].traceback))
    return errors


@pytest.mark.parametrize("source", IN_A_CELL)
def test_an_error_in_a_cell_ends_at_the_readers_line(source: str, outputs: dict[str, str]) -> None:
    """No frame of the package is shown, neither last nor between the reader's own."""
    marked = re.findall(r"^-+> *\d+ *(.*)$", outputs[source], re.M)
    assert marked[-1].strip() == IN_A_CELL[source]
    assert not re.search(r"[/\\]spanlab[/\\]\w+", outputs[source])


def script(source: str, tmp_path: Path, **env: str) -> str:
    """Run a script and give what it prints of its error."""
    path = tmp_path / "program.py"
    path.write_text(f"from spanlab import *\n{source}\n", encoding="utf-8")
    command = [sys.executable, str(path)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | env).stderr


@pytest.mark.parametrize("source", [source for source in CELLS if "await arun" not in source])
def test_an_error_in_a_script_ends_at_the_readers_line(source: str, tmp_path: Path) -> None:
    """The frames of the package are cut from what leaves `run`."""
    said = script(source, tmp_path)
    last = re.findall(r"^  File \"(.*?)\", line \d+, in .*\n    (.*)$", said, re.M)[-1]
    assert last == (str(tmp_path / "program.py"), CELLS[source])
    assert not re.search(r"[/\\]spanlab[/\\]\w+\.py", said)


def test_all_frames_are_shown_when_asked_for(tmp_path: Path) -> None:
    """`SPANLAB_TRACEBACK=1` is for whoever looks into the package."""
    said = script(next(iter(CELLS)), tmp_path, SPANLAB_TRACEBACK="1")
    assert len(re.findall(r"[/\\]spanlab[/\\].*\.py", said)) > 5
