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
from zipfile import ZIP_DEFLATED, ZipFile

HERE = Path(__file__).parent
NOTEBOOKS, ROOT = HERE.parent, HERE.parents[1]
NODE = Path(sys.prefix, "node_modules")
PYPI = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
ANY = "--only-binary=:all: --no-deps --implementation py --abi none --platform any --python-version"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
NO_THREADS = "Python in the browser has no threads: "
NOTES = {  # what differs there: in which lesson, after which cell, and what is said
    ("06_it_is_not_the_thread", "real-text"): "here chance decides who polls what.",
    ("10_leaving_the_runtime", "real-run-text"): "here each runs to its end where it is started, "
    "so there is one order. What real threads did was recorded: it stands below *order*.",
    ("10_leaving_the_runtime", "order"): "so here is what the same cells printed on real threads, "
    "when these pages were made.\n\n```text\n{count}{order}```",
}
PYODIDE = ("pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs", "python_stdlib.zip")


def dot_js(backend: str) -> str:
    """Let Graphviz start without waiting: see `dot.js`."""
    at_once = "({instance: new WebAssembly.Instance(new WebAssembly.Module(binary), imports)})"
    code, many = re.subn(r"WebAssembly\.instantiate\(binary,imports\)", at_once, backend)
    assert many == 1, "the backend of @viz-js/viz starts in another way now"
    code = re.sub(r"\basync (?=function\b|\()|\basync(?=\()|\bawait ", "", code)
    code = re.sub(r"export default Module;?|export\s*\{[^}]*\};?", "", code)
    code = code.replace("import.meta.url", '""')
    return (HERE / "dot.js").read_text(encoding="utf-8").replace("/* backend */", code)


def archive(path: Path, contents: dict[str, str]) -> None:
    """Write a package that is no wheel: its modules, zipped."""
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=9) as file:
        for name, text in contents.items():
            file.writestr(name, text)


def gather(to: Path, python: str) -> None:
    """Put every package that runs in the browser into a folder."""
    pins = ("-r", HERE / "wheels.txt", "-c", ROOT / "requirements.txt")
    subprocess.run([*PIP, "download", "-d", to, *ANY.split(), python, *pins], check=True)
    subprocess.run([*PIP, "wheel", "--no-deps", "-w", to, ROOT], check=True)
    for wheel in (PYPI / "static" / "pypi").glob("*.whl"):
        shutil.copy(wheel, to)
    code = (HERE / "spanlab_dot.py").read_text(encoding="utf-8")
    backend = (NODE / "@viz-js/viz/lib/backend.js").read_text(encoding="utf-8")
    archive(to / "spanlab_dot-1.zip", {"spanlab_dot.py": code, "spanlab_dot.js": dot_js(backend)})
    # The kernel asks for jedi, 4.7 MB. An empty one will do: IPython completes by itself.
    archive(to / "jedi-1.zip", {"jedi.py": ""})


def known(path: Path) -> dict[str, Any]:
    """Give what Pyodide's lock file says of a package."""
    name, version = re.findall(r"(.+?)-([\d.]*\d)", path.name)[0]
    return {
        "name": name.replace("_", "-").lower(), "version": version, "file_name": path.name,
        "install_dir": "site", "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "package_type": "package", "imports": [], "depends": [], "unvendored_tests": False,
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


def running(target: Path, printed: dict[str, dict[str, str]]) -> None:
    """Build JupyterLite; Pyodide knows only these packages, and loads them when it starts."""
    with TemporaryDirectory() as name:
        lite = Path(name)
        pyodide = lite / "static" / "pyodide"
        pyodide.mkdir(parents=True)
        for file in PYODIDE:
            shutil.copy(NODE / "pyodide" / file, pyodide)
        lock = json.loads((NODE / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
        gather(pyodide, lock["info"]["python"])
        wheels = [path for path in pyodide.iterdir() if path.suffix in {".whl", ".zip"}]
        packages = [known(path) for path in sorted(wheels) if path.name != "python_stdlib.zip"]
        lock["packages"] = {package["name"]: package for package in packages}
        write(pyodide / "pyodide-lock.json", lock)
        options = {"loadPyodideOptions": {"packages": [*lock["packages"]]}}
        settings = {KERNEL: {"disablePyPIFallback": True, **options}}
        data = {"exposeAppInBrowser": True, "litePluginSettings": settings}
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
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", lite]
        done = subprocess.run(command, cwd=lite, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    for wheel in target.rglob("pypi/*.whl"):  # they lie beside Pyodide too
        wheel.unlink()


def write(path: Path, data: Any) -> None:
    """Write JSON."""
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
