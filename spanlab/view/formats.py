"""The four formats of `tracing_subscriber::fmt`: how one event becomes text, without ANSI colours.

Each is a pure function of what is to be printed and the settings. What looks odd is the crate's:
https://github.com/tokio-rs/tracing/tree/tracing-subscriber-0.3.23/tracing-subscriber/src/fmt/format
"""

from __future__ import annotations

import json as python_json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from spanlab.field import Fields, Level, Text
from spanlab.record import SpanNew
from spanlab.values import number, quote

Scope = list[tuple[SpanNew, Fields]]  # leaf to root, with the fields that are known by then
Parts = tuple[str, str, str]  # before the thread, the thread, after it


@dataclass(frozen=True, slots=True)
class Settings:
    """What `log` was asked for."""

    time: bool
    target: bool
    thread_ids: bool
    thread_names: bool
    file: bool
    line: bool
    flatten_event: bool
    current_span: bool
    span_list: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One event to print. What the settings leave out is empty: `time`, `file`, `line`."""

    time: str
    level: Level
    target: str
    fields: Fields
    file: str
    line: int
    thread: int
    thread_name: str
    name_width: int  # of the longest name so far
    scope: Scope  # of the span that the event belongs to
    current: Scope  # of the span on top of the thread's stack


def pretty(shown: Shown, settings: Settings) -> Parts:
    """Several lines for each event; an event without a parent is shown in the current span."""
    before = "  " + _head(shown) + (f"{shown.target}:" if settings.target else "")
    before += f"{shown.line}:" if shown.line and not settings.file else ""
    before += f" {_texts(shown.fields, ': ', ', ')}\n"
    if shown.file:
        before += f"    at {shown.file}" + (f":{shown.line}" if shown.line else "")
    after = "\n" if shown.file else ""
    if settings.thread_ids or settings.thread_names:
        before, after = before + (" on " if shown.file else "    on "), "\n"
    for span, known in shown.scope or shown.current:
        fields = _texts(known, ": ", ", ")
        after += "    in " + (f"{span.target}::" if settings.target else "") + span.name
        after += f" with {fields}\n" if fields else "\n"
    name = shown.thread_name if settings.thread_names else ""
    return before, _joined(name, _id(shown) if settings.thread_ids else ""), after + "\n"


def full(shown: Shown, settings: Settings) -> Parts:
    """One line for each event, its spans before it, each with its fields."""
    scope = ""
    for span, known in reversed(shown.scope):
        fields = _texts(known)
        scope += span.name + (f"{{{fields}}}:" if fields else ":")
    place = f"{shown.target}: " if settings.target else ""
    place += (f"{shown.file}:" if shown.line else f"{shown.file}: ") if shown.file else ""
    place += f"{shown.line}: " if shown.line else ""
    return _line(shown, settings, scope, place + _texts(shown.fields))


def compact(shown: Shown, settings: Settings) -> Parts:
    """One line for each event, the names of its spans before it and their fields after it."""
    scope = "".join(f"{span.name}:" for span, _ in reversed(shown.scope or shown.current))
    place = f"{shown.target}:" if settings.target else ""
    place += (f" {shown.file}:" if place else f"{shown.file}:") if shown.file else ""
    place += f"{shown.line}:" if shown.line else ""
    rest = (f"{place} " if place else "") + _texts(shown.fields)
    for _, known in reversed(shown.scope):
        fields = _texts(known)
        rest += f" {fields}" if fields else ""
    return _line(shown, settings, scope, rest)


def json(shown: Shown, settings: Settings) -> Parts:
    """One object for each event; `spans` are those of the thread, whatever the parent is."""
    fields = [(name, _json(value)) for name, value in shown.fields]
    members = [("timestamp", _json(shown.time))] if shown.time else []
    members += [("level", _json(shown.level.name))]
    members += fields if settings.flatten_event else [("fields", _object(fields))]
    members += [("target", _json(shown.target))] if settings.target else []
    members += [("filename", _json(shown.file))] if shown.file else []
    members += [("line_number", _json(shown.line))] if shown.line else []
    if scope := shown.scope or shown.current:
        spans = ",".join(_span(*span) for span in reversed(shown.current))
        members += [("span", _span(*scope[0]))] if settings.current_span else []
        members += [("spans", f"[{spans}]")] if settings.span_list else []
    name = shown.thread_name or ("" if settings.thread_ids else _id(shown))
    threads = [("threadName", _json(name))] if settings.thread_names and name else []
    threads += [("threadId", _json(_id(shown)))] if settings.thread_ids else []
    thread = _object(threads)[1:-1]
    return _object(members)[:-1] + ("," if thread else ""), thread, "}\n"


FORMATS: Mapping[str, Callable[[Shown, Settings], Parts]] = {
    "pretty": pretty, "full": full, "compact": compact, "json": json,
}  # fmt: skip


def _head(shown: Shown) -> str:
    return (f"{shown.time} " if shown.time else "") + f"{shown.level.name:>5} "


def _line(shown: Shown, settings: Settings, scope: str, rest: str) -> Parts:
    """Names are aligned to the longest so far; a thread without one shows its number for it."""
    id = _id(shown, 2) if settings.thread_ids else ""
    name = f"{shown.thread_name:>{shown.name_width}}" if shown.thread_name else ""
    thread = _joined(name or ("" if id else _id(shown, 2)) if settings.thread_names else "", id)
    after = (f"{scope} " if scope else "") + rest + "\n"
    return _head(shown), thread, f" {after}" if thread else after


def _id(shown: Shown, digits: int = 1) -> str:
    return f"ThreadId({shown.thread:0{digits}})"


def _joined(*words: str) -> str:
    return " ".join(filter(None, words))


def _texts(fields: Fields, equals: str = "=", comma: str = " ") -> str:
    """Write fields as text; those of the `log` crate are hidden, a message has no name."""
    return comma.join(
        _message(value) if name == "message" else name + equals + _value(value)
        for name, value in fields
        if not name.startswith("log.")
    )


def _value(value: Any) -> str:
    if isinstance(value, str):
        return str(value) if isinstance(value, Text) else quote(value)
    return number(value)


def _message(value: Any) -> str:
    text = str(value) if isinstance(value, str) else number(value)
    text = re.sub("[\x07\x08\x0c\x1b\x7f]", lambda found: f"\\x{ord(found[0]):02x}", text)
    return re.sub("[\x80-\x9f]", lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def _span(span: SpanNew, known: Fields) -> str:
    seen = ((n, v) for n, v in known if not (n.startswith("log.") and isinstance(v, Text)))
    fields = {name: _json(value) for name, value in seen}
    return _object([*sorted(fields.items()), ("name", _json(span.name))])


def _json(value: Any) -> str:
    """Write a value as `serde_json` does; numbers that need more than 64 bits become text."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return "null"
        if 1e-5 <= abs(value) < 1e-4:
            return f"{Decimal(repr(value)):f}"
        return repr(value).replace("e-0", "e-")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        value = str(value)
    return python_json.dumps(value, ensure_ascii=False)


def _object(members: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{_json(name)}:{value}" for name, value in members) + "}"
