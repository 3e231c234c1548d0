"""`step(trace)`: step through a trace, back and forth, with every view on one cursor.

The trace is sent to the browser once, as one JSON text; `static/stepper.js` does the rest, so
stepping needs no kernel. Whatever a name holds is made visible here and is only text there.
"""

from __future__ import annotations

import json
import re
from typing import Any

from spanlab.errors import UsageError
from spanlab.frames import file_name
from spanlab.record import KINDS
from spanlab.traces import Trace
from spanlab.view.figure import DIM, HUES, INK, LINE, LOST, Figure
from spanlab.view.graph import Picture, picture
from spanlab.view.lanes import strip
from spanlab.view.live import bundle, live
from spanlab.view.places import ABOVE, places
from spanlab.view.tree import titles_of
from spanlab.view.words import visible

NAME, WORDS, LINE_OF_CODE = 60, 160, 240  # letters that are shown of a name, a message, a line
WHOLE, AROUND = 300, 12  # lines of a file that is sent whole; lines around each that ran

_KIND = {name: number for number, name in enumerate(KINDS)}
_COLOURS = {"white": "paper", INK: "ink", DIM: "dim", LINE: "line", LOST: "bad"} | {
    colour: f"{letter}{place}" for place, pair in enumerate(HUES)
    for letter, colour in zip("ct", pair, strict=True)
}  # fmt: skip


class Stepper:
    """Shows a trace step by step in a notebook; where no widget runs, as a figure of its end."""

    def __init__(self, trace: Trace) -> None:
        drawn = picture(trace)
        self.figure: Figure = drawn.figure
        self.widget = live(
            "spanlab.view", "stepper", "stepper", {"trace": packed(trace, drawn)}, {}, _deaf
        )

    def __repr__(self) -> str:
        return f"<Stepper: {self.figure.alt}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        shown = self.figure._repr_mimebundle_()
        return bundle(self.widget, shown["text/plain"], shown["text/html"])


def step(trace: Trace) -> Stepper:
    """Step through a trace poll by poll: code, span stacks, tasks, graph, lanes and log.

    The keys ← and → step, Shift with them goes to the next poll, Home and End to the ends,
    the space bar plays, ? lists them. A click on a mark, a bar or a line of the log goes there.
    All of it happens in the browser and goes on when the kernel is gone.

    Raises `MissingPackage` where anywidget is not installed.

    >>> with recording() as trace:
    ...     info("hello")
    >>> step(trace)
    <Stepper: 0 spans and 1 event on 1 thread. Nothing lost its parent.>
    """
    if not isinstance(trace, Trace):
        raise UsageError(f"step() needs a trace, got {trace!r:.60}. Write: step(run(main()))")
    return Stepper(trace)


def _deaf(_said: dict[str, Any]) -> None:
    """Nothing comes back from the browser."""


# --- what is sent --------------------------------------------------------------------------------


def packed(trace: Trace, drawn: Picture) -> str:
    """Write all that the browser needs as JSON: rows of numbers, and each text once."""
    titles, texts, files = titles_of(trace), _Texts(), _Texts()
    rows = [_row(row, texts, files) for row in trace.rows]
    placed = places(trace, list(titles))
    sent = {
        "kinds": list(KINDS), "rows": _deltas(rows), "texts": list(texts.place),
        "files": [_file(name, trace.sources.get(name, ""), trace) for name in files.place],
        "threads": [[thread, visible(title, NAME)] for thread, title in titles.items()],
        "never": len(trace.threads.keys() - titles.keys()),
        "graph": _themed(named(drawn.svg)), "graphText": drawn.figure.text,
        "merged": {key: node.key for node in drawn.nodes for key in node.keys if key != node.key},
        "lanes": _themed(strip(placed)), "x": [round(x) for x in [*placed.x, placed.width]],
        "height": placed.height + 18, "tops": [round(placed.top[t] + ABOVE) for t in titles],
    }  # fmt: skip
    return json.dumps(sent, separators=(",", ":"))


class _Texts:
    """Numbers for texts; equal texts share one."""

    def __init__(self) -> None:
        self.place: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.place.setdefault(text, len(self.place))


def _row(row: tuple[Any, ...], texts: _Texts, files: _Texts) -> list[Any]:
    kind, time, thread, task, file, line, *rest = row
    said: list[Any] = rest
    if kind == "new":
        span, parent, name, _level, _target, fields = rest
        said = [span, parent, texts(visible(name, NAME) or "(no name)"), texts(_fields(fields))]
    elif kind == "event":
        _level, _target, fields, parent, current = rest
        message = str(dict(fields).get("message", ""))
        words = " ".join(filter(None, [visible(message, WORDS), _fields(fields)]))
        said = [texts(words or "(no message)"), parent, current]
    elif kind == "record":
        said = [rest[0], texts(_fields(rest[1]))]
    elif kind in ("spawn", "finish", "thread"):
        said = [*rest[:-1], texts(visible(rest[-1], NAME))]
    elif kind == "polled":
        said = [int(rest[0]), texts(visible(rest[1], NAME)), rest[2]]
    return [_KIND[kind], time, thread, task, files(file) if line else None, line, *said]


def _fields(fields: Any) -> str:
    return visible(" ".join(f"{n}={v}" for n, v in fields if n != "message"), NAME)


def _deltas(rows: list[list[Any]]) -> list[list[Any]]:
    """Write each time as the time since the record before."""
    before = rows[0][1] if rows else 0
    for row in rows:
        before, row[1] = row[1], row[1] - before
    return rows


def _file(name: str, text: str, trace: Trace) -> list[Any]:
    """Give the name of a file and its lines, `[number, text]`; of a long one what ran."""
    lines = [visible(line.expandtabs(4).rstrip(), LINE_OF_CODE) for line in text.splitlines()]
    wanted: set[int] = set(range(1, len(lines) + 1))
    if len(lines) > WHOLE:
        ran = {row[5] for row in trace.rows if row[4] == name}
        near = {n for line in ran for n in range(line - AROUND, line + AROUND + 1)}
        wanted &= near
    return [visible(file_name(name), NAME), [[n, lines[n - 1]] for n in sorted(wanted)]]


# --- pictures that the page restyles -------------------------------------------------------------

_THING = re.compile(
    r'<g id="[^"]*" class="(node|edge|cluster)">\n<title>([^<]*)</title>\n(.*?)</g>', re.S
)


def named(svg: str) -> str:
    """Give each node, edge and box of an engine's SVG its name, and each event a group."""
    found = svg[svg.index("<svg") :] if svg else ""
    found = _THING.sub(_group, found)
    found = re.sub(r'<title>.*?</title>\s*|<!--.*?-->\s*| (xml:space|font-family)="[^"]*"', "",
                   found, flags=re.S)  # fmt: skip
    return re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\.\d)\d+", r"\1", tag[0]), found)


def _group(thing: re.Match[str]) -> str:
    kind, name, inside = thing.groups()
    if kind != "edge":
        inside = re.sub(' d="M([^"]+)"', lambda d: _rounded(d[1]), inside)
        inside = inside.replace("<path", "<rect")
    name = re.sub(":[ew]", "", name.replace("&#45;&gt;", "-"))  # an edge may tell its sides
    if kind == "node" and name[0] == "e":
        box, *rows = inside.split("<rect")[1:]
        inside = f"<rect{box}" + "".join(map(_event_row, rows))
    return f'<g class="{kind}" data-k="{name}">{inside}</g>'


def _event_row(row: str) -> str:
    number = re.search(r">(\d+)", row)  # equal ones are named by the first of their numbers
    return f'<g class="row" data-k="e{number[1] if number else ""}"><rect{row}</g>'


def _rounded(path: str) -> str:
    """Write a box as a box: engines draw its corners as curves, in ten times the letters."""
    points = [float(number) for number in re.findall(r"-?[\d.]+", path)]
    x, y = min(points[::2]), min(points[1::2])
    return (
        f' x="{x}" y="{y}" width="{max(points[::2]) - x:.1f}" height="{max(points[1::2]) - y:.1f}"'
    )


_COLOUR = re.compile(r'((?:fill|stroke)(?:="|:))(#\w{6}|white)\b')


def _themed(svg: str) -> str:
    """Replace each colour by a variable of the page, which knows light from dark."""
    return re.sub(r"<style>.*?</style>|<[^>]*>", lambda tag: _COLOUR.sub(_variable, tag[0]), svg)


def _variable(found: re.Match[str]) -> str:
    name = _COLOURS.get(found[2])
    return f"{found[1]}var(--sl-{name})" if name else found[0]
