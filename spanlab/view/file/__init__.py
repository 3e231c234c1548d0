"""What a view leaves as a file: one page that needs nothing else, and asks nobody for anything.

Its policy lets the one script run that stands in it, by its hash, and no other; nothing is fetched.
What the script shows is data, packed: no name in it can end the place where it stands.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from zlib import compress

from spanlab.errors import UsageError
from spanlab.view.live import classic, script, tight
from spanlab.view.palette import static
from spanlab.view.words import file_of, visible

TITLE = 160  # letters
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
    "style-src 'unsafe-inline'; script-src"
)
PICTURE = re.compile(r'src="(data:image/svg\+xml);base64,([\w+/=]+)"')
KEPT = ' ="<>():/,;!*-._~?@$+|{}[]^`'  # what a picture in an attribute need not escape


class Page(NamedTuple):
    """A page: its title and what stands on it; live, a script shows `state` in its place.

    `names` are the names of the script, the outer first; `state` is JSON; `above` stays.
    """

    title: str
    html: str
    state: str = ""
    names: tuple[str, ...] = ()
    above: str = ""


class Saved:
    """What can be saved: as one page, and as a picture where it is one."""

    def everything(self) -> Page:
        """Give all that there is to see, and that a page could ask for."""
        html = self._repr_mimebundle_()["text/html"]  # type: ignore[attr-defined]
        return Page(repr(self).strip("<>"), html)

    def save(self, path: str | Path) -> None:
        """Write it as one `.html` page, which needs no kernel and asks no other host.

        A page that lives does so there; where no script runs, and on paper, its figure stays.

        Raises `UsageError` for another ending.
        """
        write(ending(path, ".html"), whole(self.everything()))


def ending(path: Any, *known: str) -> Path:
    """Refuse a name that says another kind of file than those that are known."""
    call = f'save("trace{known[0]}")'
    file = file_of(path, call)
    if file.suffix not in known:
        raise UsageError(
            f"save() writes {' or '.join(known)}, got {file.name!r:.60}. Write: {call}"
        )
    return file


def write(file: Path, text: str) -> None:
    """Write a file, with the same line ends on every machine."""
    file.write_text(text, encoding="utf-8", newline="\n")


def whole(page: Page) -> str:
    """Give a page with its policy, its style and its script."""
    code = ""
    if page.names:
        inside = classic(script("spanlab.view", *page.names), static("saved.js"))
        code = f"(() => {{\n{inside}}})();\n"
    css = "".join(static(f"{name}.css") for name in [*["palette", "stepper"] * bool(code), "saved"])
    allowed = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    policy = f"{POLICY} '{f'sha256-{allowed}' if code else 'none'}'"
    title = escape(visible(page.title, TITLE))
    state = base64.b64encode(compress(page.state.encode(), 9)).decode()  # a long source is short
    live = f'<script type="text/plain" id="state">{state}</script>\n<script>{code}</script>\n'
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy, quote=False)}">\n'
        f"<title>{title}</title>\n<style>{tight(css)}</style>\n"
        f'<main><h1>{title}</h1>{page.above}<div id="live">{_lighter(page.html)}</div></main>\n'
        f"{live if code else ''}</html>\n"
    )


def _lighter(html: str) -> str:
    """Write the pictures of a page as text, which is a quarter less than base64."""

    def plain(found: re.Match[str]) -> str:
        svg = re.sub(r"\s+", " ", base64.b64decode(found[2]).decode())
        return f"src='{found[1]},{quote(svg, safe=KEPT)}'"

    return PICTURE.sub(plain, html)
