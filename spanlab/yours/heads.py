"""How the lines of an entry begin: the time as many write it, the level, or what else there is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

LEVELS = "TRACE|DEBUG| INFO| WARN|ERROR"
LOOSE = r"\[?(?:TRACE|DEBUG|INFO|WARN|ERROR)\]?"
TIMES = (
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)",
    r" *\d+\.\d{9}s",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:UTC|Z|[+-]\d\d:?\d\d))?",
    r"[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?",
    r"\d\d:\d\d:\d\d(?:[.,]\d+)?",
    r"\d{10,19}(?:\.\d+)?",
    r"\[ *\d[^\]=]{4,40}\]",
)
TIME = "|".join(f"(?:{time})" for time in TIMES)
HEADS = {
    "time level": re.compile(rf"(?P<time>{TIME}) (?P<level>{LEVELS}) "),
    "level": re.compile(rf"(?P<level>{LEVELS}) "),
    "time loose level": re.compile(rf"(?P<time>{TIME}) +(?P<level>{LOOSE}) +"),
    "time": re.compile(rf"(?P<time>{TIME}) "),
    "thread": re.compile(r"(?= *(?:\S.{0,40}? )?ThreadId\(\d+\) )"),
    "": re.compile(""),
}
OTHER = re.compile(  # lines of other programs, wherever they stand
    r"thread '|note: run with|stack backtrace|\s+(?:Compiling|Finished|Running) |warning: "
    r"|error(?:\[E\d+\])?: |Error: |called `|test result|running \d+ test"
    r"|\[\d{4}-\S+ (?:TRACE|DEBUG|INFO|WARN|ERROR)"
)
DRAWN = re.compile("[\u2500-\u257f]")  # of trees
OTHERS = {  # formatters of other libraries, by what their lines look like
    "tracing-bunyan-formatter": re.compile(r'\{"v":0,"name":'),
    "logfmt": re.compile(r"(?:time|ts|level)=\S+ .*(?:level|msg)="),
    "tracing-tree or tracing-forest": DRAWN,
    "env_logger": re.compile(r"\[\d{4}-\S+ +(?:TRACE|DEBUG|INFO|WARN|ERROR) "),
}


def usual(lines: Iterable[str], labels: Iterable[str] = HEADS) -> str:
    """Name the head that the lines of a log begin with."""
    heads: Counter[str] = Counter()
    for line in lines:
        heads[next(label for label in HEADS if HEADS[label].match(line))] += 1
    known = sum(count for label, count in heads.items() if label)
    least = max(0.3 * known, 0.1 * heads.total(), 1)
    return next((label for label in labels if label and heads[label] >= least), "")
