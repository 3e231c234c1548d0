"""The one door to anywidget: something live in a notebook, of a script and a `.css`.

Two dictionaries go over the wire: `state` is what Python shows, `said` what the reader did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from spanlab.errors import MissingPackage
from spanlab.view.palette import static

INSTALL = "Buttons need a package: pip install anywidget"
VIEW = "application/vnd.jupyter.widget-view+json"


def live(
    package: str, name: str, css: str, state: Mapping[str, Any],
    said: Mapping[str, Any] | None = None, hear: Callable[[dict[str, Any]], None] | None = None,
    inner: str = "",
) -> Any:  # fmt: skip
    """Make a widget; `hear` is called with `said` when it changes, in the browser or here.

    Its script may call that of the view `inner`, by the name `render`.

    Raises `MissingPackage` where anywidget is not installed.
    """
    widget = _class(package, name, css, inner)(state=dict(state), said=dict(said or {}))
    if hear:
        widget.observe(lambda change: hear(change["new"]), "said")
    return widget


def bundle(widget: Any, plain: str, html: str = "") -> dict[str, Any]:
    """Give what a notebook shows: the widget, and its text twin where there are no widgets."""
    shown = widget._repr_mimebundle_() if widget is not None else None
    view = (shown[0] if isinstance(shown, tuple) else shown) or {}
    found: dict[str, Any] = {"text/plain": plain} | ({"text/html": html} if html else {})
    return found | ({VIEW: view[VIEW]} if VIEW in view else {})


@cache
def _class(package: str, name: str, css: str, inner: str) -> Any:
    try:
        from anywidget import AnyWidget
        from traitlets import Dict
    except ImportError:
        raise MissingPackage(INSTALL) from None
    return type(name, (AnyWidget,), {
        "_esm": script(package, name, inner),
        "_css": static("palette.css") + static(f"{css}.css", package),
        "state": Dict().tag(sync=True),
        "said": Dict().tag(sync=True),
    })  # fmt: skip


def script(package: str, name: str, inner: str = "") -> str:
    """Put a widget's script together: what all share, then its file, or its folder's in order."""
    folder = files(package) / "static" / name
    names = sorted(part.name for part in folder.iterdir()) if folder.is_dir() else []
    parts = [f"{name}/{part}" for part in names] or [f"{name}.js"]
    whole = script("spanlab.view", inner) if inner else static("ui.js")
    return whole.partition("export default")[0] + "".join(static(part, package) for part in parts)
