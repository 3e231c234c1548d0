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
from spanlab.evidence.panic import set_panic_hook
from spanlab.field import Debug, Display, Empty, Level
from spanlab.future import Future, Pending
from spanlab.futures.catch import Caught, Panic, catch_unwind, panic
from spanlab.os_thread import spawn_thread
from spanlab.recorder import Recorder, recording
from spanlab.tokio.blocking import spawn_blocking
from spanlab.tokio.join_set import JoinSet
from spanlab.tokio.macros import select
from spanlab.tokio.runtime import CurrentThread, OsThreads, Replay, Seeded, VirtualThreads, run
from spanlab.tokio.task import JoinHandle, spawn
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
from spanlab.values import Char, Some

if TYPE_CHECKING:
    from spanlab.causes import Cause
    from spanlab.causes.why import Why, why
    from spanlab.drops import block
    from spanlab.filters.env_filter import EnvFilter, Targets
    from spanlab.filters.layer import enabled, with_filter
    from spanlab.futures.by_ref import Waker, by_ref, waker
    from spanlab.futures.join import join, join_all, try_join, try_join_all
    from spanlab.futures.unordered import FuturesUnordered, buffer_unordered
    from spanlab.log_tracer import LogTracer
    from spanlab.streams import Stream, stream
    from spanlab.tokio.beside.handle import Handle, block_in_place
    from spanlab.tokio.beside.local_set import LocalSet, spawn_local
    from spanlab.tokio.explore import Explored, explore
    from spanlab.tokio.runtime.asyncio_loop import AsyncioLoop, arun
    from spanlab.tokio.sync import Mutex, Notify, RecvError, SendError, TryLockError, mpsc, oneshot
    from spanlab.tokio.time import Elapsed, Interval, interval, now, sleep_until, timeout
    from spanlab.view.compare import Comparison, compare
    from spanlab.view.figure import Figure
    from spanlab.view.file.film import film
    from spanlab.view.fmt import Log, log
    from spanlab.view.graph import graph
    from spanlab.view.lanes import lanes
    from spanlab.view.stepper import Stepper, step
    from spanlab.yours.audit import Audit, audit
    from spanlab.yours.audit.proof import prove
    from spanlab.yours.export import otlp, perfetto
    from spanlab.yours.parts import suspects_in
    from spanlab.yours.read_log import read_log
    from spanlab.yours.rust import rust
    from spanlab.yours.suspects import Suspect, Suspects, suspects

__all__ = [
    "AsyncioLoop", "Audit", "BudgetExceeded", "Caught", "Cause", "Char", "Comparison",
    "CurrentThread", "Deadlock", "Debug", "Display", "Elapsed", "Empty", "EnvFilter",
    "Explored", "Figure", "ForeignAwaitable", "Future", "FutureReused", "FuturesUnordered",
    "Handle", "Interval", "JoinError", "JoinHandle", "JoinSet", "Level", "LocalSet", "Log",
    "LogTracer", "MissingPackage", "Mutex", "NestedRuntime", "NoRuntime", "NoSource",
    "NotAFuture", "NotSend", "Notify", "OsThreads", "Panic", "Pending", "PollBudgetExceeded",
    "RecvError", "Replay", "Seeded", "SendError", "Some", "Span", "SpanlabError", "Stepper",
    "Stream", "Suspect", "Suspects", "Targets", "Trace", "TryLockError", "UsageError",
    "VirtualThreads", "Waker", "Why", "arun", "audit", "block", "block_in_place",
    "buffer_unordered", "by_ref", "catch_unwind", "compare", "debug", "debug_span", "enabled",
    "error", "error_span", "event", "explore", "film", "graph", "in_current_span", "info",
    "info_span", "instrument", "interval", "join", "join_all", "lanes", "log", "mpsc", "now",
    "oneshot", "otlp", "panic", "pending", "perfetto", "prove", "read_log", "recording", "run",
    "rust", "select", "set_panic_hook", "sleep", "sleep_until", "span", "spawn", "spawn_blocking",
    "spawn_local", "spawn_thread", "step", "stream", "suspects", "suspects_in", "timeout", "trace",
    "trace_span", "try_join", "try_join_all", "waker", "warn", "warn_span", "why",
    "with_filter", "yield_now",
]  # fmt: skip

__version__ = "0.1.0"

_LATER = {  # modules that are loaded when one of these names is first asked for
    "causes": "Cause", "causes.why": "Why why", "view.compare": "Comparison compare",
    "view.figure": "Figure", "view.file.film": "film", "view.fmt": "Log log", "view.graph": "graph",
    "view.lanes": "lanes", "view.outcomes": "Outcomes", "view.stepper": "Stepper step",
    "tokio.runtime.asyncio_loop": "AsyncioLoop arun",
    "log_tracer": "LogTracer", "drops": "block", "filters.layer": "enabled with_filter",
    "filters.env_filter": "EnvFilter Filtering Targets",
    "futures.by_ref": "Waker by_ref waker", "streams": "Stream stream",
    "futures.join": "join join_all try_join try_join_all",
    "futures.unordered": "FuturesUnordered buffer_unordered",
    "tokio.beside.handle": "Handle block_in_place",
    "tokio.beside.local_set": "LocalSet spawn_local",
    "tokio.explore": "Explored explore",
    "tokio.sync": "Mutex Notify RecvError SendError TryLockError mpsc oneshot",
    "yours.audit": "Audit audit", "yours.read_log": "read_log", "yours.export": "otlp perfetto",
    "yours.audit.proof": "prove", "yours.suspects": "Suspect Suspects suspects",
    "tokio.time": "Elapsed Interval interval now sleep_until timeout", "yours.rust": "rust",
    "yours.parts": "suspects_in",
}  # fmt: skip
_MODULES = {name: module for module, names in _LATER.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'spanlab' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"spanlab.{_MODULES[name]}"), name)
    return value


Recorder.parse = lambda *asked: __getattr__("Filtering")(*asked)
Trace.outcomes = lambda found: __getattr__("Outcomes")(found)
Trace.views = (lambda trace: __getattr__("log")(trace), lambda trace: __getattr__("graph")(trace))
