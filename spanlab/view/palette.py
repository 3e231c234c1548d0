"""The colours and fonts of Python's pictures, from `static/palette.css`.

A picture is light by itself, for any program that shows one, and knows how it looks on a dark page.
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


_KNOWN = re.findall(r"--(\w+): (?:var\(.*, )?light-dark\((#\w{6}), (#\w{6})", static("palette.css"))
PALETTE = {name: light for name, light, _ in _KNOWN}  # the names of the stylesheets
DARK = {name: dark for name, _, dark in _KNOWN}
PAPER, SOFT, DIM, LINE, LOST = (PALETTE[n] for n in ("bg", "soft", "dim", "line", "bad"))
HUES = tuple((PALETTE[f"c{n}"], PALETTE[f"t{n}"]) for n in range(6))  # of text, of its tint


def painted(css: str, colours: dict[str, str] = PALETTE) -> str:
    """Put colours and fonts in the place of their variables."""
    known = {**colours, "sans": SANS, "mono": MONO}
    return re.sub(r"var\(--(\w+)\)", lambda variable: known[variable[1]], css)


def night(svg: str, css: str = "") -> str:
    """Write the style that darkens a light picture where its page is dark; `css` is its own."""
    paints = "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}'
        for _, light, dark in _KNOWN
        if light in svg
    )
    dark = painted(css, DARK)
    return f"<style>@media (prefers-color-scheme:dark){{{paints}{dark}}}</style>"


def hue(position: int) -> tuple[str, str]:
    """Give the colour of the n-th thread of a figure, and the tint behind it."""
    return HUES[position % len(HUES)]
