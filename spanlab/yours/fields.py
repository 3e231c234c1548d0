"""Where fields begin in text that does not say so: the reading that costs least.

Text prints a message and fields in one line, without quotes around values. Each reading has a
price: a plain name is cheap, a value with spaces is dear, a `word=` that is no field is dearer.
Where the second best reading costs hardly more, the entry is marked as unsure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from spanlab.yours.entry import Pairs

QUOTED = r'"(?:[^"\\]|\\.)*+"'
STRING = rf"(?<![^\s=(\[{{,:]){QUOTED}"  # no quote that closes another opens one
WHOLE = rf"{STRING}|[][(){{}}]"
CLOSES = {"{": "}", "[": "]", "(": ")"}
IDENT = re.compile(r"(?:r#)?[^\W\d][\w.\-#]*")
SIGNED = re.compile(rf"(?:^|(?<= )|(?<=\{{))({IDENT.pattern})=([^\s=]*)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?|true|false|NaN|-?inf|None", re.A)
HEAD = re.compile(r"[\w:]*+ ?")  # of a value by `Debug`, before its bracket
BACK = 8  # how many signs a value may run over
LONG, MOST = 8_000, 120  # letters and signs that are looked at; the rest is the last value's
CLOSE = 1.5  # what makes a second reading no worse than the first
SPACED, SKIPPED, VARIED = 2.5, 3.2, 4.0  # the prices of a value with spaces, of a sign in the
# message, of one whose value changes from line to line


@dataclass(frozen=True)
class Signs:
    """How one format writes fields: what follows a name, and what parts two fields."""

    sign: re.Pattern[str]
    equals: str
    gap: str
    words: int  # of a name


TEXT = Signs(re.compile(rf"{WHOLE}|="), "=", " ", 2)
FIELD = rf' ({IDENT.pattern})=("[^"\\]*"|[^\s="{{}}\[\]()]+)'
FIELDS, CLEAN = re.compile(FIELD), re.compile(rf"(?:{FIELD})*\Z")  # what nothing is unsure of
MARKS = re.compile(r'["{}\[\]()]')
PRETTY = Signs(re.compile(rf"{WHOLE}|: "), ": ", ", ", 1)


@dataclass(slots=True)
class Reading:
    """A message and its fields; `unsure` if another reading is about as good."""

    message: str | None
    fields: Pairs
    unsure: bool = False
    cost: float = 0.0


@dataclass
class Names:
    """The names of fields that stand beyond doubt elsewhere in the log."""

    known: set[str] = field(default_factory=set)
    varied: set[str] = field(default_factory=set)  # plain ones that have different values

    def cost(self, name: str) -> float:
        """Price a name; what no name can be is dear."""
        if name in self.known:
            return 0.0 if IDENT.fullmatch(name) else 0.5
        if IDENT.fullmatch(name):
            return 0.5
        return 2.0 + 1.5 * name.count(" ") + 9.0 * (not name.strip(" ,.;=!<>") or name[0] in '"-')


class Text:
    """One text with its quoted and bracketed parts found, which no field begins inside."""

    def __init__(self, text: str, signs: Signs, names: Names) -> None:
        self.text, self.signs, self.names = text, signs, names
        self.at: list[int] = []  # where signs stand
        self.whole: dict[int, int] = {}  # quoted and bracketed parts: start to end
        opened: list[int] = []
        found: list[int] = []
        for sign in signs.sign.finditer(text, 0, LONG):
            start, what = sign.start(), sign[0]
            if what in CLOSES:
                opened.append(start)
            elif what in "}])":
                if opened and CLOSES[text[opened[-1]]] == what:
                    self.whole[opened.pop()] = start + 1
            elif what[0] == '"':
                self.whole[start] = sign.end()
            else:
                found.append(start)
        self.at = list(self._outside(found[:MOST]))

    def _outside(self, found: list[int]) -> Iterator[int]:
        """Leave out signs inside of quotes and brackets."""
        parts, end = iter(sorted(self.whole.items())), 0
        start, stop = next(parts, (len(self.text), 0))
        for at in found:
            while start < at:
                end = max(end, stop)
                start, stop = next(parts, (len(self.text), 0))
            if at >= end:
                yield at

    def value(self, start: int, end: int) -> float:
        """Price a value: one that can only end here is free, one with spaces is dear."""
        text = self.text[start:end]
        if self.ends(start) == end:
            return 0.0
        if not text:
            return 1.5
        cost = SPACED if " " in text else 1.0
        if text[0] == '"' or (NUMBER.match(text) and text.partition(" ")[0] != text):
            first = self.ends(start)
            cost += (
                3.0 if first is not None and text[first - start : first - start + 1] == " " else 1.0
            )
        return cost + (1.0 if self.signs.gap == ", " and ", " in text else 0.0)

    def ends(self, start: int) -> int | None:
        """Tell where a value must end: after its quote, its bracket, its number."""
        head = HEAD.match(self.text, start)
        for at in (start, head.end() if head else start):
            if at in self.whole:
                return self.whole[at]
        number = NUMBER.match(self.text, start)
        if number and self.text[number.end() : number.end() + 1] in ("", " ", ","):
            return number.end()
        return None

    def starts(self, sign: int, first: int) -> Iterator[tuple[int, float]]:
        """Give where the name before a sign may start, and what it costs."""
        at, gap = sign, self.signs.gap
        for _ in range(self.signs.words):
            at = self.text.rfind(gap, first, at)
            start = first if at < 0 else at + len(gap)
            name = self.text[start:sign]
            if name and len(name) <= 80:
                yield start, self.names.cost(name)
            if at < 0:
                return


@dataclass(slots=True)
class _Step:
    """The best reading up to a field whose name starts here."""

    start: int
    sign: int
    cost: float
    before: _Step | None
    message: int  # where the message ends; it is no part of the path below


def read(text: str, signs: Signs, names: Names, only: bool = False) -> Reading:
    """Read a message and fields, or fields `only`, as between the braces of a span."""
    if signs is TEXT and len(text) <= LONG:
        first = text.find("=")
        if first < 0 and not only:
            return Reading(text, [])
        start = max(text.rfind(" ", 0, first), 0)
        behind = text[start:] if start else f" {text}"
        if CLEAN.match(behind) and not (MARKS.search(text, 0, start) or (only and start)):
            return Reading(text[:start] if start else None, FIELDS.findall(behind))
    found = Text(text, signs, names)
    gap, skip = len(signs.gap), SKIPPED
    ends: list[_Step] = []
    steps: list[list[_Step]] = []
    passed = [0.0]  # what it costs to take the first signs for words of the message
    for n, sign in enumerate(found.at):
        here: list[_Step] = []
        begins = [(0, names.cost(text[:sign]) / 2)] if only and n == 0 else found.starts(sign, 0)
        for start, cost in begins:
            best = None
            if start == 0 or (not only and text.startswith(signs.gap, start - gap)):
                best = _Step(start, sign, cost + passed[n], None, start)
            least = min((step.cost for step in steps[-1]), default=0.0) + cost if n else -1.0
            for m in range(n - 1, max(-1, n - 1 - BACK), -1):
                for step in steps[m]:
                    value = step.sign + len(signs.equals)
                    if value + gap > start:
                        continue
                    price = step.cost + cost + found.value(value, start - gap) + skip * (n - m - 1)
                    if best is None or price < best.cost:
                        best = _Step(start, sign, price, step, step.message)
                if best and best.cost <= least:
                    break  # a value that must end here: no longer one is as good
            if best:
                here.append(best)
        steps.append(here)
        word = text[text.rfind(signs.gap, 0, sign) + gap : sign] if n or sign else ""
        passed.append(passed[n] + skip + VARIED * (word in names.varied))
        left = len(found.at) - n - 1
        for step in here:
            price = step.cost + found.value(sign + len(signs.equals), len(text)) + skip * left
            ends.append(_Step(step.start, sign, price, step.before, step.message))
    ends.append(_Step(len(text), 0, 99.0 if only else passed[-1], None, len(text)))
    best = min(ends, key=lambda step: step.cost)
    others = [step.cost for step in ends if step.message != best.message]
    close = min(others, default=99.0) - best.cost <= CLOSE
    unsure = not only and bool(found.at) and (close or best.message > found.at[0])
    return _told(text, signs, best, unsure)


def _told(text: str, signs: Signs, last: _Step, unsure: bool) -> Reading:
    fields: list[tuple[str, str]] = []
    step: _Step | None = last if last.start < len(text) else None
    end = len(text)
    while step:
        fields.append((text[step.start : step.sign], text[step.sign + len(signs.equals) : end]))
        end = step.start - len(signs.gap)
        step = step.before
    message = text[:end] if end >= 0 else None
    return Reading(message, fields[::-1], unsure, last.cost)


def varied_names(texts: Iterable[str]) -> set[str]:
    """Give the words that stand before signs with different values behind."""
    values: dict[str, str] = {}
    varied: set[str] = set()
    for text in texts:
        for found in SIGNED.finditer(text[:2000]):
            if values.setdefault(found[1], found[2]) != found[2]:
                varied.add(found[1])
    return varied


def odd_names(text: str) -> Iterator[tuple[str, str]]:
    """Give names with a space behind a value which must end there, each with the name before."""
    found = Text(text[:2000], TEXT, Names())
    for here, after in zip(found.at, found.at[1:], strict=False):
        end = found.ends(here + 1)
        if end is not None and text.startswith(" ", end):
            name = text[end + 1 : after]
            if name.count(" ") == 1 and len(name) < 40:
                yield name, text[text.rfind(" ", 0, here) + 1 : here]
