"""The format "json": an object for each entry, whose members stand where the format puts them.

A field may be called `level` or `target` as well, so that members are told apart by their place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any

from spanlab.yours.entry import Entry, Pairs


class Members(list[tuple[str, Any]]):
    """The members of an object, in order and with doubled names."""


DECODE = json.JSONDecoder(object_pairs_hook=Members).decode
HEAD = re.compile(r'\{"timestamp":"([^"\\]*)","level":"(TRACE|DEBUG|INFO|WARN|ERROR)","fields":')
TARGET = '},"target":"'  # a quote inside a text is escaped, so that this stands in no text
CACHED = 8192  # parts that are kept
BEFORE = ("timestamp", "level")
BEHIND = ("threadId", "threadName", "spans", "span", "line_number", "filename", "target")
SPACED = re.compile(r'(?<!\\)":\s')  # as `fmt` never prints, and viewers do
KNOWN = {*BEFORE, *BEHIND, "fields", "message"}
LEVELS = {"", "TRACE", "DEBUG", "INFO", "WARN", "ERROR"}
ENDS = {*BEHIND} - {"fields"}


def entry(at: int, text: str) -> Entry | None:
    """Read one entry; None where the text is no object that `fmt` would print.

    What many lines have alike is parsed once: the fields, and all from the target on.
    """
    if (head := HEAD.match(text)) and text.count(TARGET) == 1:
        cut = text.index(TARGET)
        fields, rest = _fields(text[head.end() : cut + 1]), _whole(0, f"{{{text[cut + 2 :]}")
        if fields is not None and rest and rest.message is None and not rest.fields:
            said = next((str(v) for n, v in fields if n == "message"), None)
            others = [pair for pair in fields if pair[0] != "message"]
            found = Entry(at, "event", head[1], head[2], rest.target, said, others, rest.scope)
            found.thread, found.thread_name = rest.thread, rest.thread_name
            found.file, found.line = rest.file, rest.line
            return found
    return _whole.__wrapped__(at, text)


@lru_cache(CACHED)
def _fields(text: str) -> Members | None:
    try:
        found = DECODE(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Members) else None


@lru_cache(CACHED)
def _whole(at: int, text: str) -> Entry | None:
    try:
        members = DECODE(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, Members) or "msg" in dict(members):
        return None
    names = {name for name, _ in members}
    if not names & KNOWN and SPACED.search(text):
        return None
    in_order = not names & {"span", "spans"} or _in_order(members)
    found = _ordered(at, members) if in_order else _other_order(at, members)
    return found if found.level in LEVELS else None


def _is_span(value: Any) -> bool:
    return isinstance(value, Members) and bool(value) and value[-1][0] == "name"


def _in_order(members: Members) -> bool:
    """Tell whether the members stand as they do since the release 0.3, spans as lists."""
    spans = dict(members).get("spans", [])
    well = isinstance(spans, list) and not isinstance(spans, Members) and all(map(_is_span, spans))
    return well and members[-1][0] in ENDS


def _ordered(at: int, members: Members) -> Entry:
    """Read what stands at both ends; what is between are fields, flat or as one object."""
    seen: dict[str, Any] = {}
    low, high = 0, len(members)
    for name in BEFORE:
        if low < high and members[low][0] == name and isinstance(members[low][1], str):
            seen[name] = members[low][1]
            low += 1
    for name in BEHIND:
        if high > low and members[high - 1][0] == name and _fits(name, members[high - 1][1]):
            seen[name] = members[high - 1][1]
            high -= 1
    fields = members[low:high]
    if len(fields) == 1 and fields[0][0] == "fields" and isinstance(fields[0][1], Members):
        fields = fields[0][1]
    found = Entry(at, time=seen.get("timestamp", ""), level=seen.get("level", ""))
    found.target, found.file = seen.get("target", ""), seen.get("filename", "")
    found.line, found.thread_name = seen.get("line_number", 0), seen.get("threadName", "")
    if number := re.search(r"\d{1,9}", seen.get("threadId", ""), re.A):
        found.thread = int(number[0])
    found.message = next((str(v) for n, v in fields if n == "message"), None)
    found.fields = [pair for pair in fields if pair[0] != "message"]
    found.scope = [_span(span) for span in seen.get("spans", ())]
    leaf = [_span(seen["span"])] if "span" in seen else []
    if leaf and found.scope[-1:] != leaf:  # another span is current than the one it is in
        found.scope = leaf
    return found


def _fits(name: str, value: Any) -> bool:
    if name == "spans":
        return isinstance(value, list) and all(map(_is_span, value))
    if name == "span":
        return _is_span(value)
    if name == "line_number":
        return type(value) is int and 0 <= value < 2**32
    return isinstance(value, str)


def _span(members: Members) -> tuple[str, Pairs]:
    """Give a span: its name is the last `name`, for a field may be called so too."""
    return str(members[-1][1]), list(members[:-1])


def _other_order(at: int, members: Members) -> Entry:
    """Read an entry of an old release, or of a formatter that names its members alike."""
    all_of = dict(members)
    inner = all_of["fields"] if isinstance(all_of.get("fields"), Members) else Members()
    found = Entry(at, time=str(all_of.get("timestamp", "")), level=str(all_of.get("level", "")))
    found.target = str(all_of.get("target", ""))
    found.fields = [pair for pair in [*inner, *members] if pair[0] not in KNOWN]
    message = dict(inner).get("message", all_of.get("message"))
    found.message = None if message is None else str(message)
    spans, span = all_of.get("spans"), all_of.get("span")
    if isinstance(spans, Members):
        found.scope = [
            (re.sub(r"#\d+$", "", n), v if isinstance(v, Members) else []) for n, v in spans
        ]
    elif isinstance(span, Members) and _is_span(span):
        found.scope = [_span(span)]
    return found


def shows_spans(text: str) -> bool:
    """Tell whether an entry says in which spans it is."""
    return '"span":' in text or '"spans":' in text


def tells_moments(every: list[Entry]) -> bool:
    """Tell whether a log that shows no spans has "close" with its times, or "enter" and "exit"."""
    times = (
        e.message == "close" and [n for n, _ in e.fields] == ["time.busy", "time.idle"]
        for e in every
    )
    said = Counter(entry.message for entry in every if not entry.fields)
    return any(times) or min(said["enter"], said["exit"]) >= 3
