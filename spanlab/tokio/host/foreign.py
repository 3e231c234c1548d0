"""What stands where asyncio looks for its running loop, on runtimes that have none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from spanlab.errors import ForeignAwaitable
from spanlab.evidence.sites import file_name

INSTEAD = {  # what to write for what asyncio has
    "sleep": "await sleep(0.01)", "gather": "await join(a(), b())",
    "create_task": "spawn(work())", "ensure_future": "spawn(work())", "TaskGroup": "JoinSet()",
    "timeout": "await select(work(), sleep(1))", "wait_for": "await select(work(), sleep(1))",
    "to_thread": "await spawn_blocking(work)", "run_in_executor": "await spawn_blocking(work)",
}  # fmt: skip
_ASYNCIO = os.path.join(os.path.dirname(os.__file__), "asyncio", "")


class _NoLoop:
    """Refuses whatever asyncio, or a program, asks of its loop."""

    def __getattr__(self, name: str) -> NoReturn:
        raise ForeignAwaitable(_refusal(name))

    def __hash__(self) -> int:  # asyncio looks up the current task by its loop
        raise ForeignAwaitable(_refusal("current_task"))


def _refusal(name: str) -> str:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_ASYNCIO):
        name, frame = frame.f_code.co_qualname, frame.f_back
    name = name.removesuffix(".__aenter__").removesuffix(".__init__")
    instead = f"{INSTEAD[name]}, or " if name in INSTEAD else ""
    return (
        f"a future of spanlab was expected, and '{frame.f_code.co_name}' asks for {name} of "
        f"another library, asyncio ({file_name(frame.f_code.co_filename)}:{frame.f_lineno}). "
        f"Only its own loop can wake it; write: {instead}run(main(), on=AsyncioLoop())"
    )


NO_LOOP = _NoLoop()


@contextmanager
def running_loop(loop: Any) -> Iterator[None]:
    """Have asyncio find `loop` on this thread for a `with` block, if anybody has imported it."""
    asyncio, hooks = sys.modules.get("asyncio"), sys.get_asyncgen_hooks()
    before = asyncio and asyncio._get_running_loop()
    sys.set_asyncgen_hooks(None, None)  # a stream is dropped with its last reference
    if asyncio is not None:
        asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        sys.set_asyncgen_hooks(*hooks)
        if asyncio is not None:
            asyncio._set_running_loop(before)
