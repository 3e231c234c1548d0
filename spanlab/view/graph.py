"""`graph(trace)`: one box per thread, spans where they were made, events where they were polled.

A red dashed arrow goes where a reader may have expected a parent: from the span in which a task
was spawned to all in that task that has none and asked for none. `why` calls the same lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from string import Template
from unicodedata import east_asian_width

from spanlab.traces import Trace
from spanlab.view.figure import Figure, card, draw
from spanlab.view.palette import DIM, INK, LINE, LOST, PALETTE, PAPER, hue, static
from spanlab.view.tree import Node, merged, nodes, titles_of
from spanlab.view.words import beginning, circled, count, few, need, rest

MANY = 60  # above so many nodes, equal ones are drawn as one
FEW = 5  # more events than that under one parent are a list
MOST, LONGEST = 120, 20_000  # nodes that are drawn, spans and events that they are taken from
PAGE = 1100  # pixels; what is wider lists its events, then grows to the right
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


def picture(trace: Trace) -> Picture:
    """Draw the graph, for a view that shows it step by step."""
    need("graph(run(main()))", trace)
    part = beginning(trace, LONGEST, ("new", "event"))
    every = nodes(part)
    equal = merged(every) if len(every) > MANY else every
    drawn, left_out = equal[:MOST], rest("graph", trace, len(part))
    if len(equal) > MOST:
        left_out = rest("graph", trace, equal[MOST].record, f"All but these {MOST}")
    titles, alt = titles_of(part), f"{_sentence(equal)} {left_out}".strip()
    dot = _dot(drawn, titles, left_out)
    svg = draw(dot)
    text = "\n".join([*_tree(drawn, titles), left_out]).rstrip("\n")
    missing = "" if svg else INSTALL
    figure = Figure(card(svg, alt) if svg else "", alt, text, dot=dot, missing=missing)
    return Picture(figure, drawn, svg)


# --- in words ------------------------------------------------------------------------------------


def _sentence(every: list[Node]) -> str:
    by_key: ByKey = {node.key: node for node in every}
    events = sum(len(node.numbers) for node in every)
    spans = count(sum(node.count for node in every) - events, "span")
    threads = count(len({node.thread for node in every}), "thread")
    lost = [
        f"{_name(node, True)} lost its parent: its {node.begun} in {by_key[min(node.lost)].text}."
        for node in every if node.lost
    ]  # fmt: skip
    said = few(lost, 3, "{} more lost theirs.") or ["Nothing lost its parent."]
    far = [f"{_name(n, True)} is in {_name(by_key[n.parent], True)}." for n in every if n.far]
    return " ".join([f"{spans} and {count(events, 'event')} on {threads}.", *said, *far[:1]])


def _name(node: Node, its_thread: bool = False) -> str:
    """Write `work`, `④ hello`, or `④–⑨ hello ×6`."""
    times = f" ×{node.count}" if node.count > 1 else ""
    on = f" on ThreadId({node.thread})" if its_thread else ""
    return f"{_range(node.numbers, circled)} {node.text}{times}".strip() + on


def _range(numbers: tuple[int, ...], write: Callable[[int], str] = str) -> str:
    """Write one number, `4–9` for all from 4 to 9, or `4 … 12` for some of them."""
    dash = "–" if numbers and numbers[-1] - numbers[0] == len(numbers) - 1 else " … "
    return dash.join(map(write, dict.fromkeys([*numbers[:1], *numbers[-1:]])))


def _tree(drawn: list[Node], titles: dict[int, str]) -> Iterator[str]:
    """Give the text twin: under each thread its spans and events, indented under their parents."""
    by_key: ByKey = {node.key: node for node in drawn}
    below: defaultdict[tuple[str | None, int], list[Node]] = defaultdict(list)
    for node in drawn:
        below[None if node.far else node.parent, node.thread].append(node)
    for thread, title in titles.items():
        todo = [(1, node) for node in reversed(below[None, thread])]
        yield from [title] if todo else []
        while todo:
            depth, node = todo.pop()
            said = [node.note] if node.note else []
            if node.far:
                above = by_key[node.parent]
                said += [f"in {above.text}, made on ThreadId({above.thread})"]
            said += [f"no parent; spawned in {by_key[key].text}" for key in sorted(node.lost)]
            yield "  " * depth + _name(node) + (f"  ({'; '.join(said)})" if said else "")
            todo += [(depth + 1, child) for child in reversed(below[node.key, thread])]


# --- in DOT --------------------------------------------------------------------------------------

TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="2">'
DOWN = {"rankdir": "TB", "apart": "0.35", "ports": ""}
RIGHT = {"rankdir": "LR", "apart": "0.7", "ports": "tailport=e headport=w"}
Card = list[Node]  # one span, one event, or the many events of one span as a list


def _dot(drawn: list[Node], titles: dict[int, str], left_out: str) -> str:
    colours = {thread: hue(place) for place, thread in enumerate(titles)}
    boxes: dict[int, list[str]] = {thread: [] for thread in sorted({n.thread for n in drawn})}
    by_key, (cards, layout) = {node.key: node for node in drawn}, _arranged(drawn)
    head = Template(static("graph.dot")).substitute(PALETTE, rest=left_out, **layout)
    edges: list[str] = []
    for here in cards:
        node, colour = here[0], colours[here[0].thread]
        boxes[node.thread].append(_card(here, *colour))
        if node.parent:
            look = f'penwidth=1.8 color="{colour[0]}"' if node.far else "arrowhead=none"
            edges.append(_arrow(node.parent, node.key, look))
        edges += [line for key in sorted(node.lost) for line in _lost(node, by_key[key])]
    drawings = [_box(thread, titles[thread], *colours[thread], boxes[thread]) for thread in boxes]
    # All boxes start on one line, so that few arrows run through a title.
    beside = [f"{{rank=same {' '.join(f'top_{thread}' for thread in boxes)}}}"]
    beside += [f"top_{a} -> top_{b} [style=invis]" for a, b in pairwise(boxes)]
    return "\n".join([head, *drawings, *beside, *dict.fromkeys(edges), "}"]) + "\n"


def _arranged(drawn: list[Node]) -> tuple[list[Card], dict[str, str]]:
    """Fit the page: a wide graph lists its events, one that is still wide grows to the right."""
    for most in (FEW, 1):
        cards = _cards(drawn, most)
        if _width(cards) <= PAGE:
            return cards, DOWN
    return cards[::-1], RIGHT  # engines draw that from the bottom up


def _cards(drawn: list[Node], most: int) -> list[Card]:
    """Gather the events of one span in one box into a list if they are more than a few."""
    groups: dict[object, Card] = {}
    for node in drawn:
        together = (node.parent, node.thread, node.lost) if node.numbers else node.key
        groups.setdefault(together, []).append(node)
    found: list[Card] = []
    for group in groups.values():
        found += [group] if len(group) > most else [[node] for node in group]
    return found


def _width(cards: list[Card]) -> int:
    """Guess the pixels that all boxes need side by side, each for its widest generation."""
    generation: dict[str | None, int] = {None: 0}
    widths: defaultdict[tuple[int, int], int] = defaultdict(int)
    for here in cards:
        node = here[0]
        above = [generation[node.parent] + 1, *(generation[key] + 2 for key in node.lost)]
        generation[node.key] = max(above)
        widths[node.thread, max(above)] += 60 + 7 * max(len(node.text) for node in here)
    boxes: defaultdict[int, int] = defaultdict(lambda: 200)
    for (thread, _), width in widths.items():
        boxes[thread] = max(boxes[thread], width)
    return sum(boxes.values())


def _box(thread: int, title: str, dark: str, tint: str, cards: list[str]) -> str:
    inside = "\n".join(cards)
    return f"""subgraph cluster_{thread} {{
graph [id=cluster_{thread} label=<{TABLE}<TR><TD><B>{_html(title)}</B></TD></TR></TABLE>>
  labeljust=l labelloc=t margin=12 penwidth=1.2 style="rounded,filled"
  color="{dark}" fillcolor="{tint}" fontcolor="{dark}"]
top_{thread} [style=invis label="" width=0.01 height=0.42]
{inside}
}}"""


def _card(here: Card, dark: str, tint: str) -> str:
    first = here[0]
    if first.numbers:
        label = f"{TABLE}{''.join(_row(event, dark) for event in here)}</TABLE>"
        look = f'color="{LOST if first.lost else LINE}" margin="0.04,0.02"'
    else:
        label = f"<B>{_html(first.text)}</B>{_times(first)}"
        if first.note:
            note = f'<FONT FACE="Verdana" POINT-SIZE="8" COLOR="{DIM}">{first.note}</FONT>'
            label = f"{TABLE}<TR><TD>{label}</TD></TR><TR><TD>{note}</TD></TR></TABLE>"
        look = f'color="{LOST if first.lost else dark}" penwidth=1.4 fontname=Courier fontsize=11 '
        look += f"width={(_room(first.text) + 16) / 72:.2f}"
    kind = f'class="{"event" if first.numbers else "span"}{" lost" if first.lost else ""}"'
    return f"{first.key} [id={first.key} {kind} label=<{label}> {look}]"


def _row(event: Node, dark: str) -> str:
    number = f'<FONT COLOR="{PAPER}">{_range(event.numbers)}</FONT>'
    text = f'<FONT COLOR="{INK}">{_html(event.text)}</FONT>'
    times = f"<TD {_named(f'{event.key}-times')}>{_times(event)}</TD>" if event.count > 1 else ""
    return (
        f'<TR><TD {_named(event.key)} STYLE="ROUNDED" BGCOLOR="{dark}">{number}</TD>'
        f'<TD {_named(f"{event.key}-text")} ALIGN="LEFT" WIDTH="{_room(event.text)}">{text}</TD>'
        f"{times}</TR>"
    )


def _named(key: str) -> str:
    """Name a cell, `a_` before the name; engines name only those that are links."""
    return f'ID="{key}" HREF="#{key}"'


def _times(node: Node) -> str:
    return f'<FONT COLOR="{DIM}"> ×{node.count}</FONT>' if node.count > 1 else ""


def _arrow(above: str, below: str, look: str) -> str:
    return f'{above} -> {below} [{look} id="{above}-{below}"]'


def _lost(node: Node, spawner: Node) -> Iterator[str]:
    """The red dashed arrow. Its words are a node of their own, so that they cover nothing."""
    words = f"lost_{spawner.key}_{node.thread}"
    dashed = f'style=dashed penwidth=1.8 color="{LOST}" class=lost'
    label = f"spawned in {_html(spawner.text)},<BR/>parent lost"
    look = f'class=words shape=plain style="" fontcolor="{LOST}"'
    yield f"subgraph cluster_{node.thread} {{ {words} [id={words} label=<{label}> {look}] }}"
    yield _arrow(spawner.key, words, f"{dashed} arrowhead=none")
    yield _arrow(words, node.key, dashed)


def _html(text: str) -> str:
    return escape(text).replace("\\", "\\\\")  # a single one starts an escape: \\N is a name


def _room(text: str) -> int:
    """Points that text needs at least; engines take what is not ASCII for as narrow as a space."""
    if text.isascii():
        return 0
    return sum(11 if east_asian_width(char) in "WF" else 7 for char in text)
