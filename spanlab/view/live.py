"""What lives in a notebook: HTML with a script of its own, which is kept when the kernel is gone.

A widget of Jupyter's is found only where its kernel lives, so none is shown. Where Python hears
what a reader does, an anywidget without a view is the wire: this is the one door to it.
Two dictionaries go over it: `state` is what Python shows, `said` what the reader did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from spanlab.errors import MissingPackage
from spanlab.view.palette import static

INSTALL = "Python hears the buttons with one more package: pip install anywidget"
EXPORT = re.compile(r"^export (default )?", re.M)


def living(
    html: str, sent: str, *names: str, package: str = "spanlab.view", css: str = "stepper"
) -> str:
    """Put what lives in the place of `html` where scripts run; both are saved with the notebook.

    `sent` is JSON: the `state` that it shows, and what else there is to know.
    """
    data = sent.replace("<", r"\u003c")
    style = tight(static("palette.css") + static(f"{css}.css", package))
    code = classic(script(package, *names), static("inside.js"))
    return (
        f'<div class="sl-saved"><style>{style}</style><div class="sl-still">{html}</div>'
        f'<script type="application/json">{data}</script>'
        f"<script>(() => {{\n{code}}})();</script></div>"
    )


def wire(
    name: str, state: Mapping[str, Any], said: Mapping[str, Any],
    hear: Callable[[dict[str, Any]], None],
) -> Any:  # fmt: skip
    """Let what lives speak to Python; `hear` is called with `said` when it changes.

    Raises `MissingPackage` where anywidget is not installed.
    """
    widget = _wire()(model_id=name, name=name, state=dict(state), said=dict(said))
    widget.observe(lambda change: hear(change["new"]), "said")
    return widget


@cache
def _wire() -> Any:
    try:
        from anywidget import AnyWidget
        from traitlets import Dict, Unicode
    except ImportError:
        raise MissingPackage(INSTALL) from None
    return type("Wire", (AnyWidget,), {
        "_esm": static("wire.js"),
        "name": Unicode().tag(sync=True),
        "state": Dict().tag(sync=True),
        "said": Dict().tag(sync=True),
    })  # fmt: skip


def display(bundle: Mapping[str, Any], name: str, again: bool = False) -> None:
    """Show something in IPython under a name, or show it again in its place."""
    from IPython import get_ipython
    from IPython.display import publish_display_data

    if not again or hasattr(get_ipython(), "kernel"):  # a terminal has no place to change
        show: Any = publish_display_data
        show(dict(bundle), transient={"display_id": name}, update=again)


def script(package: str, name: str, inner: str = "") -> str:
    """Put a script together: what all share, then its file, or its folder's in order.

    It may call that of the view `inner`, by the name `render`.
    """
    folder = files(package) / "static" / name
    names = sorted(part.name for part in folder.iterdir()) if folder.is_dir() else []
    parts = [f"{name}/{part}" for part in names] or [f"{name}.js"]
    whole = script("spanlab.view", inner) if inner else static("ui.js")
    return whole.partition("export default")[0] + "".join(static(part, package) for part in parts)


def classic(module: str, end: str) -> str:
    """Make a script of a module and its end, which knows it as `live`; no file loads modules."""
    inside = EXPORT.sub(lambda found: "const live = " if found[1] else "", module)
    return re.sub(r"^\s*(//.*\n|/\*.*\*/\n)?|  // .*$", "", inside + end, flags=re.M)


def tight(css: str) -> str:
    """Leave out what no browser needs of a stylesheet: comments, and space around its signs."""
    return re.sub(r"/\*.*?\*/|\s*([{};>])\s*|(?<=[:,]) ", r"\1", css, flags=re.S)
