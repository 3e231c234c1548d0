"""The spans before a message in "full" and "compact": `request{id=1}:load: `."""

from __future__ import annotations

import re

from spanlab.yours.entry import Pairs, Scope
from spanlab.yours.fields import STRING, TEXT, Names, read

SIMPLE = re.compile(r"(?:[^\s:{}\"=]|::|/:)++")
UNIT = re.compile(  # what nothing is unsure of
    r'([\w.-]++)(?:\{(?=[^{}]*=)((?:[^{}"]|(?<==)"[^"\\{}]*")*+)\})?:(?!:)'
)
SPACED = re.compile(r"[^{}\"=\n]{1,60}+")
PLAIN_COLON = re.compile(r"(?<![:/]):(?![: ])")  # which parts two spans
QUOTE_OR_END = re.compile(rf"{STRING}|\}}:")
QUOTE_OR_BRACE = re.compile(rf"{STRING}|[{{}}]")
KEPT = 20_000  # texts that are read once
DEEP, LONG = 200, 8_000  # spans in a chain, letters between two braces


def closing(text: str, at: int) -> int:
    """Give where the brace that opens at `at` closes, with a colon behind it; -1 if nowhere."""
    depth = 0
    for found in QUOTE_OR_BRACE.finditer(text, at, at + LONG):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            if text.startswith(":", found.end()):
                return found.start()
            break
    ends = (found for found in QUOTE_OR_END.finditer(text, at, at + LONG) if found[0] == "}:")
    return next((found.start() for found in ends), -1)


class Chains:
    """Reads chains; what it has read of the names of spans and fields helps to read the next."""

    def __init__(self, names: Names) -> None:
        self.fields = names
        self.names: list[str] = []  # of spans, the longest first
        self._odd = False
        self._first: dict[str, list[str]] = {}  # the same, by their first letter
        self._between: dict[str, Pairs | None] = {}
        self._fronts: dict[str, Scope | None] = {}

    def know(self, names: set[str]) -> None:
        """Take names of spans as certain."""
        self._fronts.clear()
        self.names = sorted(names - {""}, key=len, reverse=True)
        self._odd = not all(map(re.compile(r"[\w.-]+").fullmatch, self.names))
        self._first = {name[0]: [n for n in self.names if n[0] == name[0]] for name in self.names}

    def read(self, text: str) -> tuple[Scope, int] | None:
        """Give the spans that a text starts with and where the rest begins, if it starts so."""
        spans = list[tuple[str, Pairs]]()
        at = 0
        while len(spans) < DEEP:
            span = self._span(text, at)
            if span is None:
                return None
            name, fields, end = span
            spans.append((name, fields))
            at = end + 1
            if text.startswith(" ", at):
                return spans, at + 1
            if at >= len(text):
                return None
        return None

    def _span(self, text: str, at: int) -> tuple[str, Pairs, int] | None:
        """Read the span that begins here; give where its colon stands."""
        found, unit = None, None if self._odd else UNIT.match(text, at)
        fields = self._fields(unit[2]) if unit and unit[2] else []
        if unit and fields is not None:
            found = unit[1], fields, unit.end() - 1
        for name in self._names(text, at) if found is None else ():
            end, fields = at + len(name), []
            if text.startswith("{", end):
                close = closing(text, end)
                fields = self._fields(text[end + 1 : close]) if close > 0 else None
                end = close + 1
            if fields is not None and text.startswith(":", end):
                found = name, fields, end
                break
        return (
            (text.startswith(": ", found[2]) and self._longer(text, at)) or found if found else None
        )

    def forget(self) -> None:
        """Read all fields anew, with what was learned since."""
        self._between.clear()
        self._fronts.clear()

    def front(self, text: str) -> Scope | None:
        """Read what stands before a target; None if that is no chain of spans."""
        if text not in self._fronts:
            if len(self._fronts) > KEPT:
                self._fronts.clear()
            chain = self.read(text + " ") if text else None
            is_scope = not text or bool(chain and chain[1] > len(text)) or "=" not in text
            self._fronts[text] = self.all_of(text) if is_scope else None
        return self._fronts[text]

    def all_of(self, text: str) -> Scope:
        """Read a text that is all spans, as a chain if it can be."""
        chain = self.read(text + " ") if text else None
        return chain[0] if chain and chain[1] > len(text) else self.whole(text.removesuffix(":"))

    def whole(self, text: str) -> Scope:
        """Read a text that is all spans, whatever their names have in them."""
        spans = list[tuple[str, Pairs]]()
        for part in PLAIN_COLON.split(text) if text else ():
            name, brace, between = part.partition("{")
            fields = self._fields(between.removesuffix("}")) if brace else None
            spans.append((name, fields) if fields else (part, []))
        return spans

    def _longer(self, text: str, at: int) -> tuple[str, Pairs, int] | None:
        """Read a name that has a colon and a space in it, as only fields behind it can tell."""
        found = SPACED.match(text, at)
        if not found or not text.startswith("{", found.end()) or ": " not in found[0]:
            return None
        close = closing(text, found.end())
        fields = self._fields(text[found.end() + 1 : close]) if close > 0 else None
        return (found[0], fields, close + 1) if fields else None

    def _names(self, text: str, at: int) -> list[str]:
        """Give what a span here may be called, the best first."""
        known = [
            n
            for n in self._first.get(text[at : at + 1], ())
            if text.startswith(n, at) and text[at + len(n) : at + len(n) + 1] in (":", "{")
        ]
        simple, spaced = SIMPLE.match(text, at), SPACED.match(text, at)
        if simple and text[simple.end() : simple.end() + 1] in (":", "{"):
            if text.startswith("{", simple.end()):  # `span{x}` may be all name
                brace = text.find("}", simple.end(), simple.end() + 40)
                if brace > 0 and "=" not in text[simple.end() : brace]:
                    known.append(text[at : brace + 1])
            known.append(simple[0])
        if spaced and text.startswith("{", spaced.end()):
            known.append(PLAIN_COLON.split(spaced[0])[0])
        return known

    def _fields(self, between: str) -> Pairs | None:
        if between not in self._between:
            if len(self._between) > KEPT:
                self._between.clear()
            found = read(between, TEXT, self.fields, only=True)
            self._between[between] = found.fields if found.message is None else None
        return self._between[between]
