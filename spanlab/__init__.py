"""spanlab: see why a tracing span or event in async Rust has the parent that it has."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spanlab.errors import (
    BudgetExceeded,
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
from spanlab.future import Future, Pending
from spanlab.panic import set_panic_hook
from spanlab.recorder import recording
from spanlab.threads import spawn_thread
from spanlab.tokio.explore import Explored, explore
from spanlab.tokio.join_set import JoinSet
from spanlab.tokio.macros import join, select
from spanlab.tokio.runtime import (
    CurrentThread,
    OsThreads,
    Replay,
    Seeded,
    VirtualThreads,
    run,
)
from spanlab.tokio.task import JoinHandle, spawn, spawn_blocking
from spanlab.tokio.wait import pending, sleep, yield_now
from spanlab.traces import Trace
from spanlab.tracing.instrument import in_current_span, instrument
from spanlab.tracing.macros import (
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
from spanlab.tracing.span import Span

if TYPE_CHECKING:
    from spanlab.causes import Cause
    from spanlab.causes.why import Why, why
    from spanlab.tokio.runtime.asyncio_loop import AsyncioLoop, arun
    from spanlab.view.compare import Comparison, compare
    from spanlab.view.figure import Figure
    from spanlab.view.fmt import Log, log
    from spanlab.view.graph import graph
    from spanlab.view.lanes import lanes
    from spanlab.view.stepper import Stepper, step
    from spanlab.yours.read_log import read_log
    from spanlab.yours.suspects import Suspect, Suspects, suspects

__all__ = [
    "AsyncioLoop", "BudgetExceeded", "Cause", "Comparison", "CurrentThread", "Deadlock", "Debug",
    "Display", "Empty", "Explored", "Figure", "ForeignAwaitable", "Future", "FutureReused",
    "JoinError", "JoinHandle", "JoinSet", "Level", "Log", "MissingPackage", "NestedRuntime",
    "NoRuntime", "NoSource", "NotAFuture", "NotSend", "OsThreads", "Pending", "PollBudgetExceeded",
    "Replay", "Seeded", "Span", "SpanlabError", "Stepper", "Suspect", "Suspects", "Trace",
    "UsageError", "VirtualThreads", "Why", "arun", "compare", "debug", "debug_span", "error",
    "error_span", "event", "explore", "graph", "in_current_span", "info", "info_span", "instrument",
    "join", "lanes", "log", "pending", "read_log", "recording", "run", "select", "set_panic_hook",
    "sleep", "span", "spawn", "spawn_blocking", "spawn_thread", "step", "suspects", "trace",
    "trace_span", "warn", "warn_span", "why", "yield_now",
]  # fmt: skip

__version__ = "0.1.0"

_LATER = {
    "AsyncioLoop": "tokio.runtime.asyncio_loop", "arun": "tokio.runtime.asyncio_loop",
    "Cause": "causes", "Why": "causes.why", "why": "causes.why",
    "Comparison": "view.compare", "compare": "view.compare",
    "Figure": "view.figure", "graph": "view.graph", "lanes": "view.lanes",
    "Log": "view.fmt", "log": "view.fmt", "Stepper": "view.stepper", "step": "view.stepper",
    "Outcomes": "view.outcomes", "read_log": "yours.read_log",
    "Suspect": "yours.suspects", "Suspects": "yours.suspects", "suspects": "yours.suspects",
}  # fmt: skip  # views and asyncio are loaded when they are first asked for


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'spanlab' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"spanlab.{_LATER[name]}"), name)
    return value


Explored.view = lambda found: __getattr__("Outcomes")(found)
Trace.views = (lambda trace: __getattr__("log")(trace), lambda trace: __getattr__("graph")(trace))
