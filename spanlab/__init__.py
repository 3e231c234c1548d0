"""spanlab: see why a tracing span or event in async Rust has the parent that it has."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

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
from spanlab.future import Future, Pending, join, pending, select, sleep, yield_now
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

if TYPE_CHECKING:
    from spanlab.causes import Cause
    from spanlab.compare import Comparison, compare
    from spanlab.figure import Figure
    from spanlab.fmt import Log, log
    from spanlab.graph import graph
    from spanlab.lanes import lanes
    from spanlab.runtime.asyncio_loop import AsyncioLoop, arun
    from spanlab.stepper import Stepper, step
    from spanlab.why import Why, why

__all__ = [
    "AsyncioLoop",
    "Cause",
    "Comparison",
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
    "Stepper",
    "Trace",
    "UsageError",
    "VirtualThreads",
    "Why",
    "arun",
    "compare",
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
    "lanes",
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
    "step",
    "trace",
    "trace_span",
    "warn",
    "warn_span",
    "why",
    "yield_now",
]

__version__ = "0.1.0"

_LATER = {
    "AsyncioLoop": "runtime.asyncio_loop",
    "Cause": "causes",
    "Comparison": "compare",
    "Figure": "figure",
    "Log": "fmt",
    "Stepper": "stepper",
    "Why": "why",
    "arun": "runtime.asyncio_loop",
    "compare": "compare",
    "graph": "graph",
    "lanes": "lanes",
    "log": "fmt",
    "step": "stepper",
    "why": "why",
}  # views and asyncio are loaded when they are first asked for


class _Face(ModuleType):
    """The package. A view wins over the module of its name, so `spanlab.graph` is the function."""

    def __getattr__(self, name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module 'spanlab' has no attribute {name!r}")
        value = getattr(import_module(f"spanlab.{_LATER[name]}"), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _LATER or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


_face = sys.modules[__name__]
_face.__class__ = _Face
Trace.views = (lambda trace: _face.log(trace), lambda trace: _face.graph(trace))
