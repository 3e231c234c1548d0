"""How a picture leaves the package: an `<img>` with alt text and a text twin, safe everywhere.

JupyterLab hides raw SVG in untrusted notebooks and gives it no alt text; an `<img>` with a data
URI survives both. Of its page such a picture sees one thing, `color-scheme`: it is dark on a dark
one. This module knows nothing of traces.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from spanlab.errors import MissingPackage
from spanlab.view.file import Saved, ending, write
from spanlab.view.palette import LINE, MONO, PAPER, SANS, night, static

FONTS = {"Verdana": SANS, "Courier": MONO}  # engines measure with the widest, so any of these fits


@dataclass(frozen=True, repr=False)
class Figure(Saved):
    """A picture with its sentence and its text twin; a notebook shows it by itself.

    `svg` is empty where no engine could draw: then `missing` says what to install,
    and the figure shows its text and `dot` instead.

    >>> Figure("<svg/>", alt="Nothing yet.", text="(empty)")
    <Figure: Nothing yet.>
    """

    svg: str
    alt: str
    text: str
    dot: str = field(default="", kw_only=True)
    missing: str = field(default="", kw_only=True)

    def save(self, path: str | Path) -> None:
        """Write it as an `.svg` file, or as an `.html` page with its text twin.

        Raises `UsageError` for another ending, `MissingPackage` if nothing could draw the SVG.
        """
        file = ending(path, ".svg", ".html")
        if file.suffix == ".html":
            return super().save(file)
        if not self.svg:
            raise MissingPackage(self.missing)
        return write(file, self.svg)

    def __repr__(self) -> str:
        return f"<Figure: {self.alt}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        plain = [self.alt, self.text, *([] if self.svg else [self.missing, self.dot])]
        return {"text/html": self.html(), "text/plain": "\n\n".join(filter(None, plain))}

    @property
    def width(self) -> float:
        """How wide it is by itself, in points."""
        found = re.search(r'<svg[^>]* width="([\d.]+)', self.svg)
        return float(found[1]) if found else 0.0

    def html(self, look: str = "max-width:100%") -> str:
        """Write the picture with its alt text and its text twin, or what is missing."""
        alt, text = escape(self.alt), f"<pre>{escape(self.text)}</pre>"
        if self.svg:
            data = base64.b64encode(self.svg.encode()).decode()
            shown = f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}" style="{look}">'
            more, hidden = "The same as text", text
        else:
            shown = f"<p>{alt}</p>{text}<p>{escape(self.missing)}</p>"
            more, hidden = "DOT", f"<pre>{escape(self.dot)}</pre>"
        twin = f"<details><summary>{more}</summary>{hidden}</details>"
        return (
            f'<style>{static("figure.css")}</style><figure class="sl-figure">{shown}{twin}</figure>'
        )


# --- from an engine ------------------------------------------------------------------------------


def draw(dot: str) -> str:
    """Draw with the first engine that can; the empty string if none can."""
    with suppress(ImportError):  # the browser has no processes: the running pages bring this along
        return _tidied(import_module("spanlab_dot").draw(dot))
    try:
        import graphviz
    except ImportError:
        return ""
    execute = graphviz.backend.execute
    for engine in _engines():
        # Not `graphviz.pipe`: which program it calls cannot be told to it.
        with suppress(OSError, graphviz.ExecutableNotFound, subprocess.CalledProcessError):
            ran = execute.run_check(
                [engine, "-Tsvg"], input=dot, encoding="utf-8", capture_output=True, quiet=True
            )
            return _tidied(ran.stdout)
    return ""


def _engines() -> Iterator[str]:
    """Find `graphviz-pure`, also in an environment that is not on PATH, then `dot`."""
    beside = str(Path(sys.executable).parent)
    pure = shutil.which("graphviz-pure", path=beside), shutil.which("graphviz-pure")
    yield from filter(None, [*pure, shutil.which("dot")])


# What DOT cannot ask of an engine is done to its text, here and nowhere else.


USUAL = (
    'xml:space="preserve', 'text-anchor="start', 'font-family="Verdana[^"]*', r'font-size="10\.0',
)  # fmt: skip


def _tidied(svg: str) -> str:
    """Leave out what nobody sees: titles, comments, links, all decimals but one; what is usual."""
    unseen = r"<title>.*?</title>\s*|<!--.*?-->\s*|</?a\b[^>]*>\s*"
    svg = re.sub(unseen, "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\.\d)\d+", r"\1", tag[0]), svg)
    svg = re.sub(f' ({"|".join(USUAL)})"', "", svg)
    return svg.replace("<svg", '<svg font-family="Verdana" font-size="10"', 1)


def card(svg: str, alt: str, css: str = "") -> str:
    """Put an SVG on a rounded card, light or dark as the page is; `css` is what its style says.

    Ids get a prefix made from the content: two figures on one page never share one,
    and the same figure has the same ids on every machine.
    """
    svg = re.sub('(?<=font-family=")(Verdana|Courier)[^"]*', lambda found: FONTS[found[1]], svg)
    prefix = "f" + hashlib.sha256(f"{alt}{svg}".encode()).hexdigest()[:8]
    svg = re.sub(r'(<[^<>]* id=")', rf"\1{prefix}-", svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{prefix}-", svg)
    back = f'<rect width="100%" height="100%" rx="9" fill="{PAPER}" stroke="{LINE}"/>'
    opening, rest = svg.split(">", 1)
    inside = f"{back}{rest.rstrip().removesuffix('</svg>')}"
    title = f"<title>{escape(alt)}</title>"
    return f'{opening} role="img">\n{title}\n{inside}{night(inside, css)}</svg>\n'
