"""Build the site: `python notebooks/site/build.py site [names of notebooks]`, or `make site`."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from lite import gathered, running
from pages import NOTEBOOKS, Page, landing, page_script, page_style, written


def build(target: Path, only: list[str]) -> list[Page]:
    """Write the pages of these notebooks, of all if none is named, and the landing page.

    The running pages need what all of them print, so they are made with all.
    """
    target.mkdir(parents=True, exist_ok=True)
    names = [path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    wanted = [name for name in names if name in only or not only]
    for name, text in {
        "spanlab.js": page_script(),
        "spanlab.css": page_style(),
        ".nojekyll": "",
    }.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")
    with ProcessPoolExecutor(2) as pool, TemporaryDirectory() as folder:
        longest_first = sorted(wanted, key=lambda name: name != "playground")
        jobs = {
            name: pool.submit(written, NOTEBOOKS / f"{name}.ipynb", names, target)
            for name in longest_first
        }
        pyodide = None if only else pool.submit(gathered, Path(folder, "pyodide"))
        pages = [jobs[name].result() for name in wanted]
        (target / "index.html").write_text(landing(pages), encoding="utf-8", newline="\n")
        if pyodide:
            printed = {page.name: page.printed for page in pages}
            running(target / "run", pyodide.result(), printed)
    return pages


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for each in build(folder, sys.argv[2:]):
        print(f"  {each.name:32}{each.bytes / 1000:6.0f} kB")
    if not sys.argv[2:]:
        shutil.make_archive(str(folder), "zip", folder)
