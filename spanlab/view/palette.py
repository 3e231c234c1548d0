"""The colours and fonts of Python's pictures: the light half of `static/palette.css`.

A picture cannot see the page that it stands on, so it has one look.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@cache
def static(name: str, package: str = "spanlab.view") -> str:
    """Read a stylesheet or a script of a room."""
    return (files(package) / "static" / name).read_text(encoding="utf-8")


PALETTE: dict[str, str] = dict(
    re.findall(r"--(\w+): (?:var\(.*, )?light-dark\((#\w{6})", static("palette.css"))
)  # the names of the stylesheets, each with its light colour
PAPER, DIM, LINE, LOST = (PALETTE[name] for name in ("bg", "dim", "line", "bad"))
HUES = tuple((PALETTE[f"c{n}"], PALETTE[f"t{n}"]) for n in range(6))  # of text, of its tint


def painted(css: str) -> str:
    """Put colours and fonts in the place of their variables."""
    known = {**PALETTE, "sans": SANS, "mono": MONO}
    return re.sub(r"var\(--(\w+)\)", lambda variable: known[variable[1]], css)


def hue(position: int) -> tuple[str, str]:
    """Give the colour of the n-th thread of a figure, and the tint behind it."""
    return HUES[position % len(HUES)]
