"""`compare(bug, fixed)`: two runs side by side, and what differs between them."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from spanlab.errors import UsageError
from spanlab.evidence.labels import Labels
from spanlab.evidence.replay import lost_parents
from spanlab.traces import Trace
from spanlab.view import words
from spanlab.view.figure import Figure
from spanlab.view.file import Saved
from spanlab.view.graph import picture
from spanlab.view.page import chip, number, page, prose, shown
from spanlab.view.words import (
    beginning,
    circled,
    count,
    few,
    listed,
    message,
    need,
    quoted,
    visible,
)

SIDES = ("bug", "fixed")
RUNS = ("first", "second")  # of one program: neither repairs the other
MOST, LONGEST = 500, 5000  # pairs that a page shows, events that are compared
HALF = 340  # points of a page that has two graphs side by side
Both = tuple[Trace, Trace]
Place = tuple[str, int]


def compare(bug: Trace, fixed: Trace, *, names: tuple[str, str] | None = None) -> Comparison:
    """Show two traces side by side: the logs line by line, and both graphs.

    Events belong together by their message: the first that says it here and the first there.
    What differs is marked: the spans that an event is in, and the thread that ran it. Which
    thread that is may differ from run to run; the sentence speaks of it only if nothing else
    does. The sides are called bug and fixed; two runs of one program are first and second, for a
    luckier schedule repairs nothing. `names` are for others of which neither repairs the other. No
    side is red or green then.

    >>> with recording() as bug:
    ...     info("hello")
    >>> with recording() as fixed:
    ...     with info_span("work").enter():
    ...         info("hello")
    >>> compare(bug, fixed)
    <Comparison: `hello`: no span → `work`.>
    """
    need("compare(run(bug()), run(fixed()))", bug, fixed)
    if names is None:
        names = RUNS if _is_one_program(bug, fixed) else SIDES
    if not isinstance(names, tuple | list) or [type(name) for name in names] != [str, str]:
        raise UsageError(
            f"the names= of compare() are two texts, got {names!r:.60}. "
            f'Write: compare(one, other, names=("one", "other"))'
        )
    one, other = (visible(name) for name in names)
    parts = beginning(bug, LONGEST, ("event",)), beginning(fixed, LONGEST, ("event",))
    found = tuple(pairs(*parts))
    sentence = _sentence(found, (one, other))
    if (len(bug), len(fixed)) != (long := (len(parts[0]), len(parts[1]))):
        sentence = f"In the first {long[0]} and {long[1]} records: {sentence}"
    left_out = _rest(found, parts, (bug, fixed))
    here, there = (picture(part, HALF).figure for part in parts)
    return Comparison(sentence, found, here, there, (one, other), left_out)


def _rest(found: tuple[Pair, ...], parts: Both, wholes: Both) -> str:
    """Say which lines a page leaves out, and how to see them."""
    left = found[MOST:]
    sides = [pair.bug for pair in left], [pair.fixed for pair in left]
    bug, fixed = (
        whole.cut.records + min([len(part), *(line.record for line in side if line)])
        for whole, part, side in zip(wholes, parts, sides, strict=True)
    )
    if not left and parts == wholes:
        return ""
    more = f"{len(left)} more lines" if left else "Later records"
    return f"{more} are left out. Write: compare(bug[{bug}:], fixed[{fixed}:])"


def _is_one_program(one: Trace, other: Trace) -> bool:
    """Tell whether main begins at one place, and whatever both say comes from places of both."""
    (first, here), (second, there) = _said(one), _said(other)
    return first == second and all(here[text] & there[text] for text in here.keys() & there.keys())


def _said(trace: Trace) -> tuple[Place, dict[str, set[Place]]]:
    """Give the place of the first thing in main, and for each message the places that said it."""
    main = ((r.file, r.line) for r in trace.records if r.line and not r.task)
    places = defaultdict[str, set[Place]](set)
    for event in trace.events:
        places[message(event)].add((event.file, event.line))
    return next(main, ("", 0)), places


class Line(NamedTuple):
    """One event of a log; `place` is that of its thread among those that ran."""

    number: int
    message: str
    scope: tuple[str, ...]
    thread: int
    place: int
    record: int
    lost: bool = False  # its parent

    def __str__(self) -> str:
        scope = listed(self.scope).replace("`", "") + ", parent lost" * self.lost
        text = quoted(self.message)[1:-1]
        return f"{circled(self.number)} {text}  ({scope}, ThreadId({self.thread}))"


class Pair(NamedTuple):
    """Two events that belong together; one is None if the other run has none."""

    bug: Line | None
    fixed: Line | None

    @property
    def moved(self) -> bool:
        """Tell whether they are in different spans, or one is missing."""
        return (self.bug and self.bug.scope) != (self.fixed and self.fixed.scope)

    @property
    def elsewhere(self) -> bool:
        """Tell whether they ran on different threads."""
        return len({line.thread for line in self if line}) == 2

    @property
    def differs(self) -> bool:
        """Tell whether anything differs."""
        return self.moved or self.elsewhere

    @property
    def diff(self) -> list[str]:
        """Both with the signs of a diff; one where nothing differs."""
        signs = zip("-+", self, strict=True) if self.differs else [(" ", self.bug)]
        return [f"{sign} {line}" for sign, line in signs if line]

    def said(self, names: tuple[str, str]) -> str:
        """Say from which spans to which it moved, or whose alone it is."""
        lines = [line for line in self if line]
        where = " → ".join(listed(line.scope) for line in lines)
        if len(lines) == 1:
            return f"{quoted(lines[0].message)} is only in {names[0 if self.bug else 1]}"
        return f"{quoted(lines[0].message)}: {where}"


@dataclass(frozen=True, repr=False)
class Comparison(Saved):
    """What differs between two traces: a `sentence`, the `pairs` of events, and both graphs.

    `names` are those of the two sides, `left_out` says what is not shown.
    """

    sentence: str
    pairs: tuple[Pair, ...]
    bug: Figure
    fixed: Figure
    names: tuple[str, str]
    left_out: str = ""

    @property
    def sides(self) -> tuple[tuple[str, Figure], tuple[str, Figure]]:
        """Both graphs with their names."""
        return (self.names[0], self.bug), (self.names[1], self.fixed)

    def __str__(self) -> str:
        lines = [line for pair in self.pairs[:MOST] for line in pair.diff]
        graphs = [f"{name}: {figure.alt}\n{figure.text}" for name, figure in self.sides]
        return "\n\n".join(filter(None, [self.sentence, "\n".join(lines), self.left_out, *graphs]))

    def __repr__(self) -> str:
        return f"<Comparison: {self.sentence}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": _html(self)}


def _lines(trace: Trace, told_apart: bool) -> list[Line]:
    places, names = trace.ran, Labels(trace).path if told_apart else trace.names
    lost = lost_parents(trace)
    return [
        Line(n, message(e), names(e.parent), e.thread, places[e.thread], e.index, e.index in lost)
        for n, e in trace.numbered
    ]


def pairs(bug: Trace, fixed: Trace) -> Iterator[Pair]:
    """Pair the events in the order of the first log; what only the second has stands in its."""
    spans = (Counter(new.name for new in trace.spans.values()) for trace in (bug, fixed))
    alike = next(spans) == next(spans)  # two spans of one name are two, if both runs have them
    here, there = _lines(bug, alike), _lines(fixed, alike)
    left = dict(zip(words.keys(line.message for line in there), there, strict=True))
    paired = [left.pop(key, None) for key in words.keys(line.message for line in here)]
    alone = deque(left.values())
    for line, partner in zip(here, paired, strict=True):
        while alone and partner and alone[0].number < partner.number:
            yield Pair(None, alone.popleft())
        yield Pair(line, partner)
    yield from (Pair(None, line) for line in alone)


def _sentence(pairs: tuple[Pair, ...], names: tuple[str, str]) -> str:
    if said := Counter(pair.said(names) for pair in pairs if pair.moved):
        every = [text + (f" (×{times})" if times > 1 else "") for text, times in said.items()]
        return "; ".join(few(every, 3, "{} more differ")) + "."
    if elsewhere := [pair for pair in pairs if pair.elsewhere]:
        events, first = count(len(elsewhere), "event"), elsewhere[0]
        threads = " → ".join(f"ThreadId({line.thread})" for line in first if line)
        what = f"{quoted(first.bug.message if first.bug else '')}: {threads}"
        return f"Every event has the same parents; {events} ran on another thread: {what}."
    return "Nothing differs: every event has the same parents, on the same thread."


# --- for a notebook ------------------------------------------------------------------------------


def _html(both: Comparison) -> str:
    head = f'<div class="head"><p class="say">{prose(both.sentence)}</p></div>'
    titles = "".join(f'<p class="title">{shown(name)}</p>' for name in both.names)
    rows = "".join(_row(pair, both.names) for pair in both.pairs[:MOST])
    rows += f'<p class="rest">{shown(both.left_out)}</p>' if both.left_out else ""
    lines = f'<div class="lines"><div class="pair titles">{titles}</div>{rows}</div>'
    widest = max(both.bug.width, both.fixed.width, 1)  # both are as large as this one can be
    graphs = "".join(
        f'<div><p class="title whose">{shown(name)}</p>'
        f"{figure.html(f'width:min({figure.width:g}pt,{figure.width / widest:.1%})')}</div>"
        for name, figure in both.sides
    )
    look = "" if both.names == SIDES else " sl-neutral"
    return page("compare", f'{head}{lines}<div class="pair graphs">{graphs}</div>', look)


def _row(pair: Pair, names: tuple[str, str]) -> str:
    signs = ("", "") if not pair.differs else ("−", "+") if names == SIDES else ("≠", "≠")
    cells = (_cell(pair, *side) for side in zip(pair, SIDES, names, signs, strict=True))
    return f'<div class="pair{"" if pair.differs else " same"}">{"".join(cells)}</div>'


def _cell(pair: Pair, line: Line | None, side: str, name: str, sign: str) -> str:
    if line is None:
        missing = f'<span class="dim">not in {shown(name)}</span>'
        return f'<div class="line {side} missing">{missing}</div>'
    kind = f"line {side}{' differs' if pair.differs else ''}"
    scope = shown("in " + " › ".join(reversed(line.scope)) if line.scope else "no span", 100)
    other = chip(f"ThreadId({line.thread})", line.place, " other" if pair.elsewhere else "")
    lost = '<span class="lost">parent lost</span>' if line.lost else ""
    whose = f'<span class="whose">{shown(name)}</span>'
    return (
        f'<div class="{kind}"><span class="sign">{sign}</span>{whose}'
        f"{number(line.number)} {shown(line.message, 80)}"
        f'<span class="scope{" other" if pair.moved else ""}">{scope}{lost}{other}</span></div>'
    )
