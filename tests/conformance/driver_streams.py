"""The streams of LANGUAGE.md: what they give are numbers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import driver_block
import driver_shared as shared

from spanlab import FuturesUnordered, buffer_unordered, in_current_span, info_span, stream


@stream
async def generate(body: list[Any]) -> Any:
    """Statements with `emit` between them, also under a guard that is held over the yield."""
    held = driver_block.Locals()
    try:
        for st in body:
            match st:
                case ["emit", n]:
                    yield n
                case ["emit_in_scope", name, inner]:
                    span = info_span(name)
                    try:
                        with span.enter():
                            for inside in inner:
                                if inside[0] == "emit":
                                    yield inside[1]
                                else:
                                    await driver_block.statement(inside, held)
                    finally:
                        del span
                case _:
                    await driver_block.statement(st, held)
    finally:
        held.drop()


async def indexed(index: int, future: Any) -> int:
    with suppress(driver_block.Failed):
        await future
    return index


@stream
async def numbers(count: int) -> Any:
    for n in range(count):
        yield n


@stream
async def received(receiver: Any) -> Any:
    while receiver is not None and (message := await receiver.recv()) is not None:
        n, _ = message
        del message, _
        yield n


def items(made: list[Any]) -> Any:
    match made:
        case ["gen", body]:
            return generate(body)
        case ["iter", count]:
            return numbers(count)
        case ["receiver", name]:
            return received(shared.receivers.pop(name, None))
        case ["unordered", futures]:
            return FuturesUnordered(
                [indexed(index, driver_block.make(f)) for index, f in enumerate(futures)]
            )
        case ["buffered", most, futures]:
            each = enumerate(futures)
            return buffer_unordered((indexed(i, driver_block.make(f)) for i, f in each), most)
        case ["s_instr", name, inner]:
            inside = items(inner)
            return info_span(name).instrument(inside)
        case ["s_cur", inner]:
            return in_current_span(items(inner))
        case other:
            raise AssertionError(f"no stream is called {other}")
