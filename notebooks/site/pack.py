"""Runs in Pyodide, in Node: one archive of all packages, with byte code of what a lesson imports.

To read twenty archives and to compile took most of the time in which a running page starts.
"""

import importlib
import pkgutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode, compile
from zipfile import ZIP_DEFLATED, ZipFile

PACKAGES, STDLIB = Path("/packages"), Path("/stdlib")
SITE = next(Path(path) for path in sys.path if path.endswith("site-packages"))
ZIP = next(path for path in sys.path if path.endswith(".zip"))  # of the standard library
IMPORTED = (
    "piplite.piplite", "pyodide_kernel", "ipywidgets", "anywidget", "graphviz", "stack_data",
    "opentelemetry.sdk.trace.export", "pygments.lexers.python", "IPython.core.ultratb",
)  # fmt: skip


def unpack(archive: Path, to: Path) -> None:
    """Unpack what runs: no tests, and nothing for other programs."""
    with ZipFile(archive) as file:
        parts = [name for name in file.namelist() if "/tests/" not in name and ".data/" not in name]
        file.extractall(to, parts)


def with_code(folder: Path, shown: str, beside: bool) -> None:
    """Compile the modules below a folder that are in use; what is zipped has its code beside it."""
    used = {getattr(module, "__file__", None) for module in sys.modules.values()}
    for path in folder.rglob("*.py"):
        name = f"{shown}/{path.relative_to(folder)}"
        if name in used:
            where = f"{path}c" if beside else None
            compile(path, where, name, True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def pack(folder: Path, archive: Path) -> None:
    """Put a folder into an archive."""
    with ZipFile(archive, "w", ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, path.relative_to(folder))


for archive in sorted([*PACKAGES.glob("*.whl"), *PACKAGES.glob("spanlab_dot-*.zip")]):
    unpack(archive, SITE)
importlib.invalidate_caches()
for name in IMPORTED:
    importlib.import_module(name)
spanlab = importlib.import_module("spanlab")
for module in pkgutil.walk_packages(spanlab.__path__, "spanlab."):
    importlib.import_module(module.name)
with_code(SITE, str(SITE), beside=False)
pack(SITE, PACKAGES / "packages.zip")
unpack(Path(ZIP), STDLIB)
with_code(STDLIB, ZIP, beside=True)
pack(STDLIB, PACKAGES / "python_stdlib.zip")
