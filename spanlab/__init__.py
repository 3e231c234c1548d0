"""spanlab: see why a tracing span or event in async Rust has the parent that it has."""

from spanlab.errors import (
    Deadlock,
    ForeignAwaitable,
    FutureReused,
    JoinError,
    MissingPackage,
    NestedRuntime,
    NoRuntime,
    NoSource,
    NotAFuture,
    NotSend,
    PollBudgetExceeded,
    SpanlabError,
    UsageError,
)
from spanlab.field import Debug, Display, Empty, Level
from spanlab.figure import Figure
from spanlab.fmt import Log, log
from spanlab.future import Future, Pending, join, pending, select, sleep, yield_now
from spanlab.graph import graph
from spanlab.instrument import in_current_span, instrument
from spanlab.join_set import JoinSet
from spanlab.macros import (
    debug,
    debug_span,
    error,
    error_span,
    event,
    info,
    info_span,
    span,
    trace,
    trace_span,
    warn,
    warn_span,
)
from spanlab.record import Trace
from spanlab.recorder import recording
from spanlab.runtime import (
    CurrentThread,
    Explored,
    OsThreads,
    Replay,
    Seeded,
    VirtualThreads,
    explore,
    run,
)
from spanlab.span import Span
from spanlab.task import JoinHandle, spawn, spawn_blocking
from spanlab.threads import spawn_thread

__all__ = [
    "AsyncioLoop",
    "CurrentThread",
    "Deadlock",
    "Debug",
    "Display",
    "Empty",
    "Explored",
    "Figure",
    "ForeignAwaitable",
    "Future",
    "FutureReused",
    "JoinError",
    "JoinHandle",
    "JoinSet",
    "Level",
    "Log",
    "MissingPackage",
    "NestedRuntime",
    "NoRuntime",
    "NoSource",
    "NotAFuture",
    "NotSend",
    "OsThreads",
    "Pending",
    "PollBudgetExceeded",
    "Replay",
    "Seeded",
    "Span",
    "SpanlabError",
    "Trace",
    "UsageError",
    "VirtualThreads",
    "arun",
    "debug",
    "debug_span",
    "error",
    "error_span",
    "event",
    "explore",
    "graph",
    "in_current_span",
    "info",
    "info_span",
    "instrument",
    "join",
    "log",
    "pending",
    "recording",
    "run",
    "select",
    "sleep",
    "span",
    "spawn",
    "spawn_blocking",
    "spawn_thread",
    "trace",
    "trace_span",
    "warn",
    "warn_span",
    "yield_now",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name in ("AsyncioLoop", "arun"):  # only they need asyncio, which is slow to import
        from spanlab.runtime import asyncio_loop

        return getattr(asyncio_loop, name)
    raise AttributeError(f"module 'spanlab' has no attribute {name!r}")
