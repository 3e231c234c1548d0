"""`step(trace)`: step through a trace, back and forth, with every view on one cursor.

The browser gets the trace once, as one JSON text; `static/stepper/` does the rest, so stepping
needs no kernel. Whatever a name holds is made visible here and is only text there.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from typing import Any

from spanlab.errors import UsageError
from spanlab.evidence.labels import Labels
from spanlab.evidence.replay import lost_parents
from spanlab.evidence.sites import file_name
from spanlab.record import KINDS, PollEnded, Record
from spanlab.traces import Trace
from spanlab.view.figure import Figure
from spanlab.view.file import Page, Saved
from spanlab.view.graph import Picture, picture
from spanlab.view.lanes import PAGE, strip
from spanlab.view.live import living
from spanlab.view.palette import PALETTE
from spanlab.view.places import ABOVE, Places
from spanlab.view.stepper.futures import Futures, Moment
from spanlab.view.stepper.lives import Lives
from spanlab.view.stepper.states import changes
from spanlab.view.stepper.twin import pairs
from spanlab.view.tree import titles_of
from spanlab.view.words import beginning, need, rest, said, visible

NAME, WORDS, LINE_OF_CODE = 60, 160, 240  # letters that are shown of a name, a message, a line
LONGEST, LARGEST = 3000, 1_000_000  # records, bytes that are sent
WHOLE, AROUND = 300, 12  # lines of a file that is sent whole; lines around each that ran

UNSEEN = {"index", "time", "level", "target"}  # what no pane shows
_SENT: dict[str, list[str]] = {
    word: [field.name for field in fields(kind) if field.name not in UNSEEN]
    for word, kind in KINDS.items()
}
_SENT["moment"] = ["thread", "task", "file", "line"]
_WORD = {kind: (n, word) for n, (word, kind) in enumerate([*KINDS.items(), ("moment", Moment)])}


class Stepper(Saved):
    """Shows a trace step by step in a notebook; where no script runs, as a figure of its end."""

    def __init__(self, trace: Trace, rust: str = "") -> None:
        self.sent, self.figure = _fitting(trace, rust)

    def __repr__(self) -> str:
        return f"<Stepper: {self.figure.alt}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        shown = self.figure._repr_mimebundle_()
        return shown | {"text/html": _living(shown["text/html"], self.sent)}

    def everything(self) -> Page:
        """Give all that a page of it needs."""
        return Page(self.figure.alt, self.figure.html(), f'{{"trace":{self.sent}}}', ("stepper",))


def _living(figure: str, sent: str) -> str:
    return living(figure, f'{{"state":{{"trace":{sent}}}}}', "stepper")


def step(trace: Trace, rust: str = "") -> Stepper:
    """Step through a trace poll by poll: code, span stacks, futures, graph or lanes, and log.

    The keys ← and → step, Shift with them goes to the next poll, Home and End to the ends,
    the space bar plays, ? lists them all. A click on a mark, a bar or an event goes there.
    All of it happens in the browser, and goes on when the kernel is gone, in a notebook that was
    saved, and in a page that was made of it. Of a long trace it shows the beginning, and says
    how to see the rest.

    `rust` is the text of the same program in Rust: it stands above the Python, and where a line
    has a twin both are marked.

    >>> with recording() as trace:
    ...     info("hello")
    >>> step(trace)
    <Stepper: 0 spans and 1 event on 1 thread. Nothing lost its parent.>
    """
    need("step(run(main()))", trace)
    if not isinstance(rust, str):
        raise UsageError(
            f"rust is the text of a program, got {rust!r:.60}. "
            f"Write: step(trace, rust=Path('main.rs').read_text())"
        )
    return Stepper(trace, rust)


# --- what is sent --------------------------------------------------------------------------------


def _fitting(trace: Trace, rust: str) -> tuple[str, Figure]:
    """Pack as much of a trace as a page holds; what is sent, and the figure of the same records."""
    part, new = beginning(trace, LONGEST), LONGEST
    while part.cut.begun <= LONGEST and new > 1:
        left_out, drawn = rest("step", trace, len(part)), picture(part)
        sent = packed(part, drawn, left_out, rust)
        if len(_living(drawn.figure.html(), sent).encode()) <= LARGEST:
            alt = f"{drawn.figure.alt.removesuffix(' ' + left_out)} {left_out}".strip()
            return sent, replace(drawn.figure, alt=alt)
        new = (len(part) - part.cut.begun) // 2
        part = part[: part.cut.begun + new]
    raise UsageError(
        f"step() needs a stretch that builds on little, and what is open before "
        f"trace[{trace.cut.records + trace.cut.begun}] is too much. Write: step(trace[:1000])"
    )


def packed(trace: Trace, drawn: Picture, left_out: str = "", rust: str = "") -> str:
    """Write all that the browser needs as JSON; a row is the number of a kind, then its fields."""
    titles, files = titles_of(trace), dict[str, int]()
    placed, futures = Places(trace, titles), Futures(trace)
    lives = Lives(futures, cache(Labels(trace).of))
    at = {step.index: n for n, step in enumerate(lives.steps) if isinstance(step, Record)}
    at |= {~index: ~n for index, n in at.items()}
    rows, (frame, parts) = [_row(step, files) for step in lives.steps], strip(placed)
    sent = {
        "kinds": list(_SENT.items()), "rows": rows,
        "stacks": [(at[n], thread, off, [at[by] for by in on], current)
                   for n, thread, off, on, current in changes(trace)],
        "lost": {at[n]: span for n, span in lost_parents(trace).items()},
        "said": [(n, [lives.part(part) for part in said]) for n, said in lives.said.items()],
        "lives": [lives.packed(life) for life in lives.lives],
        "words": list(lives.words),
        "futures": [(visible(name, NAME), task, n in lives.inside)
                    for n, (name, task) in enumerate(futures.named())],
        "calls": [(at[n], thread, calls) for n, thread, calls in _calls(trace, futures)],
        "guards": [(at[g.entered], None if g.exited is None else at[g.exited], files[g.file],
                    g.first, g.last, g.awaits) for g in futures.source.guards],
        "rust": _twin(trace, futures, files, rust) if rust else None,
        "files": [_file(name, trace) for name in files],
        "threads": list(titles), "never": len(trace.threads.keys() - titles.keys()),
        "graph": _slim(drawn.svg), "graphText": drawn.figure.text,
        "colours": {colour: name for name, colour in PALETTE.items()},
        "merged": {key: node.key for node in drawn.nodes for key in node.keys if key != node.key},
        "lanes": _slim(frame), "parts": [(*pages, _slim(svg)) for *pages, svg in parts],
        "page": PAGE, "x": list(_places(placed, lives)),
        "height": placed.height + 18, "tops": [round(placed.top[t] + ABOVE) for t in titles],
        "cut": trace.cut._replace(begun=at.get(trace.cut.begun, len(rows))), "rest": left_out,
    }  # fmt: skip
    return json.dumps(sent, separators=(",", ":"))


def _twin(trace: Trace, futures: Futures, files: dict[str, int], rust: str) -> dict[str, Any]:
    """Pair the lines of the program with those of its Rust, which are all sent."""
    ran = Counter(record.file for record in trace.records if record.line).most_common(1)
    file = ran[0][0] if ran else ""
    blocks = futures.source.around(file, {r.line for r in trace.records if r.file == file})
    wanted = {line for block in blocks for line in range(block.first, block.last + 1)}
    text = enumerate(trace.sources.get(file, "").splitlines(), 1)
    twins = dict(pairs({n: line for n, line in text if n in wanted}, rust))
    begins = {block.name: block.first for block in blocks if block.name}
    for moment in futures.made.values():
        # The call in Python is Rust's `async` block itself.
        if twin := twins.get(begins.get(moment.name, 0)):
            twins.setdefault(moment.line, twin)
    lines = [[n, visible(line, LINE_OF_CODE)] for n, line in enumerate(rust.splitlines(), 1)]
    return {"file": files.get(file), "lines": lines[:WHOLE], "pairs": list(twins.items())}


def _slim(svg: str) -> str:
    """Leave out what the page says of all texts, and what is smaller than a pixel."""
    svg = re.sub(
        r' (?:font-family|xml:space|xmlns:xlink)="[^"]*"|(?<=\d\d)\.\d+(?=[^"<>]*")', "", svg
    )
    return re.sub(r">\s+<", "><", svg)


def _calls(trace: Trace, futures: Futures) -> Iterator[tuple[int, int, list[tuple[str, int]]]]:
    """Give the calls of each thread where they change."""
    last = dict[int, list[tuple[str, int]]]()
    for record, calls in zip(trace.records, futures.calls, strict=True):
        going_on = () if isinstance(record, PollEnded) else calls[-3:]
        now = [(visible(call.name, NAME), call.line) for call in going_on]
        if last.setdefault(record.thread, []) != now:
            last[record.thread] = now
            yield record.index, record.thread, now


def _places(placed: Places, lives: Lives) -> Iterator[int]:
    """Give the place of each step along the lanes: a moment stands where the next record is."""
    following = iter([*placed.x, placed.width])
    x = next(following)
    for step in lives.steps:
        yield round(x)
        x = next(following) if isinstance(step, Record) else x
    yield round(x)


def _row(step: Record | Moment, files: dict[str, int]) -> list[Any]:
    number, word = _WORD[type(step)]
    row = {name: _shown(getattr(step, name)) for name in _SENT[word]}
    row["file"] = files.setdefault(step.file, len(files)) if step.line else None
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
