"""`suspects(trace)`: places of a log that probably lost their span, or stand in a foreign one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from spanlab.traces import Trace
from spanlab.view.fmt import log
from spanlab.view.page import page, prose
from spanlab.view.words import circled, count, listed, need, quoted
from spanlab.yours.evidence import Evidence, Place, Seen, seen_in
from spanlab.yours.read_log import read_log
from spanlab.yours.rules import FEW, RULES, Case

LEAST, SURE = 3.0, 6.0  # what makes a suspect, and one beyond doubt
SHOWN = 8  # lines that are named
LATE = 20.0  # times as long as its like a span is open that is held
CAUSES = {
    "spawned": "lost where a task or thread was started",
    "inside": "made inside the span, polled outside",
    "guard": "another task's guard on the stack",
    "captured": "captured too early, or kept too long",
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """A place in the source whose lines are probably in the wrong span.

    `kind` is "lost", "foreign" or "held"; `span` names the span that they lost, or that holds
    them. `lines` are numbers of events in the log, `why` is the evidence in words, `cause` a
    class of causes as far as a log can tell it. `file_line` and `time` are those of the first of
    them, where it was read from a log.
    """

    kind: str
    span: str
    place: Place
    lines: tuple[int, ...]
    score: float
    why: tuple[str, ...]
    cause: str
    file_line: int = 0
    time: str = ""

    @property
    def sure(self) -> str:
        """How sure it is, in a word."""
        return "probably" if self.score >= SURE else "perhaps"

    def __str__(self) -> str:
        which = ", ".join(map(circled, self.lines[:SHOWN]))
        more = f" and {len(self.lines) - SHOWN} more" if len(self.lines) > SHOWN else ""
        did = {"lost": "lost", "foreign": "stands in a foreign", "held": "is in a held"}[self.kind]
        what = f"{quoted(self.place[1] or self.place[0])} {self.sure} {did} {listed((self.span,))}"
        at = f"; the first is line {self.file_line}" if self.file_line else ""
        at += f", {self.time}" if at and self.time else ""
        return f"{what} ({which}{more}{at}): {'; '.join(self.why)}. Class of causes: {self.cause}."


class Suspects(tuple[Suspect, ...]):
    """Suspects, the surest first; `note` is what is said where there are none."""

    note = "Nothing is suspicious."

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or self.note

    def __repr__(self) -> str:
        return f"<Suspects: {count(len(self), 'place')}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        said = (f'<p class="say">{prose(line)}</p>' for line in str(self).splitlines())
        html = page("why", f'<div class="head">{"".join(said)}</div>')
        return {"text/plain": str(self), "text/html": html}


def suspects(trace: Trace) -> Suspects:
    """Rank the places of a log that probably lost their parent, or have a foreign one.

    A log shows no spawns: what is said follows from what lines have in common with those in the
    span, and may be wrong. `why` of a suspect is its evidence. Nothing is there if nothing is
    suspicious, or if there is too little to tell: `note` says which.

    >>> suspects(read_log("2026-11-27T01:00:00Z  INFO app: alone\\n"))
    <Suspects: 0 places>
    """
    need('suspects(read_log("app.log"))', trace)
    if trace.origin is None:
        printed = log(trace, "json", time=True, target=True, thread_names=True)
        return found_in(Evidence(seen_in(read_log(f"{printed}\n").origin.entries())))
    found, origin = found_in(Evidence(seen_in(trace.origin.entries()))), trace.origin
    placed = Suspects(replace(s, file_line=origin.line(s.lines[0])) for s in found)
    origin.suspected = {n: str(s) for s in reversed(placed) for n in s.lines}
    placed.note = found.note if origin.understood else f"{origin.nothing}."
    return placed


def found_in(told: Evidence) -> Suspects:
    """Rank the suspects of one stretch of a log."""
    found = [*_foreign(told), *_lost(told), *_held(told)]
    best: dict[Place, Suspect] = {}
    for suspect in sorted(found, key=lambda s: -s.score):
        best.setdefault(suspect.place, suspect)
    times = {seen.number: seen.clock for seen in told.seen}
    every = Suspects(replace(s, time=times[s.lines[0]]) for s in best.values())
    if not any(seen.spans for seen in told.seen):
        every.note = "No line is in a span: such a log does not tell which lines lost theirs."
    elif few := _too_few(told):
        which = " ".join(map(circled, few[:SHOWN])) + " …" * (len(few) > SHOWN)
        are, they = ("are", "they") if len(few) > 1 else ("is", "it")
        every.note = (
            f"{count(len(few), 'line')} {are} in no span: {which}. Too little to tell whether "
            f"{they} lost one ({FEW} or more of a kind are needed)."
        )
    return every


def _too_few(log: Evidence) -> list[int]:
    """Give the events in no span, where there are too few spans to judge by."""
    if any(len(family.spans) >= FEW for family in log.families.values()):
        return []
    first = next((at for at, seen in enumerate(log.seen) if seen.spans), len(log.seen))
    return [seen.number for seen in log.seen[first:] if seen.number and not seen.spans]


def _lost(log: Evidence) -> Iterator[Suspect]:
    for name, family in log.families.items():
        roots = any(seen.spans and seen.spans[0][0] == name for seen in log.seen)
        if len(family.spans) < 2 and (log.inside[name] or not roots):
            continue
        anchors = log.anchors(name)
        for place in log.places:
            case = Case(log, family, place, anchors)
            said = [found for rule in RULES if (found := rule(case))] if case.out else []
            score = sum(worth for worth, _ in said)
            if score >= LEAST:
                lines = tuple(log.seen[at].number for at in case.out)
                why = tuple(words for worth, words in said if worth > 0)
                yield Suspect("lost", name, place, lines, score, why, _cause(case))


def _cause(case: Case) -> str:
    """Tell the class of causes, as far as lines can."""
    seen, name = case.log.seen, case.family.name
    in_it = [
        at for entry in [seen] for at, one in enumerate(entry) if one.number and one.inside(name)
    ]
    firsts: dict[object, Place] = {}
    for at in in_it:
        firsts.setdefault(seen[at].inside(name), seen[at].place)
    first = Counter(firsts.values()).most_common(1)
    starts = [
        at
        for place in set(firsts.values())
        for at in case.log.places[place]
        if not seen[at].inside(name)
    ]
    if name in case.log.empty or (len(starts) >= 2 and first[0][1] >= 0.5 * len(firsts)):
        return CAUSES["inside"]
    roots = Counter(seen[at].spans[0] for at in case.out if seen[at].spans)
    if roots.total() > 0.5 * len(case.out) and len(roots) <= 2:
        return CAUSES["captured"]
    return CAUSES["spawned"]


def _foreign(log: Evidence) -> Iterator[Suspect]:
    """A span inside another of its name, or an id that is not that of its span."""
    for place, lines in log.places.items():
        nested = [at for at in lines if _nested(log, log.seen[at])]
        against = [at for at in lines if _against(log, log.seen[at])]
        wrong = sorted({*nested, *against})
        if not wrong or ((not against or len(wrong) == len(lines)) and _shared(log, lines)):
            continue
        why = ["it is inside another span of its name"] if nested else []
        why += ["its id is that of another span"] if against else []
        score = 3 + 2 * bool(against) + min(len(wrong), 5) / 5
        leaf = log.seen[wrong[0]].spans[-1][0]
        numbers = tuple(log.seen[at].number for at in wrong)
        yield Suspect("foreign", leaf, place, numbers, score, tuple(why), CAUSES["guard"])


def _nested(log: Evidence, seen: Seen) -> bool:
    keys: defaultdict[str, set[object]] = defaultdict(set)
    for key in seen.spans:
        if key[0] in log.families:
            keys[key[0]].add(key)
    return any(len(known) > 1 for known in keys.values())


def _against(log: Evidence, seen: Seen) -> bool:
    """Tell whether an event has an id that another span has, and its own spans have not."""
    mine = {pair for _, fields in seen.spans for pair in fields}
    fields = dict(seen.fields)
    for name, known in seen.spans:
        ids = log.families[name].ids if name in log.families else {}
        for field, value in known:
            other = fields.get(field, value)
            if other != value and other in ids.get(field, ()) and (field, other) not in mine:
                return not any((n, v) in mine for n, v in seen.fields if n == field)
    return False


def _shared(log: Evidence, lines: list[int]) -> bool:
    """Tell whether each span has its share of the lines: a span may hold its like."""
    leaves = Counter(seen.spans[-1] for at in lines if (seen := log.seen[at]).spans)
    names = {name for name, _ in leaves}
    if sum(leaves.values()) < len(lines) or len(names) > 1 or not names <= log.families.keys():
        return False
    return log.families[names.pop()].is_share(leaves)


def _held(log: Evidence) -> Iterator[Suspect]:
    """A span that has lines for much longer than its like."""
    for name, family in log.families.items():
        times = {
            key: (log.seen[last].time or 0) - (log.seen[first].time or 0)
            for key, (first, last) in family.spans.items()
        }
        usual = median(times.values())
        if len(times) < 8 or not usual > 0:
            continue
        for key, long in times.items():
            if long > LATE * usual:
                last = log.seen[family.spans[key][1]]
                why = f"open {long / usual:.0f} times as long as its like"
                score = LEAST + min(long / usual / 100, 1)
                yield Suspect(
                    "held", name, last.place, (last.number,), score, (why,), CAUSES["captured"]
                )
