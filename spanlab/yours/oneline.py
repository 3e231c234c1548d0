"""The formats "full" and "compact" without colours: what stands where is learned from the log."""

from __future__ import annotations

import re
from collections import Counter

from spanlab.yours.chain import KEPT
from spanlab.yours.entry import Entry, Head, Scope
from spanlab.yours.fields import TEXT, read
from spanlab.yours.heads import HEADS, usual
from spanlab.yours.words import TARGET, Words

THREAD = re.compile(r"(?: *(?P<thread_name>\S.{0,40}?) )?ThreadId\((?P<thread>\d{1,9})\) ")
WORD = re.compile(r" *(ThreadId\(\d+\)|[^\s:={]+) ")
LIKELY = re.compile(r"main$|tokio-|ThreadId|.*(?:worker|pool|thread)")
MARK = re.compile(r"\[([^\]\n]{1,80})\] ")  # what some put before the spans
PLACE = re.compile(
    r"(?:^|(?<=[ :]))(?:(?P<file>(?:[A-Za-z]:)?[^\s:]{1,300}?\.rs):(?:(?P<line>\d{1,9}):)?"
    r"|(?P<only>\d{1,9}):) "
)
ODD_TARGET = re.compile(r"([^:=]{1,60}(?:::[^:=]{1,60})*): ?")
MESSAGE = ("message",)  # may have words of a field in it
AT_ONCE = re.compile(r"(?:new|enter|exit|close)(?: time\.|\Z)")


class Lines:
    """Reads entries of one line, and those that go on over several."""

    def __init__(self, sample: list[str]) -> None:
        self.words = Words()
        self.head = HEADS[usual(sample)]
        self._timed, self._levelled = (name in self.head.groupindex for name in ("time", "level"))
        self._heads: dict[object, Head] = {}  # by their text
        self._fronts: dict[str, tuple[Scope, str]] = {}
        rests = [text[found.end() :] for text in sample if (found := self.head.match(text))]
        self.thread = _threads(rests)
        self.mark = sum(bool(MARK.match(rest)) for rest in rests) > 0.6 * len(rests)
        rests = [rest[self._thread_in(rest)[2] :] for rest in rests]
        places = [self._place(rest) for rest in rests]
        most = 0.6 * max(len(rests), 1)
        self.file = sum(bool(p and p["file"]) for p in places) > most
        self.line = sum(bool(p and not p["file"]) for p in places) > most and not self.file
        if self.file or self.line:
            pairs = zip(rests, places, strict=True)
            self.words.learn_fronts([rest[: p.start()] for rest, p in pairs if p and p.start()])
        else:
            self.words.learn(rests)
        for _ in range(2):
            self.words.learn_fields([self.entry(0, text) for text in sample], sample)
            self._fronts.clear()

    def _place(self, rest: str) -> re.Match[str] | None:
        """Find the file or line that every entry has, behind the spans."""
        found = PLACE.search(rest)
        if found and rest.count("{", 0, found.start()) != rest.count("}", 0, found.start()):
            chain = self.words.chains.read(rest)
            found = (PLACE.search(rest, chain[1]) if chain else None) or found
        return found

    def _thread_in(self, rest: str) -> tuple[str, re.Match[str] | None, int]:
        """Give what is marked before the spans, the thread, and where both end."""
        mark = MARK.match(rest) if self.mark else None
        end = mark.end() if mark else 0
        thread = self.thread.match(rest, end) if self.thread else None
        return mark[1] if mark else "", thread, thread.end() if thread else end

    def entry(self, at: int, text: str) -> Entry:
        """Read one entry; what stands before its message is read once, for others have it too."""
        start = self.head.match(text)
        if start is None:
            return Entry(at, kind="noise")
        rest, time = text[start.end() :], start["time"].strip() if self._timed else ""
        mark, thread, end = self._thread_in(rest)
        rest = rest[end:] if end else rest
        place = self._place(rest) if self.file or self.line else None
        if place and bool(place["file"]) != self.file:
            place = None
        if place:
            (scope, target), end = self._front(rest[: place.start()]), place.end()
        else:
            scope, target, end = self._scope_and_target(rest)
        level = start["level"] if self._levelled else ""
        key = level, thread and thread[0], place and place[0], target
        head = self._heads.get(key)
        if head is None:
            if len(self._heads) > KEPT:
                self._heads.clear()
            head = self._heads[key] = _head(level, target, thread, place)
        said = read(rest[end:], TEXT, self.words.names)
        fields = said.fields
        if mark:
            fields = [*read(mark, TEXT, self.words.names, only=True).fields, *fields]
        unsure = MESSAGE if said.unsure else ()
        return Entry(at, "event", time, said.message, fields, head, scope, unsure)

    def _front(self, text: str) -> tuple[Scope, str]:
        """Read what is all spans and target."""
        found = self._fronts.get(text)
        if found is None:
            if len(self._fronts) > KEPT:
                self._fronts.clear()
            front, target = text.rstrip(), ""
            if front and self.words.target:
                front, target = self._parted(front)
            found = self._fronts[text] = self.words.chains.all_of(front) if front else (), target
        return found

    def _parted(self, front: str) -> tuple[str, str]:
        """Part `spans: target:`; the target is one that is known, or the last word."""
        front = front.removesuffix(":")
        for target in sorted(self.words.targets, key=len, reverse=True):
            if front == target or front.endswith(f": {target}"):
                return front.removesuffix(target).rstrip(), target
        chain = self.words.chains.read(front + ": ")
        if chain and chain[1] < len(front):
            return front[: chain[1] - 1], front[chain[1] :]
        at = front.rfind(": ")
        return front[: at + 1], front[at + 2 :] if at >= 0 else front

    def _scope_and_target(self, rest: str) -> tuple[Scope, str, int]:
        """Give the spans and the target that a text starts with, and where they end."""
        chains = self.words.chains
        if self.words.target:
            for found in self.words.target_at.finditer(rest, 0, 2000):
                if found[1] in self.words.targets:
                    scope = chains.front(rest[: found.start(1)].rstrip())
                    if scope is not None:
                        return scope, found[1], found.end()
        chain = chains.read(rest)
        if not chain:
            return [], "", 0
        spans, end = chain
        sure = len(spans) > 1 or spans[0][1] or spans[0][0] in self.words.spans
        if self.words.target and sure:
            odd = TARGET.match(rest, end) or ODD_TARGET.match(rest, end)
            return spans, odd[1] if odd else "", odd.end() if odd else end
        if self.words.target:
            return [], spans[0][0], end
        return (spans, "", end) if sure or AT_ONCE.match(rest, end) else ([], "", 0)


def _head(
    level: str, target: str, thread: re.Match[str] | None, place: re.Match[str] | None
) -> Head:
    parts = thread.groupdict() if thread else {}
    number, name = parts.get("thread"), parts.get("thread_name") or ""
    file, line = (place["file"] or "", place["line"] or place["only"]) if place else ("", 0)
    return Head(
        level.strip(" []"), target, int(number) if number else None, name, file, int(line or 0)
    )


def _threads(rests: list[str]) -> re.Pattern[str] | None:
    """Learn how threads are shown: an id, perhaps after a name, or a name alone."""
    many = max(len(rests), 1)
    if sum(bool(THREAD.match(rest)) for rest in rests) > 0.9 * many:
        return THREAD
    first = Counter(found[1] for rest in rests if (found := WORD.match(rest)))
    if not rests or sum(n for word, n in first.items() if LIKELY.match(word)) <= 0.6 * many:
        return None
    words = [word for word in first if first[word] > 1 or LIKELY.match(word)]
    wide = max(map(len, words))
    for rest in rests:  # names are aligned to the longest so far
        lead = len(rest) - len(rest.lstrip(" "))
        if 0 < lead < wide and rest[wide : wide + 1] == " " and ":" not in rest[:wide]:
            words.append(rest[lead:wide])
    names = "|".join(re.escape(word) for word in sorted({*words}, key=len, reverse=True))
    return re.compile(
        rf" *(?:ThreadId\((?P<thread>\d{{1,9}})\)|(?P<thread_name>{names}|\S.{{0,30}}?)) (?=\S)"
    )
