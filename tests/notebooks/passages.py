"""What a page says, passage by passage, without what by rule states no behaviour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from test_notebooks import FENCE, LESSONS, every_text

from spanlab.lesson.questions import texts

MARKS = re.compile(r"\*\*|</?\w+[^>]*>")
SUMMARY = re.compile(r"<summary>.*?</summary>", re.S)
HEADER = re.compile(r"^\|.*\n\|[-:| ]+\|$", re.M)  # of a table
BLOCKS = re.compile(r"\n\s*\n|\n(?=- |\d+\. |\|)")
ENDS = re.compile(r"(?<=[.!?:]) (?=[A-Z`*①-⑳(“])")
LABEL = re.compile(r"^(- |\d+\. |(\*\*)?(Tweak|Twiddle|Frob)\.(\*\*)? )")
NOT_SAID = re.compile(
    r"#|<t|</t|\*\*(Next|In your own code|To argue about):|Stop and think|\*.*: …\*$|\|.*….*\|$",
)
TASKS = re.compile(
    r"title|map|symptoms-[a-z-]+|(code|more)?-?imports(-text)?"
    r"|exercise(-(text|task|hint|given|given-text|start-text|main-text|order-text|see-text))?"
)
ORDERS = re.compile(
    r"""\(?(add|ask|begin|call|carry|change|choose|commit|compare|count|do|end|enter|find|first|give
    |go|indent|keep|leave|let|log|look|make|move|note|now|open|pick|press|put|read|remember|remove
    |run|say|send|sort|spawn|step|stop|swap|take|tell|think|try|turn|watch|wrap|write)\b""",
    re.I | re.X,
)


def plain(text: str) -> str:
    """Give a text on one line, without what is bold, and without HTML."""
    return " ".join(MARKS.sub("", text).split())


def asks(said: str) -> bool:
    """Tell whether a sentence is a question, or tells the reader what to do."""
    return said.rstrip(")*").endswith("?") or bool(ORDERS.match(said))


def replies(value: Any) -> Iterator[str]:
    """Give what is said to answers, out of the table of a question."""
    quiet = {"program", "by", "start", "given", "answer", "spans", "tasks", "attribute", "message"}
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from replies(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from replies(each if key not in quiet else [])


def passages(path: Path) -> Iterator[tuple[str, str]]:
    """Give each paragraph, point, row and reply of a page with where it stands."""
    shown = every_text(path)
    for kind in ("predict", "check"):
        for name, table in texts()[kind].items() if path in LESSONS else ():
            if name[:2] == path.name[:2]:
                said = (text for text in replies(table) if " " in text)
                shown |= {f"{kind} {name}": "\n\n".join(said)}
    for at, text in shown.items():
        for hidden in FENCE, SUMMARY, HEADER:
            text = hidden.sub("\n\n", text)
        for block in map(str.strip, BLOCKS.split(text)):
            if block and not NOT_SAID.match(block):
                yield at, plain(LABEL.sub("", block))


def stated(path: Path) -> dict[str, str]:
    """Give what states a behaviour: all but headings, questions, instructions and tasks.

    A sentence that ends a passage with a colon announces what follows, and states nothing.
    """
    found: dict[str, str] = {}
    for at, text in passages(path):
        *parts, last = ENDS.split(text)
        parts += [last] * (not last.endswith(":"))
        said = " ".join(each for each in parts if not asks(each))
        if said and not TASKS.fullmatch(at):
            found.setdefault(said, at)
    return found
