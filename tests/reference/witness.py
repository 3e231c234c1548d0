"""Programs on plain asyncio with the spans of OpenTelemetry's SDK: what Python really does.

Nothing of spanlab is in here. Each line is printed as the Rust programs print theirs, with the
span that OpenTelemetry has as the current one, and the parents that it gave to that span.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

made: dict[int, Any] = {}  # spans by their number, to name parents
lines: list[str] = []


class Keep(SpanProcessor):
    """Remembers every span."""

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        made[span.context.span_id] = span


provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(Keep())
tracer = provider.get_tracer("witness")
span = tracer.start_as_current_span


def info(message: str) -> None:
    thread = 1 if threading.current_thread() is threading.main_thread() else 2
    line = sys._getframe(1).f_lineno
    text = f"   INFO  {message}\n    at witness.py:{line} on ThreadId({thread})\n"
    current: Any = trace.get_current_span()
    while current is not None and current.get_span_context().is_valid:
        text += f"    in {current.name}\n"
        current = made[current.parent.span_id] if current.parent else None
    lines.append(text + "\n")


def printed(program: Callable[[], Coroutine[Any, Any, None]]) -> str:
    """Run a program and give what it printed."""
    lines.clear()
    asyncio.run(program())
    return "".join(lines)


async def asyncio_spawned() -> None:
    async def work():
        with span("work"):
            info("starting work")
            await asyncio.create_task(sub_task())

    def sub_task():
        with span("sub_task"):
            info("making sub task")

            async def task():
                info("performing task")

            return task()

    info("in main")
    await work()


async def guilty_guard() -> None:
    async def guilty():
        with span("guilty"):
            info("before")
            await asyncio.sleep(0)
            info("after")

    async def innocent():
        info("innocent")

    first, second = asyncio.create_task(guilty()), asyncio.create_task(innocent())
    await first
    await second


async def ported_exercise() -> None:
    """What the exercise gives; the Rust program of this name is what it asks for."""

    async def fetch():
        info("fetching")

    async def audit():
        info("auditing")

    with span("request"):
        auditing = asyncio.create_task(audit())
        with span("load"):
            fetching = asyncio.create_task(fetch())
            await asyncio.sleep(0)
            info("loading")
        await fetching
        await auditing


async def ways() -> None:
    async def task(way):
        await asyncio.sleep(0)
        info(way)

    with span("work"):
        await asyncio.create_task(task("create_task"))
        async with asyncio.TaskGroup() as group:
            group.create_task(task("TaskGroup"))
        await asyncio.create_task(task("empty context"), context=Context())
        await asyncio.to_thread(info, "to_thread")
        await asyncio.get_running_loop().run_in_executor(None, info, "run_in_executor")
        thread = threading.Thread(target=info, args=["Thread"])
        thread.start()
        thread.join()


def main() -> None:
    """Write the log that a lesson quotes."""
    log = Path(__file__).parent / "logs" / "asyncio_spawned.log"
    log.write_text(printed(asyncio_spawned), encoding="utf-8")


if __name__ == "__main__":
    main()
