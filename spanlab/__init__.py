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
from spanlab.runtime import CurrentThread, Replay, Seeded, VirtualThreads, run
from spanlab.span import Span
from spanlab.task import JoinHandle, spawn, spawn_blocking
from spanlab.threads import spawn_thread
