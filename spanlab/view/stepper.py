"""`step(trace)`: step through a trace, back and forth, with every view on one cursor.

The trace is sent to the browser once, as one JSON text; `static/stepper/` does the rest, so
stepping needs no kernel. Whatever a name holds is made visible here and is only text there.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

from spanlab.errors import UsageError
from spanlab.frames import file_name
from spanlab.record import KINDS, Record
from spanlab.replay import lost_parents
from spanlab.traces import Trace
from spanlab.view.figure import Figure
from spanlab.view.graph import Picture, picture
from spanlab.view.lanes import strip
from spanlab.view.live import bundle, live
from spanlab.view.palette import PALETTE
from spanlab.view.places import ABOVE, Places
from spanlab.view.states import changes
from spanlab.view.tree import titles_of
from spanlab.view.words import beginning, need, rest, said, visible

NAME, WORDS, LINE_OF_CODE = 60, 160, 240  # letters that are shown of a name, a message, a line
LONGEST, LARGEST = 3000, 1_000_000  # records, bytes that are sent
WHOLE, AROUND = 300, 12  # lines of a file that is sent whole; lines around each that ran

UNSEEN = {"index", "time", "level", "target"}  # what no pane shows
_SENT = {
    word: [field.name for field in fields(kind) if field.name not in UNSEEN]
    for word, kind in KINDS.items()
}
_WORD = {kind: (number, word) for number, (word, kind) in enumerate(KINDS.items())}


class Stepper:
    """Shows a trace step by step in a notebook; where no widget runs, as a figure of its end."""

    def __init__(self, trace: Trace) -> None:
        sent, self.figure = _fitting(trace)
        self.widget = live("spanlab.view", "stepper", "stepper", {"trace": sent})

    def __repr__(self) -> str:
        return f"<Stepper: {self.figure.alt}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        shown = self.figure._repr_mimebundle_()
        return bundle(self.widget, shown["text/plain"], shown["text/html"])


def step(trace: Trace) -> Stepper:
    """Step through a trace poll by poll: code, span stacks, tasks, graph, lanes and log.

    The keys ← and → step, Shift with them goes to the next poll, Home and End to the ends,
    the space bar plays, ? lists them. A click on a mark, a bar or a line of the log goes there.
    All of it happens in the browser and goes on when the kernel is gone. Of a long trace it
    shows the beginning, and says how to see the rest.

    Raises `MissingPackage` where anywidget is not installed.

    >>> with recording() as trace:
    ...     info("hello")
    >>> step(trace)
    <Stepper: 0 spans and 1 event on 1 thread. Nothing lost its parent.>
    """
    need("step(run(main()))", trace)
    return Stepper(trace)


# --- what is sent --------------------------------------------------------------------------------


def _fitting(trace: Trace) -> tuple[str, Figure]:
    """Pack as much of a trace as a page holds; what is sent, and the figure of the same records."""
    part, new = beginning(trace, LONGEST), LONGEST
    while part.cut.begun <= LONGEST and new > 1:
        left_out = rest("step", trace, len(part))
        drawn = picture(part)
        sent = packed(part, drawn, left_out)
        if len(sent.encode()) <= LARGEST:
            return sent, replace(drawn.figure, alt=f"{drawn.figure.alt} {left_out}".strip())
        new = (len(part) - part.cut.begun) // 2
        part = part[: part.cut.begun + new]
    raise UsageError(
        f"step() needs a stretch that builds on little, and what is open before "
        f"trace[{trace.cut.records + trace.cut.begun}] is too much. Write: step(trace[:1000])"
    )


def packed(trace: Trace, drawn: Picture, left_out: str = "") -> str:
    """Write all that the browser needs as JSON; a row is the number of a kind, then its fields."""
    titles, files = titles_of(trace), dict[str, int]()
    rows = [_row(record, files) for record in trace.records]
    placed = Places(trace, titles)
    sent = {
        "kinds": list(_SENT.items()), "rows": rows, "stacks": list(changes(trace)),
        "lost": lost_parents(trace), "files": [_file(name, trace) for name in files],
        "threads": list(titles), "never": len(trace.threads.keys() - titles.keys()),
        "graph": drawn.svg, "graphText": drawn.figure.text,
        "colours": {colour: name for name, colour in PALETTE.items()},
        "merged": {key: node.key for node in drawn.nodes for key in node.keys if key != node.key},
        "lanes": strip(placed), "x": [round(x) for x in [*placed.x, placed.width]],
        "height": placed.height + 18, "tops": [round(placed.top[t] + ABOVE) for t in titles],
        "cut": trace.cut, "rest": left_out,
    }  # fmt: skip
    return json.dumps(sent, separators=(",", ":"))


def _row(record: Record, files: dict[str, int]) -> list[Any]:
    number, word = _WORD[type(record)]
    row = {name: _shown(getattr(record, name)) for name in _SENT[word]}
    row["file"] = files.setdefault(record.file, len(files)) if record.line else None
    return [number, *row.values()]


def _shown(value: Any) -> Any:
    """Cut text, and write fields as text."""
    if isinstance(value, tuple):
        message = visible(str(dict(value).get("message", "")), WORDS)
        return " ".join(filter(None, [message, visible(said(value), NAME)]))
    return visible(value, NAME) if isinstance(value, str) else value


def _file(name: str, trace: Trace) -> list[Any]:
    """Give the name of a file and its lines, `[number, text]`; of a long one what ran."""
    text = trace.sources.get(name, "").splitlines()
    lines = [visible(line.expandtabs(4).rstrip(), LINE_OF_CODE) for line in text]
    wanted = set(range(1, len(lines) + 1))
    if len(lines) > WHOLE:
        ran = {record.line for record in trace.records if record.file == name}
        wanted &= {n for line in ran for n in range(line - AROUND, line + AROUND + 1)}
    return [visible(file_name(name), NAME), [[n, lines[n - 1]] for n in sorted(wanted)]]
