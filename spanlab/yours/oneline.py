"""The formats "full" and "compact" without colours: what stands where is learned from the log."""

from __future__ import annotations

import re
from collections import Counter

from spanlab.yours.entry import Entry
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
AT_ONCE = re.compile(r"(?:new|enter|exit|close)(?: time\.|\Z)")


class Lines:
    """Reads entries of one line, and those that go on over several."""

    def __init__(self, sample: list[str]) -> None:
        self.words = Words()
        self.head = HEADS[usual(sample)]
        rests = [text[found.end() :] for text in sample if (found := self.head.match(text))]
        self.thread = _threads(rests)
        self.mark = sum(bool(MARK.match(rest)) for rest in rests) > 0.6 * len(rests)
        rests = [self._after_thread(Entry(0), rest) for rest in rests]
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

    def _place(self, rest: str) -> re.Match[str] | None:
        """Find the file or line that every entry has, behind the spans."""
        chain = self.words.chains.read(rest)
        found = PLACE.search(rest, chain[1] if chain else 0)
        return found or PLACE.search(rest)

    def _after_thread(self, entry: Entry, rest: str) -> str:
        if self.mark and (found := MARK.match(rest)):
            entry.fields = read(found[1], TEXT, self.words.names, only=True).fields
            rest = rest[found.end() :]
        if self.thread and (found := self.thread.match(rest)):
            parts = found.groupdict()
            entry.thread = int(parts["thread"]) if parts.get("thread") else None
            entry.thread_name = parts.get("thread_name") or ""
            return rest[found.end() :]
        return rest

    def entry(self, at: int, text: str) -> Entry:
        """Read one entry."""
        head = self.head.match(text)
        if head is None:
            return Entry(at, kind="noise")
        parts = head.groupdict()
        entry = Entry(
            at,
            time=(parts.get("time") or "").strip(),
            level=(parts.get("level") or "").strip(" []"),
        )
        rest = self._after_thread(entry, text[head.end() :])
        place = self._place(rest) if self.file or self.line else None
        if place and bool(place["file"]) == self.file:
            entry.file, entry.line = place["file"] or "", int(place["line"] or place["only"] or 0)
            self._front(entry, rest[: place.start()].rstrip())
            rest = rest[place.end() :]
        else:
            rest = self._scope_and_target(entry, rest)
        said = read(rest, TEXT, self.words.names)
        entry.message, entry.fields = said.message, entry.fields + said.fields
        entry.unsure = ("message",) if said.unsure else ()
        return entry

    def _front(self, entry: Entry, front: str) -> None:
        """Read what is all spans and target."""
        if not front:
            return
        if not self.words.target:
            entry.scope = self.words.chains.all_of(front)
            return
        spans, target = self._parted(front)
        entry.scope, entry.target = self.words.chains.all_of(spans), target

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

    def _scope_and_target(self, entry: Entry, rest: str) -> str:
        """Take spans and target from the start of a text; give what comes after."""
        chains = self.words.chains
        if self.words.target:
            for found in self.words.target_at.finditer(rest[:2000]):
                front = rest[: found.start(1)].rstrip()
                scope = chains.front(front) if found[1] in self.words.targets else None
                if scope is not None:
                    entry.target, entry.scope = found[1], scope
                    return rest[found.end() :]
        chain = chains.read(rest)
        if not chain:
            return rest
        spans, end = chain
        sure = len(spans) > 1 or spans[0][1] or spans[0][0] in self.words.spans
        if self.words.target:
            after = TARGET.match(rest, end)
            if sure:
                entry.scope = spans
                odd = after or ODD_TARGET.match(rest, end)
                entry.target = odd[1] if odd else ""
                return rest[odd.end() if odd else end :]
            entry.target = spans[0][0]
            return rest[end:]
        if sure or AT_ONCE.match(rest, end):
            entry.scope = spans
            return rest[end:]
        return rest


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
