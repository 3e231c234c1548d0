"""Names that want to be more than names: in every view they are text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from stepping import HOSTILE, hostile

from spanlab import Trace, compare, film, graph, lanes, log, step, why

ACTIVE = {"script", "iframe", "object", "embed", "link", "meta", "base", "form", "svg"}
VIEWS: dict[str, Callable[[Trace], Any]] = {
    "log": log, "json": lambda trace: log(trace, "json", span_events="full", target=True),
    "graph": graph, "film": film, "lanes": lanes, "step": step, "why": lambda trace: why(trace, 2),
    "compare": lambda trace: compare(trace, trace[:-4], names=(HOSTILE[0], HOSTILE[3])),
    "trace": lambda trace: trace,
}  # fmt: skip


class Page(HTMLParser):
    """What a browser makes of a page: which elements there are, and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += attrs


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_has_a_hostile_name_is_text_in_every_view(view: str, text: str) -> None:
    """No element and no attribute comes from a name, and nothing steers a terminal or a line."""
    bundle = VIEWS[view](hostile(text))._repr_mimebundle_()
    own = r'<(style|script)( type="application/json")?>.*?</\1>'  # no name can end them
    page = Page(re.sub(own, "", bundle["text/html"], flags=re.S))
    assert not page.elements & ACTIVE
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert {name for name, value in page.attributes if value and "javascript:" in value} == set()
    assert [value for name, value in page.attributes if name == "src" and value] == [
        value for name, value in page.attributes
        if name == "src" and (value or "").startswith("data:image/svg+xml;base64,")
    ]  # fmt: skip
    assert all(char.isprintable() or char in "\n\t" for char in bundle["text/html"])


@pytest.mark.parametrize("view", ["graph", "film", "lanes"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_pictures_hold_no_script_and_no_link(view: str, text: str) -> None:
    """They are XML; what an attribute names lies in the picture."""
    for element in ElementTree.fromstring(VIEWS[view](hostile(text)).svg).iter():
        assert element.tag.rpartition("}")[2] not in {"script", "foreignObject", "image", "a"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert not name.endswith("href") or value.startswith("#")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_rust_log_alone_is_what_the_crate_prints(text: str) -> None:
    """`str(log(…))` is for a file: only what the crate escapes is escaped; JSON stays JSON."""
    for line in str(log(hostile(text), "json")).splitlines():
        assert json.loads(line)["fields"]["message"] == text
