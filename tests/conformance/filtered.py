"""Random programs of spans and events under random directives: for the crates, and for spanlab.

`python filtered.py 1 400` prints programs 1 to 400, one JSON line each; `--bin filters` runs them.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spanlab import (
    Debug,
    Empty,
    Span,
    Targets,
    Trace,
    enabled,
    event,
    recording,
    span,
    spawn_thread,
    with_filter,
)
from spanlab.record import Event, SpanClosed, SpanEntered, SpanExited, SpanNew

HERE = Path(__file__).parent
LEVELS = ("trace", "debug", "info", "warn", "error")
TARGETS = ("app", "app::db", "apple", "lib")
NAMES = ("s0", "s1", "s2")
VALUES: tuple[Any, ...] = (
    None, {"i": 3}, {"i": -1}, {"i": 4}, {"f": 1.5}, {"f": 3.0}, {"b": True}, {"b": False},
    {"s": "ann"}, {"s": "joan"}, {"s": "3"}, {"d": "ann"},
)  # fmt: skip
MATCHED = ("3", "-1", "+4", "1.5", "3.0", "true", "false", "ann", "a.*", "an", "(j|o)+an", '"ann"')
DIRECTIVES = (  # those that are right, and those that are not
    "", "info", "INFO", "Warn", "off", "0", "5", "6", "+3", "007", "app", "app=", "app=debug",
    "app=4", "app=loud", "app=debug=info", "=debug", "app::db=off", "-x=info", ":x", "_x", "~x",
    "é=info", "a b=info", "[s0]", "[s0]=debug", "app[s0]=debug", "[s0", "s0]", "[]", "[]=info",
    "[s0]debug", "[s0]x=debug", "[{user}]", "[{user}]=debug", "[{}]=debug", "[s0{user=3}]=trace",
    "[s0{user=}]=trace", "[{=3}]=info", "[s0{user=a=b}]=info", "[s0{user=3]=info",
    "[s0{user}x]=info", "[s0{user=(}]=info", "[s0{user=a*}]=info", "[s0{user=3,ok=true}]=info",
    "info,,warn", "info,app=loud", ",", "{x}=info", "x{y}=info", "app[s0][s1]",
    "9999999999999999999999", "[s0{user=99999999999999999999}]", "[s0{user=nan}]",
    "app=debug,app=loud",
)  # fmt: skip


def directive(pick: random.Random) -> str:
    """Write one directive, often one of a span."""
    level = pick.choice([*LEVELS, "off", "INFO", "4", "0", "DEBUG", ""])
    target = pick.choice(["", "", *TARGETS, "ap", "l"])
    if pick.random() < 0.35:
        return f"{target}={level}" if target else level or pick.choice(TARGETS)
    span = pick.choice(["", *NAMES, *NAMES])
    if not span or pick.random() < 0.5:
        field = pick.choice(["user", "user", "user", "ok", "message", "none"])
        value = "=" + pick.choice(MATCHED) if pick.random() < 0.7 else ""
        span += f"{{{field}{value}}}"
    return f"{target}[{span}]" + (f"={level}" if level else "")


def static(pick: random.Random) -> str:
    """Write one directive that knows no span."""
    level, target = pick.choice([*LEVELS, "off"]), pick.choice(["", *TARGETS, "ap"])
    field = pick.choice(["", "", "[{user}]"]) if target else ""
    return f"{target}{field}={level}" if target else level


def made(pick: random.Random) -> list[Any]:
    fields = pick.choice(["", "user", "user", "user, ok"])
    return [
        pick.choice(TARGETS),
        pick.choice(LEVELS),
        pick.choice(NAMES),
        fields,
        pick.choice(VALUES),
    ]


def body(pick: random.Random, depth: int, within: bool = False) -> list[Any]:
    """Write some statements; `within` a span that was made, its field can be set."""
    found = []
    for _ in range(pick.randint(1, 4)):
        kind = pick.choice(
            ["event", "event", "enabled", "span", "span", "overlap", "child", "thread", "record"]
        )
        if kind == "event" or (depth == 0 and kind not in ("record", "enabled")):
            field = pick.choice(["", "user"])
            found.append(
                [
                    "event",
                    pick.choice(TARGETS),
                    pick.choice(LEVELS),
                    f"e{pick.randrange(1000)}",
                    field,
                    pick.choice(VALUES),
                ]
            )
        elif kind == "enabled":
            found.append(["enabled", pick.choice(TARGETS), pick.choice(LEVELS)])
        elif kind == "record" and within:
            found.append(["record", pick.choice(VALUES)])
        elif kind == "span":
            found.append(["span", made(pick), body(pick, depth - 1, True)])
        elif kind == "overlap":
            parts = [body(pick, depth - 1, True) for _ in range(3)]
            found.append(["overlap", made(pick), made(pick), *parts])
        elif kind == "child":
            found.append(["child", made(pick), made(pick), body(pick, depth - 1, True)])
        elif kind == "thread":
            found.append(["thread", body(pick, depth - 1)])
    return found


def program(number: int) -> dict[str, Any]:
    """Write the program of a number, always the same."""
    pick = random.Random(number)
    how = pick.choice(["run", "run", "layer", "layer", "targets"])
    one = static if how == "targets" else directive
    text = ",".join(one(pick) for _ in range(pick.randint(how == "targets", 4)))
    statements = body(pick, 2)
    return {"id": number, "how": how, "filter": text, "body": told(statements, how == "layer")}


def told(body: Any, is_layer: bool) -> Any:
    """Leave out what a layer cannot be asked: it does not know of fields that were never set.

    In the crates `enabled!` would also spoil what its filter says to the next event.
    """
    match body:
        case [*rest, str(), None] if is_layer and len(rest) in (3, 4):  # a span, an event
            return [*body[:-1], {"i": 4}]
        case list():
            asks = [isinstance(st, list) and st[:1] == ["enabled"] for st in body]
            return [
                told(st, is_layer)
                for st, ask in zip(body, asks, strict=True)
                if not (ask and is_layer)
            ]
    return body


# ---------------------------------------------------------------- in spanlab


def value(of: Any) -> Any:
    if of is None:
        return Empty
    ((kind, given),) = of.items()
    return Debug(given) if kind == "d" else given


def make(of: list[Any]) -> Span:
    target, level, name, fields, user = of
    given = {"": {}, "user": {"user": value(user)}, "user, ok": {"user": value(user), "ok": True}}
    return span(level, name, target=target, **given[fields])


def execute(body: list[Any], asked: list[Any], around: Span | None = None) -> None:
    for st in body:
        match st:
            case ["event", target, level, message, fields, user]:
                given = {"user": value(user)} if fields else {}
                event(level, message, target=target, **given)
            case ["enabled", target, level]:
                asked.append(enabled(level, target=target))
            case ["record", user] if around is not None:
                around.record("user", value(user))
            case ["span", of, inner]:
                one = make(of)
                with one.enter():
                    execute(inner, asked, one)
                del one
            case ["overlap", first, second, x, y, z]:
                a = make(first).entered()
                execute(x, asked, a._span)
                b = make(second).entered()
                execute(y, asked, b._span)
                a.exit()
                execute(z, asked, b._span)
                b.exit()
                del a, b
            case ["child", first, second, inner]:
                a, b = make(first), make(second)
                child = span("info", "child", target="app", parent=a)
                with b.enter():
                    event("error", "explicit", target="app", parent=a)
                    with child.enter():
                        execute(inner, asked, child)
                del child, b, a
            case ["thread", inner]:
                spawn_thread(lambda inner=inner: execute(inner, asked)).join()


def run(program: dict[str, Any]) -> tuple[list[Any], list[bool]]:
    """Run a program; give what a layer of the crates writes down, and what `enabled` said."""
    how, text, asked = program["how"], program["filter"], list[bool]()
    filter = {"run": text, "layer": None, "targets": Targets(text) if how == "targets" else ""}[how]
    with recording(filter=filter) as trace:
        execute(program["body"], asked)
    return list(records(with_filter(trace, text) if how == "layer" else trace)), asked


def split(recorded: list[Any]) -> tuple[list[Any], list[bool]]:
    """Give what the oracle wrote down, and what `enabled!` said, as `run` does."""
    asked = [record[1] for record in recorded if record[0] == "enabled"]
    return [record for record in recorded if record[0] != "enabled"], asked


def records(trace: Trace) -> Iterator[list[Any]]:
    """Give the records as the oracle's layer writes them, with small numbers for spans."""
    spans, threads = dict[int, int](), {1: 0}
    for record in trace.records:
        if isinstance(record, SpanNew | SpanEntered | SpanExited | Event):
            thread = threads.setdefault(record.thread, len(threads))
        match record:
            case SpanNew(span=id, name=name, parent=parent):
                spans[id] = len(spans)
                yield ["new", spans[id], name, None if parent is None else spans[parent], thread]
            case SpanEntered(span=id):
                yield ["enter", spans[id], thread]
            case SpanExited(span=id):
                yield ["exit", spans[id], thread]
            case SpanClosed(span=id):
                yield ["close", spans[id]]
            case Event():
                yield ["event", record.message, list(trace.scope(record)), thread]


if __name__ == "__main__":
    for text in DIRECTIVES:
        print(json.dumps({"parse": text}))
    for number in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
        print(json.dumps(program(number)))
