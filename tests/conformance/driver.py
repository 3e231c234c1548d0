"""Runs programs written in the language of LANGUAGE.md on spanlab's public API."""

from __future__ import annotations

from typing import Any

import driver_shared
from driver_block import block, until_stuck

from spanlab import run
from spanlab.record import (
    Event,
    SpanClosed,
    SpanEntered,
    SpanExited,
    SpanFollows,
    SpanNew,
    TaskFinished,
)
from spanlab.traces import Trace


def run_program(program: dict[str, Any], runtime: Any) -> Trace:
    """Run a program; one of the family `async` may be one in which nobody wakes anybody."""
    given = {"filter": program["filter"]} if "filter" in program else {}
    main = until_stuck if program["id"].startswith("async") else block
    try:
        return run(main(program["body"]), on=runtime, **given)
    finally:
        driver_shared.clear()


def records(trace: Trace) -> list[list[Any]]:
    """Write a trace the way the oracle does: up to the end of the main future."""
    threads: dict[int, int] = {}
    found: list[list[Any]] = []
    threads[1] = 0
    for record in trace.records:
        number = lambda record=record: threads.setdefault(record.thread, len(threads))  # noqa: E731
        match record:
            case SpanNew():
                found.append(["new", record.span, record.name, record.parent, number()])
            case SpanEntered():
                found.append(["enter", record.span, number()])
            case SpanExited():
                found.append(["exit", record.span, number()])
            case SpanClosed():
                found.append(["close", record.span])
            case SpanFollows():
                found.append(["follows", record.span, record.follows])
            case Event(message="deadlock"):
                return [*found, ["deadlock"]]
            case Event():
                found.append(["event", record.message, list(trace.scope(record)), number()])
            case TaskFinished(finished=0, thread=1):
                break
    return found
