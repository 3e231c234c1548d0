"""What was predicted against what happened: each line of a log with its hits and misses.

Plain data, made from a question, the answers to it and a trace; nothing here is shown or kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from textwrap import fill
from typing import Any

from spanlab.lesson.questions import NOT_SURE, Line, Question, keyed, tidy
from spanlab.traces import Trace
from spanlab.view.words import message, visible

Row = dict[str, Any]


def marked(asked: Question, said: Mapping[str, Sequence[str]], trace: Trace) -> Iterator[Row]:
    """Give the lines of the log in order, each with its hits and misses."""
    told = trace.origin is None or "threads" not in trace.origin.missing
    places, lines = trace.ran, {line.key: line for line in asked.lines}
    for number, (key, event) in enumerate(keyed(trace), 1):
        line = lines.pop(key, None)
        got = [tidy(trace.scope(event))]
        got += [asked.threads[event.thread != 1]] if asked.threads else []
        row = {"number": number, "message": visible(message(event)), "thread": event.thread * told,
               "hue": places[event.thread], "spans": visible(got[0], 200)}  # fmt: skip
        yield row | _judged(line, said[line.key] if line else [], got)
    for line in lines.values():
        note = [["", "This line was not printed."]]
        yield {"number": 0, "message": visible(line.message), "thread": 0, "hue": 0, "spans": "",
               "marks": ["miss"], "you": [], "notes": note, "recorded": False}  # fmt: skip


def every_mark(asked: Question, trace: Trace) -> Row:
    """Give each line of the log as it is marked for each answer to it, by answer."""
    unsure = {line.key: [NOT_SURE, NOT_SURE] for line in asked.lines}
    keys = [key for key, _ in keyed(trace)]
    keys += [line.key for line in asked.lines if line.key not in keys]
    rows = [
        {"key": key, "by": {}, **row}
        for key, row in zip(keys, marked(asked, unsure, trace), strict=True)
    ]
    for at, line in ((keys.index(line.key), line) for line in asked.lines):
        for said in product(*asked.choices(line)):
            row = list(marked(asked, unsure | {line.key: [*said, ""][:2]}, trace))[at]
            rows[at]["by"]["\n".join(said)] = [row["marks"], row["you"], row["notes"]]
    return {"rows": rows, "tail": summary(asked, rows).split(" · ")[2:]}


def summary(asked: Question, rows: Sequence[Row]) -> str:
    """Count the hits, and say whether the real crates printed the same."""
    marks = Counter(mark for row in rows for mark in row["marks"])
    said = [f"{marks['hit']} of {marks.total()} right"]
    said += [f"{marks['unsure']} {NOT_SURE}"] if marks["unsure"] else []
    if any(row["thread"] for row in rows) and all(line.answer for line in asked.lines):
        same = all(row["recorded"] for row in rows if row["marks"])
        other = f"this is not what {asked.by} printed for the program of the lesson"
        said.append(f"{asked.by} printed the same" if same else other)
    return " · ".join(said)


def _judged(line: Line | None, said: Sequence[str], got: Sequence[str]) -> Row:
    """Compare one line; a reply is given only where the answer is the one it was written for."""
    marks, you, notes = [], [], []
    recorded = line is not None and list(line.answer[: len(got)]) == list(got)
    for mine, real, why in zip(said, got, (line.why, line.where) if line else (), strict=False):
        mark = "hit" if mine == real else "unsure" if mine == NOT_SURE else "miss"
        marks.append(mark)
        you.append("" if mark == "hit" else mine)
        if line and recorded and mark != "hit":
            note = list(line.replies.get(mine, [("", why)])[0][:2])
            if note[1] and note not in notes:
                notes.append(note)
    return {"marks": marks, "you": you, "notes": notes, "recorded": recorded}


def as_text(row: Mapping[str, Any]) -> Iterator[str]:
    """Write one line with its marks, and what is said to a miss below it."""
    marks = row["marks"]
    mark = "✗" if "miss" in marks else "?" if "unsure" in marks else "✓" if marks else " "
    thread = f"ThreadId({row['thread']})  " if row["thread"] else ""
    place = f"{thread}{row['spans']}" if row["number"] else "not printed"
    you = " · ".join(filter(None, row["you"]))
    number = row["number"] or " "
    yield f"{mark} {number} {row['message']:17} {place}{you and f'   (you said {you})'}"
    for misconception, text in row["notes"]:
        thought = [f"You may have thought: {misconception}"] if misconception else []
        for words in [*thought, text]:
            yield fill(words, 96, initial_indent=" " * 6, subsequent_indent=" " * 6)
