"""Runs in the kernel of a notebook: it notes what each cell shows, and asks it for everything."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from IPython import get_ipython

from spanlab import Explored, Trace
from spanlab.lesson import board, panel
from spanlab.view.file import Page

shown: dict[int, Any] = {}  # by the number of the cell


def once(view: Callable[..., Any]) -> Callable[..., Any]:
    """Ask a view once of equal traces: most schedules of the playground lead to few of them."""
    known: dict[str, Any] = {}

    def same(trace: Trace, *args: Any, **options: Any) -> Any:
        key = repr((trace.rows, args, options))
        if key not in known:
            known[key] = view(trace, *args, **options)
        return known[key]

    return same


def watch() -> None:
    """Note what the last line of each cell gives; equal graphs are drawn once."""
    graph = importlib.import_module("spanlab.view.graph")
    graph.draw = cache(graph.draw)
    for module, names in {panel: ("log", "graph"), board: ("log", "why")}.items():
        for name in names:
            setattr(module, name, once(getattr(module, name)))
    events = get_ipython().events
    events.register("post_run_cell", lambda ran: shown.update({ran.execution_count: ran.result}))


def told(thing: Any) -> dict[str, Any]:
    """Give all that a page needs of one thing, as plain data."""
    if isinstance(thing, Explored):
        thing = Trace.outcomes(thing)
    if not hasattr(thing, "everything"):
        return {"kind": "", **bundle(thing)}
    found = thing.everything()
    if isinstance(found, Page):
        kind = found.names[0] if found.names else ""
        return {"kind": kind, "html": found.html, "state": json.loads(found.state or "null")}
    if found["kind"] == "then":
        return found | {"shown": told(found["shown"])}
    return {"plain": repr(thing)} | found


def bundle(thing: Any) -> dict[str, str]:
    """Give how a thing looks without a script."""
    if thing is None:
        return {"plain": ""}
    made = getattr(thing, "_repr_mimebundle_", lambda: {"text/plain": repr(thing)})()
    kinds = {"html": "text/html", "markdown": "text/markdown", "plain": "text/plain"}
    return {name: made[kind] for name, kind in kinds.items() if kind in made}


def gathered() -> str:
    """Give everything of each thing that has more to give than it shows, by number of its cell."""
    found = {number: told(thing) for number, thing in shown.items()}
    return json.dumps({number: each for number, each in found.items() if each["kind"]})
