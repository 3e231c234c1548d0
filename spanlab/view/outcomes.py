"""What `explore` has found, as a picture: outcomes with their shares, what differs, and why.

A click on an outcome opens its schedule in the stepper; the traces were sent along, so that it
needs no kernel. Where no widget runs the rest of the page stays.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import chain
from textwrap import wrap
from typing import Any, NamedTuple

from spanlab.record import PollStarted
from spanlab.traces import Trace
from spanlab.view import words
from spanlab.view.graph import picture
from spanlab.view.live import bundle, live
from spanlab.view.page import page, prose, shown
from spanlab.view.stepper import packed
from spanlab.view.words import count, visible

MOST = 10  # outcomes that are shown one by one; above, events are, each with its possible spans
ROWS, FEW = 14, 8  # rows of text, and lines of what is the same
POLLS = 24  # of a schedule that is drawn as a branch of a tree
WIDE = 100  # letters of a line

Said = tuple[str, str]  # an event and its spans, in words


class Row(NamedTuple):
    """A bar of the picture: how likely something is, and the outcome that shows it."""

    share: float
    said: list[Said]
    error: str
    outcome: Any


class Outcomes:
    """The picture of what `explore` has found."""

    def __init__(self, found: Any) -> None:
        self.found = found
        self.outcomes = found.outcomes
        events = [event.message for o in self.outcomes for event in o.trace.events]
        self.place = {
            message: n for n, message in enumerate(dict.fromkeys(events))
        }  # as in the log
        self.told = [
            sorted(map(self._event, o.events), key=lambda said: self.place[said[0]])
            for o in self.outcomes
        ]
        in_all = set.intersection(*map(set, self.told)) if self.told else set()
        self.same = [said for said in dict.fromkeys(chain(*self.told)) if said in in_all]
        self.plain = "nothing else" if len(self.outcomes) > 1 else "what is below"
        self.differs = [[said for said in told if said not in in_all] for told in self.told]

    @cached_property
    def rows(self) -> list[Row]:
        """One row for an outcome, or for what an event may get if there are many."""
        if len(self.outcomes) <= MOST:
            return [
                Row(o.share, said, o.error, o)
                for o, said in zip(self.outcomes, self.differs, strict=True)
            ]
        found: dict[Said, list[Any]] = defaultdict(list)  # in the order of their events
        for outcome, differs in zip(self.outcomes, self.differs, strict=True):
            for said in dict.fromkeys(differs):
                found[said].append(outcome)
        return [
            Row(sum(o.share for o in them), [said], "", them[0])
            for said, them in sorted(found.items(), key=lambda item: self.place[item[0][0]])
        ]

    @property
    def title(self) -> str:
        """What was found, in one sentence."""
        many, runs = count(len(self.outcomes), "outcome"), count(self.found.runs, "run")
        if any(outcome.error.startswith("PollBudgetExceeded") for outcome in self.outcomes):
            return f"{many} so far: cut short after {runs}, the last of which has no end"
        if not self.found.complete:
            unseen = f"at most {self.found.unseen:.1%} of the schedules show more"
            return f"{many} so far: cut short after {runs}, {unseen}"
        if len(self.outcomes) > 1:
            return f"{many}, and no other in any schedule ({runs})"
        return f"{many}, the same in every schedule ({runs})"

    @property
    def reasons(self) -> list[str]:
        """Why there may be more than one outcome, or cannot be."""
        if self.found.broken:
            return [str(condition) for condition in self.found.broken]
        return [
            "no span is left on a thread for others, and nothing looks at who was faster, "
            "so one run shows what all of them show"
        ]

    def __repr__(self) -> str:
        titled = "the same in all:" if len(self.outcomes) > 1 else "its events:"
        lines = [self.title]
        if len(self.outcomes) > 1 or any(outcome.error for outcome in self.outcomes):
            lines += _some([self._line(row) for row in self.rows], ROWS)
        if self.same:
            lines += [titled, *_some([f"  {said}: {spans}" for said, spans in self.same], FEW)]
        lines = [visible(line, WIDE) for line in lines]
        return "\n".join(lines + wrap("why: " + "; ".join(self.reasons), WIDE, max_lines=5))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle(self.widget(), repr(self), self.html)

    def widget(self) -> Any:
        """Give the page with the trace of each outcome that it shows, packed for the stepper."""
        traces = {
            str(number): packed(trace, picture(trace))
            for number in list(dict.fromkeys(self._number(row) for row in self.rows))[:MOST]
            for trace in [self.outcomes[number].trace]
        }
        state = {"html": self.html, "traces": traces}
        return live("spanlab.view", "outcomes", "stepper", state, inner="stepper")

    def _number(self, row: Row) -> int:
        return next(n for n, outcome in enumerate(self.outcomes) if outcome is row.outcome)

    @property
    def html(self) -> str:
        """The page: bars, a tree of a small program's schedules, what is the same, and why."""
        rows = "".join(self._bar(row) for row in self.rows[: 2 * MOST])
        same = "".join(
            f"<tr><th>{shown(said, 60)}</th><td>{shown(spans, 60)}</td></tr>"
            for said, spans in self.same[:ROWS]
        )
        titled = "the same in all" if len(self.outcomes) > 1 else "its events"
        parts = [
            f'<div class="head"><p class="say">{prose(self.title)}</p></div>',
            f'<div class="bars">{rows}</div>' if rows else "",
            f'<div class="part"><h4>schedules</h4><pre>{tree}</pre></div>'
            if (tree := _tree(self.outcomes)) else "",
            f'<div class="part"><h4>{titled}</h4><table>{same}</table></div>' if same else "",
            '<div class="part"><h4>why</h4>',
            *(f"<p>{shown(reason)}</p>" for reason in self.reasons), "</div>",
        ]  # fmt: skip
        return page("outcomes", "".join(parts))

    def _bar(self, row: Row) -> str:
        number = self._number(row)
        said = "".join(
            f'<div>{shown(message, 60)} <span class="to">in</span> <b>{shown(spans, 60)}</b></div>'
            for message, spans in row.said[:ROWS]
        )
        replay = f"Replay({row.outcome.replay!r})"
        return (
            f'<div class="bar" data-outcome="{number}"><b class="mark">{_letter(number)}</b>'
            f'<span class="share">{row.share:.0%}</span>'
            f'<span class="rail"><i style="width:{row.share:.1%}"></i></span>'
            f'<div class="said">{shown(row.error) or said or self.plain}'
            f"<code>{shown(replay, 60)}</code></div></div>"
        )

    def _event(self, event: tuple[str, tuple[tuple[str, str], ...]]) -> Said:
        message, spans = event
        path = " › ".join(self._labels.get(path, name) for name, path in reversed(spans))
        return message, path or "no span"

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Tell spans of one name apart, where outcomes differ in nothing else."""
        if len({(o.scopes, o.error) for o in self.outcomes}) == len(self.outcomes):
            return {}
        fields: dict[str, dict[str, str]] = defaultdict(dict)  # of each path, for each name
        for outcome in self.outcomes:
            for number, span in outcome.trace.spans.items():
                fields[span.name][outcome.state.span(number)] = words.said(span.fields)
        return {
            path: f"{name}{{{said}}}" if said else f"{name}#{which}"
            for name, paths in fields.items() if len(paths) > 1
            for which, (path, said) in enumerate(sorted(paths.items()), 1)
        }  # fmt: skip

    def _line(self, row: Row) -> str:
        differs = "; ".join(f"{message}: {spans}" for message, spans in row.said)
        said = row.error or differs or self.plain
        replay = visible(row.outcome.replay, 24)
        return f"  {row.share:4.0%}  {visible(said, 56):56}  Replay({replay!r})"


def _some(lines: list[str], most: int) -> list[str]:
    """Leave out what is too much, and say so."""
    more = [f"  … and {len(lines) - most} more"] if len(lines) > most else []
    return lines[:most] + more


def _letter(number: int) -> str:
    return chr(65 + number) if number < 26 else str(number + 1)


def _tree(outcomes: Any) -> str:
    """Draw the polls of each outcome's schedule: they are one branch up to where they differ."""
    ways = [_polls(outcome.trace) for outcome in outcomes]
    if not 1 < len(ways) <= MOST or max(map(len, ways)) > POLLS:
        return ""
    ends = [[*way, f'<b class="mark">{_letter(n)}</b>'] for n, way in enumerate(ways)]
    return "\n".join(_branches(ends))


def _branches(ways: list[list[str]]) -> list[str]:
    """Give the lines of a tree: what all ways share, then a branch for each that goes on."""
    steps = enumerate(zip(*ways, strict=False))
    shared = next((n for n, step in steps if len(set(step)) > 1), min(map(len, ways)))
    trunk = [" ".join(ways[0][:shared])] if shared else []
    firsts = list(dict.fromkeys(way[shared] for way in ways if len(way) > shared))
    for place, first in enumerate(firsts, 1):
        inside = _branches([way[shared:] for way in ways if way[shared:][:1] == [first]])
        corner, side = ("└ ", "  ") if place == len(firsts) else ("├ ", "│ ")
        trunk += [f"{corner if n == 0 else side}{line}" for n, line in enumerate(inside)]
    return trunk


def _polls(trace: Trace) -> list[str]:
    """Name who was polled, one after the other, each in the colour of its thread."""
    places = {thread: place for place, thread in enumerate(sorted(trace.threads))}
    return [
        f'<b class="chip h{places[p.thread] % 6}" title="ThreadId({p.thread})">'
        f"{words.task(p.task or 0)}</b>"
        for p in trace.of(PollStarted)
    ]
