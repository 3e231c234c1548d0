"""Which fields of a line are the event's, and which those of its spans: the shortest reading.

Each place in the source has fields of its own. What a span has is told once for all lines that
are in it, and cheaply if others of its name have the same. A reading of all lines is changed in
many at once as long as it becomes shorter; where another is hardly longer, lines are unsure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import comb, log

Chain = tuple[str, ...]
Unit = tuple[tuple[str, object], ...]  # a field, and the sources of an error with it
End = tuple[Unit, ...]
Place = tuple[object, ...]
Line = tuple[Place, Chain, End]
Cuts = tuple[int, ...]  # where the fields of each span end, from the event's on
Node = tuple[Chain, End, int]  # a span, by all that is around it
Block = list[Line]

MOMENT: Place = ("moment",)
ROUNDS, ALIKE, LEARNED = 4, 6, 1000  # lines that are learned from: alike ones, in all
MUCH = 4000  # spans times fields, times the larger of both, of lines that nobody reads
OWN, SHAPE, TWICE = 1.0, 1.5, 4.0  # the prices of a field of a place, of names together, of doubled
VALUE, NEW, NAME, KNOWN = 1.0, 1.5, 1.0, 0.02  # of a span's field, of names that no other has
CLOSE, LESS = 1.0, -1e-6  # what makes a reading no worse, and what a better one


def named(end: End) -> Chain:
    """Name the fields."""
    return tuple(" ".join(name for name, _ in unit) for unit in end)


class Shares:
    """Knows how many fields the events of each place have, and which the spans of each name."""

    def __init__(self, every: list[Line], most: int = 100) -> None:
        self.most = most  # units that one span may have
        self.own: dict[Place, int] = {}
        self.certain: defaultdict[Chain, set[Chain]] = defaultdict(set)  # ends, from moments
        self._open = set[object]()  # places, and chains with names, of which one cannot be sure
        self._cuts: dict[Line, Cuts] = {}
        self._shown: Counter[Node] = Counter()
        self._alike: defaultdict[str, Counter[Chain]] = defaultdict(Counter)
        self._many: Counter[str] = Counter()
        for place, chain, fields in every:
            if place == MOMENT:
                self.certain[chain].add(named(fields))
        self._prices = {place: _prices(lines) for place, lines in self._places(every).items()}
        self._lines.sort(key=lambda line: (line[0] not in self._fixed, self._choice(line)))
        self._blocks: defaultdict[Place, Block] = defaultdict(list)
        for line in self._lines:
            self._blocks[line[0]].append(line)
        self.own.update((place, 0) for place in self._blocks if place not in self._fixed)
        for line in self._lines:
            self._put(line)
        for _ in range(ROUNDS):
            changes = [change for place in self._blocks for change in self._resize(place)]
            changes += self._together()
            for at, block in self._groups():
                changes += self._change(block), *self._shift(at, block)
            if min(changes, default=0.0) >= LESS:
                break
        self._open = {place for place in self._blocks if _close(self._resize(place, False))}
        for at, block in self._groups():
            if _close(self._shift(at, block, False)):
                self._open.update((line[1], named(self._end(line))) for line in block)

    def _places(self, every: list[Line]) -> dict[Place, Block]:
        """Group lines by their places, a few of each chain; tell what is certain of a place."""
        places: defaultdict[Place, Block] = defaultdict(list)
        many: Counter[tuple[Place, Chain]] = Counter()
        lines: dict[Line, None] = {}
        for line in every:
            place, size = self._place(*line)
            _, chain, fields = line = place, *line[1:]
            if size is not None or not chain:
                self.own[place] = max(len(fields) if size is None else size, self.own.get(place, 0))
            if _much(chain, fields) or len(lines) >= LEARNED:
                continue
            if line not in lines and many[place, chain] < ALIKE:
                many[place, chain] += 1
                lines[line] = None
                places[place].append(line)
        self._fixed = set(self.own)
        self._lines = [line for line in lines if line[1]]
        return places

    def _place(self, place: Place, chain: Chain, fields: End) -> tuple[Place, int | None]:
        """Give a place of its own to lines that end as the moments of their spans do."""
        if place == MOMENT:
            return place, 0
        names = named(fields)
        for size in range(len(fields) + 1):
            if names[size:] in self.certain.get(chain, ()):
                return (place, size), size
        return place, None

    # --- what a reading costs --------------------------------------------------------------------

    def _end(self, line: Line) -> End:
        return line[2][self.own.get(line[0], 0) :]

    def _choice(self, line: Line) -> tuple[int, int]:
        """Count the ways to read what is behind the event's fields."""
        spans = len(line[1])
        return comb(len(self._end(line)) + spans - 1, spans - 1), spans

    def _nodes(self, line: Line) -> Iterator[tuple[Node, str, Chain]]:
        end, chain, before = self._end(line), line[1], 0
        for n, cut in enumerate(self._cuts[line]):
            yield (chain[: n + 1], end[:cut], before), chain[n], named(end[before:cut])
            before = cut

    def _price(self, node: Node, span: str, names: Chain) -> float:
        if self._shown[node] > 0:
            return KNOWN
        price = VALUE * len(names) + TWICE * _doubled(names) + log(self._many[span] + 1)
        if alike := self._alike[span][names]:
            return price - log(alike)
        return price + NEW + NAME * len(names)

    def _put(self, line: Line, cuts: Cuts | None = None) -> float:
        """Read a line, so that it costs least if not told how; give what it costs."""
        self._cuts[line] = cuts or self._split(line[1], self._end(line))[0]
        total = 0.0
        for node, span, names in self._nodes(line):
            total += self._price(node, span, names)
            self._count(node, span, names, 1)
        return total

    def _take(self, line: Line) -> float:
        total = 0.0
        for node, span, names in self._nodes(line):
            self._count(node, span, names, -1)
            total += self._price(node, span, names)
        return total

    def _count(self, node: Node, span: str, names: Chain, by: int) -> None:
        self._shown[node] += by
        if self._shown[node] == max(by, 0):  # the first line of a span, or its last
            self._alike[span][names] += by
            self._many[span] += by

    def _split(self, chain: Chain, end: End) -> tuple[Cuts, float]:
        """Give where the fields of each span end so that it costs least; the outer take more."""
        names, last = named(end), len(chain) - 1
        best: dict[int, tuple[Cuts, float]] = {0: ((), 0.0)}
        for n, span in enumerate(chain):
            after: dict[int, tuple[Cuts, float]] = {}
            for used, (cuts, cost) in sorted(best.items(), reverse=True):
                for cut in range(used if n < last else len(end), len(end) + 1):
                    node = chain[: n + 1], end[:cut], used
                    price = cost + self._price(node, span, names[used:cut])
                    price += 99.0 * (cut - used > self.most)
                    if cut not in after or price < after[cut][1] + LESS:
                        after[cut] = (*cuts, cut), price
            best = after
        return best[len(end)]

    # --- other readings --------------------------------------------------------------------------

    def _change(
        self,
        block: Block,
        told: Iterable[Cuts] = (),
        sizes: dict[Place, int] | None = None,
        keep: bool = True,
    ) -> float:
        """Read lines anew, or as told; go back where that costs more. Give what more it costs."""
        old, was = [self._cuts[line] for line in block], {p: self.own[p] for p in sizes or ()}
        change = -sum(map(self._take, block))
        if sizes:
            change += self._owned(sizes) - self._owned(was)
            self.own.update(sizes)
        order = sorted(block, key=self._choice)
        ways = zip(block, told, strict=True) if told else ((line, None) for line in order)
        change += sum(self._put(line, cuts) for line, cuts in ways)
        if change >= LESS or not keep:
            for line in block:
                self._take(line)
            self.own.update(was)
            for line, cuts in zip(block, old, strict=True):
                self._put(line, cuts)
        return change

    def _owned(self, sizes: dict[Place, int]) -> float:
        return sum(self._prices[place][size] for place, size in sizes.items())

    def _resize(self, place: Place, keep: bool = True) -> list[float]:
        """Try other numbers of fields for a place; give what more they cost."""
        tries = range(0 if place in self._fixed else len(self._prices[place]))
        sizes = [{place: size} for size in tries if size != self.own[place]]
        return [self._change(self._blocks[place], sizes=one, keep=keep) for one in sizes]

    def _together(self) -> list[float]:
        """Try one field more for all places whose lines go on with a field of the same name."""
        found: defaultdict[Chain, dict[Place, int]] = defaultdict(dict)
        for place, block in self._blocks.items():
            size = self.own[place] + 1
            if place not in self._fixed and size < len(self._prices[place]):
                found[named(self._end(block[0])[:1])][place] = size
        return [
            self._change([line for place in sizes for line in self._blocks[place]], sizes=sizes)
            for sizes in found.values()
        ]

    def _groups(self) -> list[tuple[int, Block]]:
        """Group the lines that show one span, and what follows it: the next field, or span."""
        found: defaultdict[tuple[int, int, int, int, Chain, End], Block] = defaultdict(list)
        for line in self._lines:
            end, chain, before = self._end(line), line[1], 0
            for at, cut in enumerate(self._cuts[line]):
                found[at, 0, before, cut, chain[: at + 1], end[: cut + 1]].append(line)
                found[at, 1, before, cut, chain[: at + 2], end[:cut]].append(line)
                before = cut
        return [(key[0], block) for key, block in found.items()]

    def _shift(self, at: int, block: Block, keep: bool = True) -> list[float]:
        """Try other ends of one span, in all lines that show it; the next ones begin there."""
        cuts = {self._cuts[line][: at + 1] for line in block}
        if len(cuts) > 1 or at + 1 >= len(block[0][1]):
            return []
        *_, low, now = (0, *cuts.pop())
        high = max(len(self._end(line)) for line in block)
        others = [cut for cut in range(low, high + 1) if cut != now]
        return [
            self._change(block, [self._moved(line, at, cut) for line in block], keep=keep)
            for cut in others
        ]

    def _moved(self, line: Line, at: int, cut: int) -> Cuts:
        cuts, cut = self._cuts[line], min(cut, len(self._end(line)))
        return *cuts[:at], cut, *(max(cut, after) for after in cuts[at + 1 :])

    def parts(self, place: Place, chain: Chain, fields: End) -> tuple[list[End], bool]:
        """Part fields: the event's, then those of each span; and tell whether that is unsure."""
        if _much(chain, fields):
            return [fields, *[()] * len(chain)], True
        place, _ = self._place(place, chain, fields)
        size, unsure = self.own.get(place), place not in self.own or place in self._open
        if size is None:
            ways = range(len(fields) + 1)
            size = min(ways, key=lambda n: OWN * n + self._split(chain, fields[n:])[1])
        end = fields[size:]
        cuts = self._cuts.get((place, chain, fields)) or self._split(chain, end)[0]
        spans = [end[a:b] for a, b in pairwise((0, *cuts))]
        unsure |= (chain, named(end)) in self._open
        return [fields[:size], *spans], unsure


def _much(chain: Chain, fields: End) -> bool:
    return len(chain) * len(fields) * max(len(chain), len(fields)) > MUCH


def _close(changes: list[float]) -> bool:
    return min(changes, default=CLOSE) < CLOSE


def _prices(lines: Block) -> list[float]:
    """Give what a place costs by the number of its own fields."""
    prices = []
    for size in range(min(len(fields) for *_, fields in lines) + 1):
        own = {
            (at, unit): 0.5 if unit in fields[size:] else 1.0  # it may repeat its span's
            for *_, fields in lines
            for at, unit in enumerate(fields[:size])
        }
        shapes = {named(fields[:size]) for *_, fields in lines}
        prices.append(
            OWN * sum(own.values()) + SHAPE * len(shapes) + TWICE * max(map(_doubled, shapes))
        )
    return prices


def _doubled(names: Chain) -> int:
    return len(names) - len(set(names))
