"""Reads a page as a learner does who has not committed: all that it shows, and every source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape

from nbformat import NotebookNode

from spanlab.lesson.questions import NO_SPAN, Line
from spanlab.view.words import circled

COMMIT = """
def unsure_of_all():
    from spanlab.lesson import prediction

    for asked in list(prediction._open.values()):
        for line in asked.question.lines:
            asked.answer(line.key, "not sure", "not sure" if asked.question.threads else "")
        asked.commit()

unsure_of_all()
"""
ENTRY = re.compile(r"^ *[A-Z]+ +(.+?)\n((?: +(?:at|in) .*\n?)*)", re.M)
NONE = r"\b(in no span|in none|no parent|without a parent|lost|stands alone|a root)\b"


def read_by_learner(cell: NotebookNode) -> str:
    """Give the source of a cell, as after a double-click, and all that it shows."""
    parts = [cell.source]
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        html = re.sub(r"<style.*?</style>|<[^>]+>", " ", data.get("text/html", ""), flags=re.S)
        parts += [output.get("text", ""), data.get("text/plain", ""), unescape(html)]
        parts.append(data.get("text/markdown", ""))
    return "\n".join(parts)


def spoilers(lines: Sequence[Line], seen: Mapping[str, str]) -> Iterator[str]:
    """Give what says in which spans a line is: an entry of a log, or a sentence."""
    for cell, text in seen.items():
        if cell in ("predict", "warm-up"):
            continue  # it has the choices, or is about the lesson before
        for line in lines:
            yield from (f"{cell}: {found}" for found in _said(line, text))


def _said(line: Line, text: str) -> Iterator[str]:
    spans = line.answer[0]
    for message, below in ENTRY.findall(text):
        scope = reversed(re.findall(r" in (\S.*)", below))
        if below and message == line.message and (" › ".join(scope) or NO_SPAN) == spans:
            yield message
    told = re.compile(NONE if spans == NO_SPAN else rf"\bin (?:a |the span )?`{spans}`")
    named = re.compile(rf"[*`\"]{re.escape(line.message)}[*`\"]|{circled(line.number)}")
    for sentence in re.split(r"(?<=[.!?:])\s+|\n\n", text):
        if named.search(sentence) and told.search(sentence) and not sentence.endswith("?"):
            yield sentence
