"""A piece of page that shows an answer: escaped, with a look that follows the notebook's theme.

It has no script. Where a notebook is not trusted the look is taken away and the text stays.
"""

from __future__ import annotations

import re
from html import escape

from spanlab.view.palette import HUES, static
from spanlab.view.words import visible

LONG = 160  # characters of a line that are shown


def page(kind: str, html: str, look: str = "") -> str:
    """Put HTML on a card of its own; `kind` names its stylesheet, `look` is one more class."""
    css = "".join(static(f"{name}.css") for name in ("palette", "page", kind))
    return f'<style>{css}</style><div class="sl-page sl-{kind}{look}" dir="ltr">{html}</div>'


def shown(text: str, limit: int = LONG) -> str:
    """Escape text for a page, on one line, so that nothing in it hides or turns it around."""
    return escape(visible(text, limit))


def prose(text: str) -> str:
    """Escape a sentence; names, which stand between backticks, are code, and ① is a mark."""

    def set_in(found: re.Match[str]) -> str:
        mark = found[2]
        return number(ord(mark) - ord("①") + 1) if mark else f"<code>{found[1]}</code>"

    return re.sub("`([^`]*)`|([①-⑳])", set_in, escape(text))


def number(value: int) -> str:
    """Write the number of an event as its mark."""
    return f'<b class="num">{value}</b>'


def chip(html: str, place: int, kind: str = "") -> str:
    """Write a thread in its colour, that of the place it has among the threads."""
    return f'<b class="chip h{place % len(HUES)}{kind}">{html}</b>'
