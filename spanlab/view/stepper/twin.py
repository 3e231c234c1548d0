"""Rust beside Python: which line of the one says the same as a line of the other."""

from __future__ import annotations

import re
from functools import cache

ALIKE = 0.25  # of the words of two lines, that are in both
WORD = re.compile(r'"[^"]*"|[A-Za-z_]\w*')
SAME = {"def": "fn", "pass": "", "let": "", "mut": "", "move": "", "with": "", "return": ""}


def pairs(python: dict[int, str], rust: str) -> list[tuple[int, int]]:
    """Pair the lines that have most words in common; both keep their order.

    The lines of a function stand in the same order in both languages. A line without a twin has
    no pair.

    >>> pairs({7: "async def work():", 8: "    info('hi')"}, "async fn work() {\\n  info!('hi')")
    [(7, 1), (8, 2)]
    """
    ours = [(number, _words(line)) for number, line in python.items()]
    theirs = [(number, _words(line)) for number, line in enumerate(rust.splitlines(), 1)]
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i, (_, one) in reversed(list(enumerate(ours))):
        for j, (_, other) in reversed(list(enumerate(theirs))):
            paired = _alike(one, other) + best[i + 1][j + 1]
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    found, i, j = list[tuple[int, int]](), 0, 0
    while i < len(ours) and j < len(theirs):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            found.append((ours[i][0], theirs[j][0]))
            i, j = i + 1, j + 1
    return found


def _words(line: str) -> frozenset[str]:
    """Give the words of a line, and its texts, as Rust has them."""
    code = re.split(r"//|#(?!\[)", line)[0].replace("'", '"')
    return frozenset(filter(None, (SAME.get(word, word) for word in WORD.findall(code))))


@cache
def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Tell how much two lines share; other texts, or the head of another function: nothing."""
    both, texts = one & other, [{w for w in words if w[0] == '"'} for words in (one, other)]
    if (all(texts) and not texts[0] & texts[1]) or ("fn" in both and not both - {"fn", "async"}):
        return 0.0
    share = len(both) / max(len(one | other), 1)
    return share if share >= ALIKE else 0.0
