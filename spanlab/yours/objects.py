"""The format "json": an object for each entry, whose members stand where the format puts them.

A field may be called `level` or `target` as well, so that members are told apart by their place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any, TypeGuard

from spanlab.yours.entry import Entry, Head, Pairs, Scope

Members = tuple[tuple[str, Any], ...]  # of an object, in order and with doubled names
DECODER = json.JSONDecoder(object_pairs_hook=tuple)
START = re.compile(
    r'\{"timestamp":"([^"\\]*)",("level":"(?:TRACE|DEBUG|INFO|WARN|ERROR)"),"fields":'
)
THREAD = re.compile(r',"thread(?:Name|Id)":"')  # behind the spans
NO_SPANS = Entry(0)
CACHED = 8192  # parts that are kept
BEFORE = ("timestamp", "level")
BEHIND = ("threadId", "threadName", "spans", "span", "line_number", "filename", "target")
SPACED = re.compile(r'(?<!\\)":\s')  # as `fmt` never prints, and viewers do
KNOWN = {*BEFORE, *BEHIND, "fields", "message"}
LEVELS = {"", "TRACE", "DEBUG", "INFO", "WARN", "ERROR"}
ENDS = {*BEHIND} - {"fields"}


def entry(at: int, text: str) -> Entry | None:
    """Read one entry; None where the text is no object that `fmt` would print.

    What many lines have alike, all behind the fields, is parsed once.
    """
    if start := START.match(text):
        try:
            fields, end = DECODER.raw_decode(text, start.end())
        except (ValueError, RecursionError):
            return None
        cut = text.find(',"span', end)  # in no text, whose quotes are escaped
        thread = THREAD.search(text, cut) if cut > 0 else None
        until = thread.start() if thread else -1
        rest = text[end:cut] + text[until:-1] if cut > 0 else text[end:-1]
        head, scope = _part(start[2] + rest), _part(text[cut + 1 : until]) if cut > 0 else NO_SPANS
        if head and scope and isinstance(fields, tuple):
            return Entry(at, "event", start[1], *_said(fields), head.head, scope.scope)
    return _whole(at, text)


def _said(fields: Members) -> tuple[str | None, Members]:
    """Part the message from the other fields."""
    said = None
    if fields and fields[0][0] == "message":
        said, fields = str(fields[0][1]), fields[1:]
        if "message" not in dict(fields):
            return said, fields
    said = next((str(value) for name, value in fields if name == "message"), said)
    return said, tuple(pair for pair in fields if pair[0] != "message")


@lru_cache(CACHED)
def _part(text: str) -> Entry | None:
    """Read what many entries have alike; None if there is more in it."""
    found = _whole(0, f"{{{text}}}")
    return found if found and found.message is None and not found.fields else None


def _whole(at: int, text: str) -> Entry | None:
    try:
        members = DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, tuple) or "msg" in dict(members):
        return None
    names = {name for name, _ in members}
    if not names & KNOWN and SPACED.search(text):
        return None
    in_order = not names & {"span", "spans"} or _in_order(members)
    found = _ordered(at, members) if in_order else _other_order(at, members)
    return found if found.head.level in LEVELS else None


def _is_span(value: Any) -> TypeGuard[Members]:
    return isinstance(value, tuple) and bool(value) and value[-1][0] == "name"


def _in_order(members: Members) -> bool:
    """Tell whether the members stand as they do since the release 0.3, spans as lists."""
    spans = dict(members).get("spans", [])
    well = isinstance(spans, list) and all(map(_is_span, spans))
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
    if len(fields) == 1 and fields[0][0] == "fields" and isinstance(fields[0][1], tuple):
        fields = fields[0][1]
    scope = [_span(span) for span in seen.get("spans", ())]
    leaf = [_span(seen["span"])] if "span" in seen else []
    if leaf and scope[-1:] != leaf:  # another span is current than the one it is in
        scope = leaf
    number = re.search(r"\d{1,9}", seen.get("threadId", ""), re.A)
    head = Head(
        seen.get("level", ""), seen.get("target", ""), int(number[0]) if number else None,
        seen.get("threadName", ""), seen.get("filename", ""), seen.get("line_number", 0),
    )  # fmt: skip
    return Entry(at, "event", seen.get("timestamp", ""), *_said(fields), head, scope)


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
    inner = all_of["fields"] if isinstance(all_of.get("fields"), tuple) else ()
    head = Head(str(all_of.get("level", "")), str(all_of.get("target", "")))
    spans, span = all_of.get("spans"), all_of.get("span")
    scope: Scope = ()
    if isinstance(spans, tuple):
        numbered = ((re.sub(r"#\d+$", "", n), v if isinstance(v, tuple) else ()) for n, v in spans)
        scope = list(numbered)
    elif span is not None and _is_span(span):
        scope = [_span(span)]
    message, _ = _said((*inner, *members))
    fields = [pair for pair in [*inner, *members] if pair[0] not in KNOWN]
    return Entry(at, "event", str(all_of.get("timestamp", "")), message, fields, head, scope)


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
