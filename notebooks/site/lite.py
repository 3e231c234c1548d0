"""The running pages: JupyterLite with the notebooks, spanlab, Graphviz and all that they need.

All of it lies beside the pages: nothing is asked of another host.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

HERE = Path(__file__).parent
NOTEBOOKS, ROOT = HERE.parent, HERE.parents[1]
NODE = Path(sys.prefix, "node_modules")
PYPI = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
ANY = "--only-binary=:all: --no-deps --implementation py --abi none --platform any --python-version"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
# All cells are drawn: else JupyterLab raises "reading 'observe'" where it takes a notebook away
# that it restored, for the next frame asks an observer that is gone.
DRAWN = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
NO_THREADS = "Python in the browser has no threads: "
NOTES = {  # what differs there: in which lesson, after which cell, and what is said
    ("06_it_is_not_the_thread", "real-text"): "here chance decides who polls what.",
    ("10_leaving_the_runtime", "real-run-text"): "here each runs to its end where it is started, "
    "so there is one order. What real threads did was recorded: it stands below *order*.",
    ("10_leaving_the_runtime", "order"): "so here is what the same cells printed on real threads, "
    "when these pages were made.\n\n```text\n{count}{order}```",
}
PYODIDE = ("pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs")
PACKED = ("packages.zip", "python_stdlib.zip")  # by `pack.py`
# The kernel asks for these by name. They are in `packages.zip`, so an empty archive will do; only
# jedi is not, 4.7 MB: IPython completes by itself.
ASKED = ("comm", "ipykernel", "ipython", "jedi", "micropip", "piplite", "pyodide-kernel")
UNUSED = ("pypi/*.whl", "fa-*.eot", "fa-*.svg", "fa-*.ttf")  # packed already; fonts of old browsers


def dot_js(backend: str) -> str:
    """Let Graphviz start without waiting: see `dot.js`."""
    at_once = "({instance: new WebAssembly.Instance(new WebAssembly.Module(binary), imports)})"
    code, many = re.subn(r"WebAssembly\.instantiate\(binary,imports\)", at_once, backend)
    assert many == 1, "the backend of @viz-js/viz starts in another way now"
    code = re.sub(r"\basync (?=function\b|\()|\basync(?=\()|\bawait ", "", code)
    code = re.sub(r"export default Module;?|export\s*\{[^}]*\};?", "", code)
    code = code.replace("import.meta.url", '""')
    return (HERE / "dot.js").read_text(encoding="utf-8").replace("/* backend */", code)


def gathered(to: Path) -> Path:
    """Put Python for the browser, and all packages that run in it, into a folder; give that."""
    to.mkdir(parents=True)
    lock = json.loads((NODE / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
    pins = ("-r", HERE / "wheels.txt", "-c", ROOT / "requirements.txt")
    with TemporaryDirectory() as name:
        raw = Path(name)
        run(*PIP, "download", "-d", raw, *ANY.split(), lock["info"]["python"], *pins)
        run(*PIP, "wheel", "--no-deps", "-w", raw, ROOT)
        for wheel in (PYPI / "static" / "pypi").glob("*.whl"):
            shutil.copy(wheel, raw)
        backend = (NODE / "@viz-js/viz/lib/backend.js").read_text(encoding="utf-8")
        with ZipFile(raw / "spanlab_dot-1.zip", "w") as file:
            file.write(HERE / "spanlab_dot.py", "spanlab_dot.py")
            file.writestr("spanlab_dot.js", dot_js(backend))
        run("node", HERE / "pack.mjs", NODE / "pyodide", HERE / "pack.py", raw)
        for file in (*[NODE / "pyodide" / file for file in PYODIDE], *map(raw.joinpath, PACKED)):
            shutil.copy(file, to)
    with ZipFile(to / "empty.zip", "w") as file:
        file.writestr("empty.txt", "")
    files = dict.fromkeys(ASKED, "empty.zip") | {"packages": "packages.zip"}
    lock["packages"] = {name: known(name, to / file) for name, file in files.items()}
    write(to / "pyodide-lock.json", lock)
    return to


def run(*command: object) -> None:
    """Run a command; say what it said if it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def known(name: str, path: Path) -> dict[str, Any]:
    """Give what Pyodide's lock file says of a package."""
    return {
        "name": name, "version": "1", "file_name": path.name, "install_dir": "site",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "package_type": "package",
        "imports": [], "depends": [], "unvendored_tests": False,
    }  # fmt: skip


def noted(path: Path, printed: dict[str, str]) -> dict[str, Any]:
    """Read a notebook, with a cell for each note; `printed` is what its cells print elsewhere."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    for (name, after), text in NOTES.items():
        if name == path.stem:
            at = [cell["id"] for cell in cells].index(after) + 1
            source = NO_THREADS + text.format_map(printed)
            note = {"cell_type": "markdown", "id": f"{after}-note", "metadata": {}}
            cells.insert(at, note | {"source": source})
    return notebook


def running(target: Path, pyodide: Path, printed: dict[str, dict[str, str]]) -> None:
    """Build JupyterLite; its Python loads these packages when it starts, and knows no others."""
    with TemporaryDirectory() as name:
        lite = Path(name)
        shutil.copytree(pyodide, lite / "static" / "pyodide")
        options = {"loadPyodideOptions": {"packages": [*ASKED, "packages"]}}
        settings = {KERNEL: {"disablePyPIFallback": True, **options}}
        data = {
            "exposeAppInBrowser": True, "litePluginSettings": settings, "settingsOverrides": DRAWN,
        }  # fmt: skip
        write(
            lite / "jupyter-lite.json",
            {"jupyter-lite-schema-version": 0, "jupyter-config-data": data},
        )
        config = {
            "contents": ["content"], "output_dir": str(target.absolute()), "apps": ["lab"],
            "no_sourcemaps": True, "no_unused_shared_packages": True,
        }  # fmt: skip
        write(lite / "jupyter_lite_config.json", {"LiteBuildConfig": config})
        (lite / "content").mkdir()
        for path in NOTEBOOKS.glob("*.ipynb"):
            write(lite / "content" / path.name, noted(path, printed[path.stem]))
        run(sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", lite)
    for unused in UNUSED:
        for path in target.rglob(unused):
            path.unlink()


def write(path: Path, data: Any) -> None:
    """Write JSON."""
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
