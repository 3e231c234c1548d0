"""`graph(trace)`: one box per thread, spans where they were made, events where they were polled.

A red dashed arrow goes where a reader may have expected a parent: from the span in which a task
was spawned to all in that task that has none and asked for none. `why` calls the same lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from string import Template
from textwrap import wrap

from spanlab.evidence.labels import Labels
from spanlab.traces import Trace
from spanlab.view.figure import Figure, card, draw
from spanlab.view.palette import DIM, LINE, LOST, PALETTE, hue, static
from spanlab.view.plan import PAGE, TALL, Box, Plan, Point, Row, ranged, times, widths, words_of
from spanlab.view.tree import Node, merged, nodes, outline, titles_of, told_apart
from spanlab.view.words import beginning, circled, count, few, need, rest

WIDE = 100  # letters of a line of what is said below
MANY = 60  # above so many nodes, equal ones are drawn as one
MOST, LONGEST = 120, 20_000  # nodes that are drawn, spans and events that they are taken from
ALIKE = 1000  # spans of a trace; among more none is told apart from others of its name
ByKey = dict[str | None, Node]
INSTALL = "Drawing needs a Graphviz engine. Install one: pip install graphviz graphviz-pure"


def graph(trace: Trace) -> Figure:
    """Draw who is the parent of whom, with one box per thread.

    A span stands in the box of the thread that made it, an event in the box of the
    thread that polled it, numbered as in the log. A red dashed arrow is no parent: it
    shows where a task was spawned whose spans or events have none.

    Where no Graphviz engine is installed, the figure is text with the install line.

    >>> with recording() as trace:
    ...     with info_span("work").enter():
    ...         info("hello")
    >>> graph(trace)
    <Figure: 1 span and 1 event on 1 thread. Nothing lost its parent.>
    """
    return picture(trace).figure


@dataclass(frozen=True)
class Picture:
    """The figure with what it is made of: the drawn nodes, and the SVG as the engine gave it.

    In the SVG each node has its key as its id, and the cells of an event have `a_key`, `a_key-text`
    and `a_key-times`; the edges have `above-below`, and what says that a parent is lost has
    `lost_above_thread`.
    """

    figure: Figure
    nodes: list[Node]
    svg: str


def picture(trace: Trace, wide: float = PAGE) -> Picture:
    """Draw the graph, at most so `wide` if that can be, for a view of which it is a part."""
    need("graph(run(main()))", trace)
    part = beginning(trace, LONGEST, ("new", "event"))
    every = nodes(part)
    equal, left_out = merged(every) if len(every) > MANY else every, rest("graph", trace, len(part))
    if len(part.spans) < ALIKE:
        equal[:MOST] = told_apart(equal[:MOST], Labels(part))
    drawn = equal[:MOST]
    if len(equal) > MOST:
        left_out = rest("graph", trace, equal[MOST].record, f"All but these {MOST}")
    titles, alt = titles_of(part), f"{_sentence(equal, bool(trace.origin))} {left_out}".strip()
    dot = _dot(drawn, titles, left_out, wide)
    svg = draw(dot)
    text = "\n".join([*_tree(drawn, titles), left_out]).rstrip("\n")
    missing = "" if svg else INSTALL
    figure = Figure(card(svg, alt) if svg else "", alt, text, dot=dot, missing=missing)
    return Picture(figure, drawn, svg)


# --- in words ------------------------------------------------------------------------------------


def _sentence(every: list[Node], is_log: bool) -> str:
    by_key: ByKey = {node.key: node for node in every}
    events = sum(len(node.numbers) for node in every)
    spans = count(sum(node.count for node in every) - events, "span")
    threads = count(len({node.thread for node in every}), "thread")
    lost = [
        f"{_name(node, True)} lost its parent: its {node.begun} in {by_key[min(node.lost)].text}."
        for node in every if node.lost
    ]  # fmt: skip
    none = "What lost its parent no log shows." if is_log else "Nothing lost its parent."
    said = few(lost, 3, "{} more lost theirs.") or [none]
    far = [f"{_name(n, True)} is in {_name(by_key[n.parent], True)}." for n in every if n.far]
    return " ".join([f"{spans} and {count(events, 'event')} on {threads}.", *said, *far[:1]])


def _name(node: Node, its_thread: bool = False) -> str:
    """Write `work`, `④ hello`, or `④–⑨ hello ×6`."""
    on = f"on ThreadId({node.thread})" if its_thread else ""
    parts = ranged(node.numbers, circled), node.text, times(node), on
    return " ".join(filter(None, parts))


def _tree(drawn: list[Node], titles: dict[int, str]) -> Iterator[str]:
    """Give the text twin: under each thread its spans and events, indented under their parents."""
    by_key: ByKey = {node.key: node for node in drawn}
    lines = outline(drawn)
    for thread in (thread for thread in titles if thread in lines):
        yield titles[thread]
        for depth, node in lines[thread]:
            said = [node.note] if node.note else []
            if node.far:
                above = by_key[node.parent]
                said += [f"in {above.text}, made on ThreadId({above.thread})"]
            said += [f"no parent; spawned in {by_key[key].text}" for key in sorted(node.lost)]
            yield "  " * (depth + 1) + _name(node) + (f"  ({'; '.join(said)})" if said else "")


# --- in DOT --------------------------------------------------------------------------------------

TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="0">'
PILL = f'STYLE="ROUNDED" BGCOLOR="{LINE}"'


def _dot(drawn: list[Node], titles: dict[int, str], left_out: str, wide: float) -> str:
    plan, hues = (
        Plan(drawn, titles, wide),
        {thread: hue(place) for place, thread in enumerate(titles)},
    )
    boxes = [_box(box, titles[box.thread], *hues[box.thread]) for box in plan.boxes]
    edges = [edge for node in drawn for edge in _edges(node, plan, hues[node.thread][0])]
    head = Template(static("graph.dot")).substitute(PALETTE, rest="\\n".join(wrap(left_out, WIDE)))
    return "\n".join([head, *boxes, *dict.fromkeys(edges), "}"]) + "\n"


def _box(box: Box, title: str, dark: str, tint: str) -> str:
    right, bottom = box.x + box.width, box.y + box.height
    label = f'{TABLE}<TR><TD ALIGN="LEFT" WIDTH="{box.width - 24:.0f}"><B>{_html(title)}</B>'
    inside = "\n".join(_card(row, dark) for row in box.rows)
    return f"""subgraph cluster_{box.thread} {{
graph [id=cluster_{box.thread} label=<{label}</TD></TR></TABLE>> penwidth=1.2 style="rounded,filled"
  bb="{box.x:.0f},{-bottom:.0f},{right:.0f},{-box.y:.0f}"
  lp="{(box.x + right) / 2:.0f},{-box.y - 15:.0f}"
  color="{dark}" fillcolor="{tint}" fontcolor="{dark}"]
{inside}
}}"""


def _card(row: Row, dark: str) -> str:
    node, lost = row.node, f'color="{LOST}"'
    if node is None:
        cell = f'<TD ALIGN="LEFT" WIDTH="{row.width:.0f}">{_html(row.text)}</TD>'
        label, kind = f"{TABLE}<TR>{cell}</TR></TABLE>", "words"
        look = f'shape=plain style="" fontcolor="{LOST}"'
    elif node.numbers:
        label, kind = _event(node), "event"
        look = lost if node.lost else 'shape=plaintext style=""'
    else:
        note = f' <FONT FACE="Verdana" POINT-SIZE="9" COLOR="{DIM}">{_rest(node)}</FONT>'
        label, kind = f"<B>{_html(node.text)}</B>{note if _rest(node) else ''}", "span"
        colour = lost if node.lost else f'color="{dark}"'
        look = f"{colour} penwidth=1.4 fontname=Courier fontsize=11"
    kind += " lost" * bool(node and node.lost)
    place = f'pos="{(row.left + row.right) / 2:.1f},{-row.y:.1f}"'
    size = f"width={row.width / 72:.3f} height={TALL / 72:.3f}"
    return f'{row.key} [id={row.key} class="{kind}" label=<{label}> {look} {place} {size}]'


def _rest(node: Node) -> str:
    return f"{node.note} {times(node)}".strip()


def _event(event: Node) -> str:
    number, text, more = widths(event)
    cells = f'<TD {_named(event.key)} {PILL} WIDTH="{number:.0f}">'
    cells += f'<FONT POINT-SIZE="9"><B>{ranged(event.numbers)}</B></FONT></TD>'
    cells += f'<TD {_named(f"{event.key}-text")} ALIGN="LEFT" WIDTH="{text:.0f}">'
    cells += f"{_html(event.text) or ' '}</TD>"
    if more:
        cells += f'<TD {_named(f"{event.key}-times")} WIDTH="{more:.0f}">'
        cells += f'<FONT COLOR="{DIM}" POINT-SIZE="9">{_rest(event)}</FONT></TD>'
    return f"{TABLE}<TR>{cells}</TR></TABLE>"


def _named(key: str) -> str:
    """Name a cell, `a_` before the name; engines name only those that are links."""
    return f'ID="{key}" HREF="#{key}"'


def _edges(node: Node, plan: Plan, colour: str) -> Iterator[str]:
    """Give the line from a parent, or the red dashed arrow by way of its words."""
    row = plan.row[node.key]
    if node.parent:
        above = plan.row[node.parent]
        if node.far:
            yield _edge(above, row, plan.across(above, row), f'penwidth=1.8 color="{colour}"')
        else:
            yield _edge(above, row, plan.under(above, row), "arrowhead=none")
    for key in sorted(node.lost):
        dashed, words = (
            f'style=dashed penwidth=1.8 color="{LOST}" class=lost',
            plan.row[words_of(key, node.thread)],
        )
        spawner = plan.row[key]
        yield _edge(spawner, words, plan.across(spawner, words), f"{dashed} arrowhead=none")
        yield _edge(words, row, plan.on(words, row), dashed)


def _edge(above: Row, below: Row, way: list[Point], look: str) -> str:
    """Write an edge with its way, each stretch of which is straight."""
    tip, ends = way[-1], way
    if "arrowhead" not in look:
        ends = [*way[:-1], (tip[0] - 7, tip[1])]
    places = [f"{x:.1f},{-y:.1f}" for x, y in ends]
    straight = [place for pair in pairwise(places) for place in (pair[0], pair[1], pair[1])]
    end = "" if ends is way else f"e,{tip[0]:.1f},{-tip[1]:.1f} "
    way_of = f"{end}{places[0]} {' '.join(straight)}"
    return f'{above.key} -> {below.key} [{look} pos="{way_of}" id="{above.key}-{below.key}"]'


def _html(text: str) -> str:
    return escape(text).replace("\\", "\\\\")  # a single one starts an escape: \\N is a name
