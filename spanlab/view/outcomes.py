"""What `explore` has found, as a picture: outcomes with their shares, what differs, and why.

A click on an outcome opens its schedule in the stepper; the traces were sent along, so that it
needs no kernel. Where no script runs the rest of the page stays.
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cached_property
from textwrap import wrap
from typing import Any, NamedTuple

from spanlab.evidence.sites import file_name
from spanlab.record import PollStarted
from spanlab.view import words
from spanlab.view.file import Page, Saved
from spanlab.view.graph import picture
from spanlab.view.live import living
from spanlab.view.page import chip, page, prose, shown
from spanlab.view.stepper import packed
from spanlab.view.words import count, few, visible

MOST = 10  # outcomes that are shown one by one; above, events are, each with its possible spans
ROWS, FEW = 14, 8  # rows of text, and lines of what is the same
POLLS = 24  # of a schedule that is drawn as a branch of a tree
WIDE, MORE = 100, "  … and {} more"  # letters of a line; what is left out
PROVED = (
    "no span is left on a thread for others, nothing looks at who was faster, and every task is "
    "waited for or has ended before, so one run shows what all of them show"
)

Said = tuple[str, str]  # an event and its spans, in words


class Row(NamedTuple):
    """A bar of the picture: how likely something is, and the first outcome that shows it."""

    share: float
    said: list[Said]
    number: int
    error: str = ""


class Outcomes(Saved):
    """The picture of what `explore` has found."""

    def __init__(self, found: Any) -> None:
        self.found = found
        self.outcomes = found.outcomes
        told = [_told(outcome) for outcome in self.outcomes]
        in_all = set.intersection(*map(set, told))
        self.same = [said for said in dict.fromkeys(told[0]) if said in in_all]
        self.differs = [[said for said in each if said not in in_all] for each in told]
        self.titled, self.plain = "the same in all", "nothing else"
        if len(self.outcomes) == 1:
            self.titled, self.plain = "its events", "what is below"

    @cached_property
    def rows(self) -> list[Row]:
        """One row for an outcome, or for what an event may get if there are many."""
        if len(self.outcomes) <= MOST:
            each = zip(self.outcomes, self.differs, strict=True)
            return [Row(o.share, said, number, o.error) for number, (o, said) in enumerate(each)]
        found = defaultdict[str, defaultdict[Said, list[int]]](lambda: defaultdict(list))
        for number, differs in enumerate(self.differs):
            for said in dict.fromkeys(differs):
                found[said[0]][said].append(number)
        return [
            Row(sum(self.outcomes[n].share for n in numbers), [said], numbers[0])
            for ways in found.values() for said, numbers in ways.items()
        ]  # fmt: skip

    @property
    def title(self) -> str:
        """What was found, in one sentence."""
        many, runs = count(len(self.outcomes), "outcome"), count(self.found.runs, "run")
        cut = f"{many} so far: cut short after {runs}, "
        if any("BudgetExceeded:" in outcome.error for outcome in self.outcomes):
            return cut + "the last of which has no end"
        if not self.found.complete:
            return cut + f"at most {self.found.unseen:.1%} of the schedules show more"
        only = "and no other in any" if len(self.outcomes) > 1 else "the same in every"
        return f"{many}, {only} schedule ({runs})"

    @property
    def reasons(self) -> list[str]:
        """Why there may be more than one outcome, or cannot be."""
        broken = [f"{condition}{_file(condition)}" for condition in self.found.broken]
        if not broken:
            return [PROVED if self.found.complete else "too few schedules were run to tell"]
        if len(self.outcomes) == 1:
            met = "all that may show more was run" if self.found.complete else "no run shows more"
            broken[0] = f"{met}, though {broken[0]}"
        return broken

    def __repr__(self) -> str:
        lines = [self.title]
        if len(self.outcomes) > 1 or self.outcomes[0].error:
            lines += few([self._line(row) for row in self.rows], ROWS, MORE)
        if self.same:
            same = [f"  {said}: {spans}" for said, spans in self.same]
            lines += [f"{self.titled}:", *few(same, FEW, MORE)]
        reasons = wrap("why: " + "; ".join(self.reasons), WIDE, max_lines=5)
        return "\n".join([*(visible(line, WIDE) for line in lines), *reasons])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        page = self.everything()
        html = living(page.html, f'{{"state":{page.state}}}', *page.names)
        return {"text/plain": repr(self), "text/html": html}

    def everything(self) -> Page:
        """Give the page with the trace of each outcome that it shows, packed for the stepper."""
        traces = {
            str(number): packed(trace, picture(trace))
            for number in list(dict.fromkeys(row.number for row in self.rows))[:MOST]
            for trace in [self.outcomes[number].trace]
        }
        state = json.dumps({"html": self.html, "traces": traces, **self._orders()})
        return Page(self.title, self.html, state, ("outcomes", "stepper"))

    def _orders(self) -> dict[str, Any]:
        """Give the orders of polls that are small enough to be moved about, and what each shows."""
        every = self.found.orders.items() if 1 < len(self.outcomes) <= MOST else ()
        small = [[number, polls] for polls, number in every if len(polls) <= POLLS]
        told = [[[visible(part, 60) for part in said] for said in _told(o)] for o in self.outcomes]
        return {"orders": small, "told": told if small else []}

    @property
    def html(self) -> str:
        """The page: bars, a tree of a small program's schedules, what is the same, and why."""
        same = "".join(
            f"<tr><th>{shown(said, 60)}</th><td>{shown(spans, 60)}</td></tr>"
            for said, spans in self.same[:ROWS]
        )
        parts = {
            "schedules: who was polled, by thread": _tree(self.outcomes),
            self.titled: f"<table>{same}</table>" if same else "",
            "why": "".join(f"<p>{shown(reason, 3 * WIDE)}</p>" for reason in self.reasons),
        }
        start = '<div class="part"><p class="title">'
        inside = [
            f'<div class="head"><p class="say">{prose(self.title)}</p></div><div class="bars">',
            *map(self._bar, self.rows[: 2 * MOST]), "</div>",
            *(f"{start}{title}</p>{part}</div>" for title, part in parts.items() if part),
        ]  # fmt: skip
        return page("outcomes", "".join(inside))

    def _bar(self, row: Row) -> str:
        outcome = self.outcomes[row.number]
        said = "".join(
            f'<div>{shown(message, 60)} <span class="to">in</span> <b>{shown(spans, 60)}</b></div>'
            for message, spans in row.said[:ROWS]
        )
        replay = f"Replay({outcome.replay!r})"
        return (
            f'<div class="bar" data-outcome="{row.number}">'
            f'{_mark(row.number)}<span class="share">{row.share:.0%}</span>'
            f'<span class="rail"><i style="width:{row.share:.1%}"></i></span>'
            f'<div class="said">{shown(row.error) or said or f"<div>{self.plain}</div>"}'
            f"<code>{shown(replay, 60)}</code></div></div>"
        )

    def _line(self, row: Row) -> str:
        differs = "; ".join(f"{message}: {spans}" for message, spans in row.said)
        said = visible(row.error or differs or self.plain, 56)
        replay = visible(self.outcomes[row.number].replay, 24)
        return f"  {row.share:4.0%}  {said:56}  Replay({replay!r})"


def _told(outcome: Any) -> list[Said]:
    """Say the spans of every event, root first, in the order of the log."""
    place = {event.message: n for n, event in enumerate(outcome.trace.events)}
    told = [(message, " › ".join(reversed(path)) or "no span") for message, path in outcome.scopes]
    return sorted(told, key=lambda said: place[said[0]])


def _file(condition: Any) -> str:
    """Name the file or the cell of a line that a condition names."""
    return f" of {file_name(condition.file).rpartition('/')[2]}" if condition.line else ""


def _mark(number: int) -> str:
    return f'<b class="mark">{chr(65 + number) if number < 26 else number + 1}</b>'


def _tree(outcomes: Any) -> str:
    """Draw the polls of each outcome's schedule: they are one branch up to where they differ."""
    polls = [outcome.trace.of(PollStarted) for outcome in outcomes]
    if not 1 < len(polls) <= MOST or max(map(len, polls)) > POLLS:
        return ""
    ran = dict.fromkeys(thread for outcome in outcomes for thread in outcome.trace.ran)
    places = {thread: place for place, thread in enumerate(ran)}
    ways = [
        [*(chip(words.task(p.task or 0), places[p.thread]) for p in way), _mark(number)]
        for number, way in enumerate(polls)
    ]
    legend = " ".join(chip(f"ThreadId({thread})", place) for thread, place in places.items())
    tree = "\n".join(_branches(ways))
    return f"<p>{legend}</p><pre>{tree}</pre>"


def _branches(ways: list[list[str]]) -> list[str]:
    """Give the lines of a tree: what all ways share, then a branch for each that goes on."""
    steps = enumerate(zip(*ways, strict=False))
    shared = next((n for n, step in steps if len(set(step)) > 1), min(map(len, ways)))
    trunk = [" ".join(ways[0][:shared])] if shared else []
    firsts = list(dict.fromkeys(way[shared] for way in ways if len(way) > shared))
    for first in firsts:
        inside = _branches([way[shared:] for way in ways if way[shared:][:1] == [first]])
        corner, side = ("└ ", "  ") if first == firsts[-1] else ("├ ", "│ ")
        trunk += [f"{corner if n == 0 else side}{line}" for n, line in enumerate(inside)]
    return trunk
