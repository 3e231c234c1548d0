"""Runs programs written in the language of LANGUAGE.md on spanlab's public API."""

from __future__ import annotations

from typing import Any

import driver_shared
from driver_block import Outcome, block, until_stuck

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
    body, given = block(program["body"]), {k: program[k] for k in ("filter",) if k in program}
    if not program["id"].startswith("async"):
        return run(body, on=runtime, **given)
    kept = Outcome(body)  # what is stuck is not dropped before the records end
    try:
        return run(until_stuck(kept), on=runtime, **given)
    finally:
        kept.close()
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
            case Event():
                found.append(["event", record.message, list(trace.scope(record)), number()])
            case TaskFinished(finished=0, thread=1):
                break
    return [*found, ["deadlock"]] if trace.result is True else found
