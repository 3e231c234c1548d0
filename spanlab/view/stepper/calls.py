"""The calls that go on in each thread, from the frames that were seen behind the records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from spanlab.evidence.sites import Site
from spanlab.record import PollEnded, PollStarted, Record
from spanlab.traces import Trace
from spanlab.view.stepper.source import Source


class Call(NamedTuple):
    """A function that runs or waits, and the line in which it is; `frame` tells calls apart."""

    name: str
    file: str
    line: int
    frame: int
    is_async: bool
    direct: bool  # nothing of this package is between it and the call around it


Calls = tuple[Call, ...]  # the outermost first


def calls(trace: Trace, source: Source) -> Iterator[Calls]:
    """Give, for each record, the calls that went on in its thread when it was made."""
    going_on = dict[int, Calls]()
    for record in trace.records:
        before = () if isinstance(record, PollStarted) else going_on.get(record.thread, ())
        now = _chain(trace.seen(record.index).sites, source) or _moved(before, record, source)
        yield now
        going_on[record.thread] = () if isinstance(record, PollEnded) else now


def _chain(sites: tuple[Site, ...], source: Source) -> Calls:
    """Read the frames of a record; one without a frame is the place of an attribute."""
    found = list[Call]()
    for inner, site in enumerate(sites):
        if site.line and site.frame:
            function = source.function(site.file, site.line)
            name, is_async = (function.name, function.is_async) if function else ("", False)
            direct = sites[inner + 1 :][:1] != () and sites[inner + 1].line > 0
            found.append(Call(name, site.file, site.line, site.frame, is_async, direct))
    return tuple(reversed(found))


def _moved(before: Calls, record: Record, source: Source) -> Calls:
    """Of a record that has a place alone: which of the calls came there, the inner have ended."""
    function = source.function(record.file, record.line) if record.line else None
    if function is None or record.line == function.first:
        return before
    for depth, call in reversed(list(enumerate(before))):
        if (call.name, call.file) == (function.name, record.file):
            return (*before[:depth], call._replace(line=record.line))
    return before
