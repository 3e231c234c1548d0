"""Rules that tell a line that lost its span from one that never had it.

Each rule looks at one place that logs outside of the spans of one name, and says for or against
it having belonged there. What speaks for it is kept in words.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from statistics import fmean, pstdev

from spanlab.yours.evidence import Evidence, Family, Place

FEW = 3  # spans of a kind that a judgement needs
EDGE = 4  # instances that are looked at where a log is cut
Says = tuple[float, str]  # for it if over 0, and in words


class Case:
    """One place and the spans of one name, which some or all of its lines are not in."""

    def __init__(
        self, log: Evidence, family: Family, place: Place, anchors: dict[Place, list[int]]
    ) -> None:
        self.log, self.family, self.place = log, family, place
        name, every = family.name, log.places[place]
        around = log.inside[name]
        self.every = every
        self.under = [at for at in every if log.seen[at].inside(name)]
        self.out = [
            at
            for at in every
            if not log.seen[at].inside(name) and not any(k[0] in around for k in log.seen[at].spans)
        ]
        self.targets = {target for target, _ in anchors}
        self.anchors = {p: lines for p, lines in anchors.items() if p != place and len(lines) >= 3}
        self.lines = every if self.under else self.out
        self.linked = self._linked()

    def _linked(self) -> list[int]:
        """Give the lines that carry an id of an instance which is open, or was just now."""
        by_id, near = self.family.by_id, len(self.family.spans) + 2
        found = [
            at for at in self.out
            if any(first < at <= last + near for pair in self.log.seen[at].fields
                   for first, last in by_id.get(pair, ()))
        ]  # fmt: skip
        return found if len(found) >= 0.7 * len(self.out) else []

    @property
    def mixed(self) -> bool:
        """Tell whether lines of the place stand under the family and outside in turn."""
        out, under = self.out, self.under
        if not under:
            return False
        turns = max(out) > min(under) and min(out) < max(under) and len(under) + len(out) > 2
        return turns or (len(under) > 1 and sum(at > self.family.start for at in out) > 1)

    @property
    def shared(self) -> bool:
        """Tell whether each instance has the same number of lines of the place already."""
        counts = self.log.counts(self.under, self.family.name)
        return len(self.family.spans) > 1 and bool(counts) and self.family.is_share(counts)

    def times(self, lines: list[int]) -> list[float]:
        """Give the times of lines; none if one of them has none."""
        times = [self.log.seen[at].time for at in lines]
        return [] if None in times else [time for time in times if time is not None]

    def pairs(
        self, lines: list[int], most: int, after: bool = False
    ) -> tuple[int, list[int], list[int]] | None:
        """Give how many lines of the place come on each of another, if a fixed number, and both.

        The others come first, or `after` them. What lacks its partner because the log is cut is
        left out: the later ones at the start of the log, the earlier ones at its end.
        """
        begun, going = (min(len(cut), EDGE) for cut in (self.family.begun, self.family.going))
        for per in range(1, most + 1):
            for skipped in range(begun * (1 if after else per) + 1):
                mine, theirs = self.lines[0 if after else skipped :], lines[skipped * after :]
                size = len(theirs) if after else -(-len(mine) // per)
                left = -(-len(mine) // per) - size if after else len(theirs) - size
                mine, theirs = mine[: size * per], theirs[:size]
                if not 0 <= left <= going or len(mine) != size * per:
                    continue
                heads, tails = mine[::per], mine[per - 1 :: per]
                early, late = (tails, theirs) if after else (theirs, heads)
                if size and all(a < b for a, b in zip(early, late, strict=True)):
                    return per, mine, theirs
        return None


# --- rules ---------------------------------------------------------------------------------------


def elsewhere(case: Case) -> Says | None:
    if not case.under:
        return None
    if case.mixed and not case.shared:
        few = case.family.cut and len(case.under) <= FEW
        return 3.0 - few, f"{len(case.under)} other lines of the same place are in it"
    return -2.0 - 2.0 * (case.mixed and case.shared), "each span has its lines of the place"


def linked(case: Case) -> Says | None:
    every = len(case.linked) == len(case.out)
    if case.linked and (bool(case.under) or every):
        return 4.0, f"{len(case.linked)} lines carry an id of a span that is open then"
    return None


def pace(case: Case) -> Says | None:
    """Lines that each come a short and even time after a line of the span."""
    best = min(_loose(case), default=None)
    if best is None:
        even = len(case.out) >= len(case.family.whole) and case.family.is_even(len(case.lines))
        return (1.0, "as many lines as spans, or a multiple") if even else None
    if best[0] < 0.15:
        firm = len(case.every) >= (6 if case.family.cut else 4)
        return 3.0 if firm else 1.5, f"each follows “{best[1]}” at an even pace"
    return (1.0, f"each about follows “{best[1]}”") if best[0] < 0.5 else None


def _loose(case: Case) -> Iterator[tuple[float, str]]:
    for place, lines in case.anchors.items():
        per, mine, theirs = case.pairs(lines, 4) or (1, [], [])
        after, before = case.times(mine[::per]), case.times(theirs)
        if len(mine) < 3 or len(theirs) < 2 or not after or not before:
            continue
        usual = ((before[-1] - before[0]) or 1e-9) / (len(before) - 1)
        delays = [a - b for a, b in zip(after, before, strict=True)]
        if min(delays) >= 0 and fmean(delays) < 1.5 * usual:
            yield pstdev(delays) / usual, place[1]


def between(case: Case) -> Says | None:
    """A fixed number of lines for each span, behind one of its lines, or between two."""
    before = after = None
    many = 0
    for place, lines in case.anchors.items():
        if found := case.pairs(lines, 6):
            before, many = place, len(found[2]) - case.family.cut
        if (found := case.pairs(lines, 6, after=True)) and len(found[2]) >= FEW:
            after = place
    if before is None or many < FEW:
        return None
    if after is None:
        return 1.0, f"a fixed number for each span, after “{before[1]}”"
    worth = {3: 1.0, 4: 2.0}.get(many, 3.0)
    return worth, f"a fixed number for each span, between “{before[1]}” and “{after[1]}”"


def is_open(case: Case) -> Says | None:
    opened = sum(map(case.family.is_open, case.out))
    if opened > 0.95 * len(case.out) and len(case.out) >= 3:
        return 0.5, "always while such a span is open"
    return None


def neighbours(case: Case) -> Says | None:
    seen, name = case.log.seen, case.family.name
    before = Counter(seen[at - 1].place for at in case.out if at and seen[at - 1].inside(name))
    if len(case.out) >= 3 and before:
        place, many = before.most_common(1)[0]
        if many >= 0.8 * len(case.out):
            return 1.5, f"nearly always right after “{place[1]}”"
    return None


def counter(case: Case) -> Says | None:
    """Lines that count up by themselves are of a task of their own."""
    seen = case.log.seen
    for field in {n for at in case.out for n, _ in seen[at].fields} - case.family.ids.keys():
        values = [value for at in case.out for n, value in seen[at].fields if n == field]
        if len(values) >= 3 and all(re.fullmatch(r"-?\d{1,18}", value) for value in values):
            steps = {int(b) - int(a) for a, b in itertools.pairwise(values)}
            if len(steps) == 1 and steps != {0}:
                return -3.5, f"`{field}` counts up by itself"
    return None


def own_spans(case: Case) -> Says | None:
    others = [key[0] for at in case.out for key in case.log.seen[at].spans]
    own = [name for name in others if name in case.log.families and name != case.family.name]
    if len(own) >= 0.8 * len(case.out) and not case.under and not case.linked:
        return -3.5, f"it has `{own[0]}` of its own"
    return None


def unused(case: Case) -> Says | None:
    many = len(case.out) >= 2 and len(case.family.spans) >= 2
    if case.family.name in case.log.empty and many and max(case.out) > case.family.start:
        return 1.5, "no line is ever in that span"
    return None


def too_early(case: Case) -> Says | None:
    return (-3.0, "before any such span") if max(case.out) < case.family.start else None


def alone(case: Case) -> Says | None:
    single = len(case.out) == 1 and (not case.mixed or case.shared)
    return (-2.5, "a single line") if single else None


def beats(case: Case) -> Says | None:
    """Lines at even times are of a clock, unless they also keep pace with a line of the span."""
    times = case.times(case.out)
    if len(times) < 3 or case.under or case.linked:
        return None
    gaps = [b - a for a, b in itertools.pairwise(times)]
    odd = len(case.out) % len(case.family.spans) or min(_loose(case), default=(1.0,))[0] > 0.1
    if min(gaps) > 0 and pstdev(gaps) < 0.08 * fmean(gaps) and odd:
        return -2.0, "at even times"
    return None


def module(case: Case) -> Says | None:
    if case.place[0] and case.place[0] in case.targets:
        return 0.75, "its module logs in that span elsewhere"
    return None


def threads(case: Case) -> Says | None:
    seen, name = case.log.seen, case.family.name
    mine = {seen[at].thread for at in case.out}
    if mine - {""} and not mine & {entry.thread for entry in seen if entry.inside(name)}:
        return 0.25, "on threads where that span never is"
    return None


RULES = (
    elsewhere, linked, pace, between, is_open, neighbours, counter, own_spans, unused, too_early,
    alone, beats, module, threads,
)  # fmt: skip
