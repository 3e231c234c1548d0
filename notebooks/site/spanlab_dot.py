"""Graphviz in the browser: gives SVG at once; no process, no network."""

from functools import cache
from pathlib import Path


@cache
def _engine():
    from pyodide.code import run_js

    return run_js(Path(__file__).with_name("spanlab_dot.js").read_text(encoding="utf-8"))


def draw(dot: str) -> str:
    """Draw with WebAssembly."""
    return _engine()(dot)
