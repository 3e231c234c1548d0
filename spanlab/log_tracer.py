"""The records of Python's `logging` as events: what libraries tell that know nothing of spans."""

from __future__ import annotations

import logging
import sys

from spanlab.field import Level
from spanlab.tracing.span import emit


class LogTracer(logging.Handler):
    """A handler that makes each record of `logging` an event, under the span that is current then.

    Its target is the name of the logger, its place that of the record; both are kept in `log.`
    fields as well, which the text formats do not show.

    In Rust: `tracing_log::LogTracer`, which does so with records of the crate `log`.

    >>> logger = logging.getLogger("hyper")
    >>> logger.addHandler(LogTracer())
    >>> with recording() as trace, info_span("request").enter():
    ...     logger.warning("connection lost")
    >>> trace.events[0].target, trace.scope(trace.events[0])
    ('hyper', ('request',))
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Record one event."""
        level = Level(min(5, max(1, record.levelno // 10 + 1)))
        place = record.pathname, record.lineno
        given = {
            "log.target": record.name, "log.module_path": record.module,
            "log.file": record.pathname, "log.line": record.lineno,
        }  # fmt: skip
        emit(level, record.getMessage(), ..., record.name, given, sys._getframe(), place)
