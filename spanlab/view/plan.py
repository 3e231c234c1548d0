"""Where everything stands in the graph: a box for each thread, a row for each span and event.

A row stands under its parent, in the order of the log. Boxes stand side by side, in lines as wide
as a page, in the order in which the threads first did anything. Arrows run between the boxes, so
that they cover no words. All in points, from the top left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import fsum

from spanlab.view.tree import Node, outline
from spanlab.view.words import wide as room

PAGE = 740  # of a line of boxes
ROW, TALL, INDENT, DEEPEST = 24, 19, 18, 200  # a row, what stands in it; most that it is indented
EDGE, TITLE, FOOT = 24, 27, 9  # of a box: for arrows at its left, for its name, below its rows
GUTTER, LANES = 30, 4  # between boxes, and arrows side by side in it
Point = tuple[float, float]


@dataclass
class Box:
    """The box of a thread, with its place and that of its line."""

    thread: int
    width: float = 0.0
    x: float = 0.0
    y: float = 0.0
    line: int = 0
    rows: list[Row] = field(default_factory=list)

    @property
    def height(self) -> float:
        return TITLE + ROW * len(self.rows) + FOOT


@dataclass(frozen=True)
class Row:
    """A span, an event, or the words that a parent is lost, which have no node."""

    box: Box
    key: str
    text: str
    number: int
    indent: float
    width: float
    node: Node | None = None

    @property
    def left(self) -> float:
        return self.box.x + EDGE + self.indent

    @property
    def door(self) -> float:
        """Where an arrow ends: before words, so that what goes on from them begins there."""
        return self.left if self.node else self.left - 7

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def y(self) -> float:
        return self.box.y + TITLE + ROW * (self.number + 0.5)


class Plan:
    """The boxes and their rows; `row` finds one by its key."""

    def __init__(self, drawn: list[Node], titles: dict[int, str], wide: float = PAGE) -> None:
        self._wide, self.boxes = wide, list[Box]()
        self.row: dict[str | None, Row] = {}
        self.tops: list[float] = [0.0]  # of the lines of boxes
        self._lane: dict[str, float] = {}  # of each row from which arrows start
        texts, lines = {node.key: node.text for node in drawn}, outline(drawn)
        for thread in (thread for thread in titles if thread in lines):
            box = Box(thread)
            step = min(INDENT, DEEPEST / max(1, *(depth for depth, _ in lines[thread])))
            for depth, node in lines[thread]:
                for spawner in sorted(node.lost):
                    self._words(box, spawner, texts[spawner])
                self._add(box, node.key, node.text, depth * step, fsum(widths(node)) + 12, node)
            wanted = [row.indent + row.width for row in box.rows]
            box.width = max(EDGE + max(wanted) + 12, room(titles[thread], 11) + EDGE)
            self._put(box)

    def _words(self, box: Box, spawner: str, text: str) -> None:
        key = words_of(spawner, box.thread)
        if key not in self.row:
            text = f"spawned in {text}, parent lost"
            self._add(box, key, text, 0, room(text, 10))

    def _add(
        self, box: Box, key: str, text: str, indent: float, width: float, node: Node | None = None
    ) -> None:
        self.row[key] = row = Row(box, key, text, len(box.rows), indent, width, node)
        box.rows.append(row)

    def _put(self, box: Box) -> None:
        last = self.boxes[-1] if self.boxes else None
        if last:
            box.line, box.x = last.line, last.x + last.width + GUTTER
            if box.x + box.width > self._wide:
                box.line, box.x = last.line + 1, 0.0
                below = [
                    self.tops[-1] + each.height for each in self.boxes if each.line == last.line
                ]
                self.tops.append(max(below) + GUTTER)
        box.y = self.tops[box.line]
        self.boxes.append(box)

    def under(self, above: Row, below: Row) -> list[Point]:
        """Give the way of a line from a row to one that is indented under it."""
        x = above.left + 9
        return [(x, above.y + TALL / 2), (x, below.y), (below.left, below.y)]

    def on(self, words: Row, below: Row) -> list[Point]:
        """Give the way of an arrow from the words of what is lost to it."""
        return [(words.door, words.y), (words.door, below.y), (below.left, below.y)]

    def across(self, here: Row, there: Row) -> list[Point]:
        """Give the way of an arrow to a row at the edge of a box; it leaves above its middle."""
        lane = self._lane.setdefault(here.key, 7.0 + 5 * (len(self._lane) % LANES))
        if here.box is there.box:
            x = here.box.x + EDGE - 9 - lane / 4
            return [(here.left, here.y), (x, here.y), (x, there.y), (there.door, there.y)]
        out, into = here.box.x + here.box.width + lane, there.box.x - GUTTER + lane
        way = [(here.right, here.y - 5), (out, here.y - 5), (into, there.y), (there.door, there.y)]
        if here.box.line != there.box.line or abs(out - into) > 1:
            way[2:2] = self._around(here.box.line, there.box.line, out, into, lane)
        return way

    def _around(
        self, line: int, other: int, out: float, into: float, lane: float
    ) -> Iterator[Point]:
        """Go above the line of boxes that is meant, and to it along the edge of the page."""
        leave, come = (self.tops[at] - GUTTER + lane for at in (line + (other > line), other))
        yield out, leave
        if leave != come:
            yield from ((lane - GUTTER, leave), (lane - GUTTER, come))
        yield into, come


def widths(node: Node) -> tuple[float, float, float]:
    """Give the room for the number of a node, for its text, and for what else is said of it."""
    more = room(f"{node.note} {times(node)}".strip(), 9)
    if not node.numbers:
        return 0.0, room(node.text, 11, 0.62), more
    return max(17.0, room(ranged(node.numbers), 9) + 8), room(node.text, 10), more


def times(node: Node) -> str:
    """Say for how many a node stands, if for more than one."""
    return f"×{node.count}" if node.count > 1 else ""


def ranged(numbers: tuple[int, ...], write: Callable[[int], str] = str) -> str:
    """Write one number, `4–9` for all from 4 to 9, or `4 … 12` for some of them."""
    dash = "–" if numbers and numbers[-1] - numbers[0] == len(numbers) - 1 else " … "
    return dash.join(map(write, dict.fromkeys([*numbers[:1], *numbers[-1:]])))


def words_of(spawner: str, thread: int) -> str:
    """Name the words which say that a parent is lost."""
    return f"lost_{spawner}_{thread}"
