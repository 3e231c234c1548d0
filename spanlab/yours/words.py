"""The words of a log without colours: which are spans, which targets, which names of fields."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from spanlab.yours.chain import PLAIN_COLON, Chains
from spanlab.yours.entry import Entry
from spanlab.yours.fields import IDENT, Names, odd_names, varied_names

TARGETS = r"(?:[\w./-]|::)+"
TARGET = re.compile(rf"({TARGETS}):(?: |\Z)")
MOMENT = re.compile(rf"(?:{TARGETS}: )?(?:new|enter|exit|close)(?: time\.|\Z)")
FIELD = re.compile(rf" (?={IDENT.pattern}=)")


def masked(text: str) -> str:
    """Give what tells places in the source apart: the message without its numbers."""
    return re.sub(r"\d+", "#", FIELD.split(text, maxsplit=1)[0][:60])


class Start(NamedTuple):
    """How a text starts: with spans for `sure`, with a `word: `, or with neither."""

    word: str
    sure: bool
    rest: str


class Words:
    """What is known of the words of one log."""

    def __init__(self) -> None:
        self.names = Names()
        self.chains = Chains(self.names)
        self.spans: set[str] = set()
        self.targets: set[str] = set()
        self.target = False  # whether each entry names its target
        self.target_at = re.compile(rf"(?:^|: )({TARGETS}): ")

    def start(self, text: str) -> Start:
        """Read how a text starts."""
        chain = self.chains.read(text)
        if not chain:
            return Start("", False, text)
        spans, end = chain
        sure = len(spans) > 1 or bool(spans[0][1])
        if sure:
            self.spans.update(name for name, _ in spans)
        return Start(spans[0][0], sure, text[end:])

    def learn_fronts(self, fronts: list[str]) -> None:
        """Learn from what stands before a file or line: `spans: target: `, or one of them."""
        starts = [self.start(front.rstrip() + " ") for front in fronts if front]
        alone = {
            front.rstrip(": ")
            for front, s in zip(fronts, starts, strict=False)
            if not s.rest.strip()
        }
        alone |= {s.rest.rstrip(": ") for s in starts if not s.word}
        sure = Counter(bool(s.rest.strip()) for s in starts if s.sure)
        if sure:
            self.target = sure[False] <= 0.1 * sure.total()
        else:
            seconds = sum(bool(s.word and s.rest.strip()) for s in starts)
            paths = not seconds and all("::" in name for name in alone)
            self.target = seconds > 0.1 * len(fronts) or paths
        if self.target:
            self.targets.update(alone)
        self.chains.know(self.spans)

    def learn(self, rests: list[str]) -> None:
        """Learn from entries without their heads."""
        starts = [self.start(rest) for rest in rests]
        plain = [start for start in starts if start.word and not start.sure]
        self.spans |= {start.word for start in plain if MOMENT.match(start.rest)}
        scoped = Counter(
            found[1] if (found := TARGET.match(start.rest)) else ""
            for start in starts
            if start.sure
        )
        self.target = self._has_targets(starts, scoped)
        if self.target:
            self._learn_targets(plain, {name for name in scoped if name})
            afters = [
                start.rest if start.sure else rest
                for start, rest in zip(starts, rests, strict=True)
            ]
            self.targets |= self._odd_targets(afters)
            odd = sorted((re.escape(t) for t in self.targets if " " in t), key=len, reverse=True)
            self.target_at = re.compile(rf"(?:^|: )({'|'.join([*odd, TARGETS])}): ")
        else:
            self._learn_spans(plain, {masked(s.rest) for s in starts if s.sure or not s.word})
        self.chains.know(self.spans)

    def _has_targets(self, starts: list[Start], scoped: Counter[str]) -> bool:
        """Tell whether entries name their targets; without, most have no word and colon."""
        some = scoped.total()
        have, every = some - scoped[""], some
        for start in starts:
            if start.sure:
                continue
            if not start.word:
                every += ": " not in FIELD.split(start.rest, maxsplit=1)[0]
                continue
            every += 1
            found = TARGET.match(start.rest)
            have += bool(found) if start.word in self.spans else not start.word.isdigit()
        few = some >= 3 and scoped[""] < 0.25 * some and len(scoped) < 0.5 * some + 2
        return few or have > 0.75 * max(every, 1)

    def _learn_targets(self, plain: list[Start], scoped: set[str]) -> None:
        """Learn targets: behind spans for certain; else a word that no target follows is one."""
        self.targets = scoped | {start.word for start in plain if "::" in start.word}
        self.targets |= {name.partition("::")[0] for name in self.targets}  # the crate itself
        self.targets -= self.spans
        certain, behind = set(self.targets), defaultdict[str, list[str]](list)
        for start in plain:
            found = TARGET.match(start.rest)
            behind[start.word].append(found[1] if found else "")
        for _ in range(2):  # what is a target alone is one behind a span
            for word, seconds in behind.items():
                known = {s for s in seconds if s in self.targets or "::" in s}
                have = word not in certain and seconds.count("") <= 0.1 * len(seconds)
                if have and (known or len({*seconds} - {""}) > 1):
                    self.spans.add(word)
            self.targets = certain | behind.keys() - self.spans
            self.targets |= {s for word in self.spans for s in behind.get(word, ()) if s}

    def _odd_targets(self, afters: list[str]) -> set[str]:
        """Learn targets with spaces: what different texts follow behind spans, or at the start."""
        behind: defaultdict[str, set[str]] = defaultdict(set)
        for text in afters:
            name, colon, rest = text.partition(": ")
            if colon and len(name) <= 40 and not re.search(r'[={}"]', name):
                behind[name].add(masked(rest))
        odd: set[str] = set()
        for name, texts in behind.items():
            if len(texts) < 2:
                continue
            second, *more = {text.partition(": ")[0] for text in texts}
            if " " in name and not PLAIN_COLON.search(name):
                before = sum(bool((t := TARGET.match(x)) and t[1] in self.targets) for x in texts)
                (self.spans if before > 0.5 * len(texts) else odd).add(name)
            elif name in self.targets and not more:
                odd.add(f"{name}: {second}")
        return odd

    def _learn_spans(self, plain: list[Start], free: set[str]) -> None:
        """Learn spans where no target is: behind one stand different texts, or those of others."""
        behind: defaultdict[str, set[str]] = defaultdict(set)
        for start in plain:
            behind[start.word].add(masked(start.rest))
        said = Counter(free)
        for texts in behind.values():
            said.update(texts)
        for word, texts in behind.items():
            if len(texts) > 1 or any(said[text] > 1 for text in texts):
                self.spans.add(word)

    def learn_fields(self, entries: Iterable[Entry], texts: list[str]) -> None:
        """Learn names of fields: plain ones, the first between braces, and odd ones that stand
        behind the values of different fields."""
        seen: set[str] = set()
        for entry in entries:
            for fields in [entry.fields, *(fields for _, fields in entry.scope)]:
                first = fields[:1] if fields is not entry.fields else []
                seen.update(name for name, _ in fields if IDENT.fullmatch(name))
                seen.update(name for name, _ in first)
        behind: defaultdict[str, set[str]] = defaultdict(set)
        for text in texts:
            for name, before in odd_names(text):
                behind[name].add(before)
        self.names.varied = varied_names(texts)
        self.names.known = seen | {name for name, before in behind.items() if len(before) > 1}
        self.chains.forget()
