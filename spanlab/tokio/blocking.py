"""`spawn_blocking`: plain functions as tasks, on threads that may block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from spanlab.os_thread import check_function
from spanlab.tokio.task import JoinHandle, new_task
from spanlab.tokio.wait import here

T = TypeVar("T")


def spawn_blocking(function: Callable[[], T]) -> JoinHandle[T]:
    """Run a plain function on a thread of the blocking pool.

    That thread's stack is empty. Take a span along and enter it there: `span.in_scope(function)`.
    Once begun it cannot be aborted.

    In Rust: `tokio::task::spawn_blocking`.
    """
    return JoinHandle(new_task(call(function, caller := "spawn_blocking()"), caller, blocking=True))


def call(function: Callable[[], Any], caller: str) -> Any:
    """Make a future that calls `function` in its first poll."""
    check_function(function, caller)

    async def blocking() -> Any:
        return here(caller).runtime.call(function)

    return blocking()
