"""`read_log(…)`: what `tracing_subscriber::fmt` printed, as a trace."""

from __future__ import annotations

import gzip
import mmap
import os
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import accumulate
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any

from spanlab.errors import UsageError
from spanlab.traces import Trace
from spanlab.yours.entry import Entry
from spanlab.yours.origin import PIECE, Origin
from spanlab.yours.rested import rested
from spanlab.yours.rows import Rows
from spanlab.yours.style import Line, Style
from spanlab.yours.window import Range, Window

CALL = 'read_log("app.log")'


def read_log(
    source: Any,
    *,
    around: int | str | None = None,
    last: int | None = None,
    matching: str | None = None,
) -> Trace:
    """Read a log that `tracing_subscriber::fmt` printed, in any of its formats, as a trace.

    `source` is the name of a file, also of one that gzip packed, a text, or an open file. How it
    is written is recognised: "full", "compact", "pretty" or "json", colours, times, threads,
    files and lines, span events, what a container or a journal put before each line.

    Every view works on the trace as far as the log allows; `trace.origin` tells what the log does
    not show, and how many lines were not understood. Nothing is lost: `log(trace)` prints the
    same bytes. A span that shows the same name and fields twice is taken for one.

    Of a large log read a part: `around` a time or a line, the `last` entries, or those `matching`
    a text. The rest is only searched, and no memory is taken for it.

    Raises `UsageError` for what is no log and no file.

    >>> trace = read_log("2026-11-27T01:00:00Z  INFO request{id=1}: app: hello\\n")
    >>> trace.scope(trace.events[0])
    ('request',)
    """
    data = data_of(source)
    style = Style(line for _, line in lines_of(data))
    if around is None and last is None and matching is None:
        return traced(style, data, _entries(style, data))
    window = Window(data, style)
    ranges = _ranges(window, around, last, matching)
    part = b"".join(data[begin:end] for begin, end in ranges)
    trace = traced(style, part, _entries(style, part))
    ends = accumulate((end - begin for begin, end in ranges), initial=0)
    lines = (window.line(begin) for begin, _ in ranges)
    trace.origin.parts = tuple(zip(ends, lines, strict=False)) or ((0, 1),)
    return trace


def _ranges(
    window: Window, around: int | str | None, last: int | None, matching: str | None
) -> list[Range]:
    ranges = [window.around(around)] if around is not None else []
    ranges += [window.last(last)] if last is not None else []
    ranges += window.matching(matching) if matching is not None else []
    return ranges


def traced(style: Style, data: Any, entries: Iterable[Entry]) -> Trace:
    """Make a trace of entries."""
    counts, starts = Counter[str](), array("Q", [])
    rows = Rows(style.format != "json", "enter" in style.kinds)
    with rested():
        for entry in entries:
            if rows.add(entry):
                starts.append(entry.at)
            else:
                counts[entry.kind] += 1
            if entry.unsure:
                counts["unsure"] += 1
    counts["event"] = len(starts)
    starts.append(len(data))
    zero = min((row[1] for row in rows.rows), default=0)
    trace = Trace(rows.rows, zero, zero)
    trace._loaded = True
    again = partial(_entries, style, data)
    trace.origin = Origin(style.format, data, starts, counts, rows.missing, again)
    return trace


def _entries(style: Style, data: Any) -> Iterator[Entry]:
    return style.entries(lines_of(data))


def data_of(source: Any) -> Any:
    """Give the bytes of a log; a file is mapped into memory, not read."""
    if (isinstance(source, str) and "\n" not in source) or isinstance(source, os.PathLike):
        return _file(Path(source))
    if isinstance(source, str):
        return source.encode("utf-8", "surrogateescape")
    if isinstance(source, bytes):
        return source
    read = getattr(source, "read", None)
    if read is None:
        raise UsageError(
            f"a log is a file, its name or its text, got {source!r:.60}. Write: {CALL}"
        )
    text = read()
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def _file(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            return _unpacked(file) if packed else _mapped(file)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(
            f"a log was expected in {str(path)!r:.200}, got: {error!s:.200}. Write: {CALL}"
        ) from None


def _mapped(file: Any) -> Any:
    if os.fstat(file.fileno()).st_size == 0:
        return b""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _unpacked(file: Any) -> Any:
    """Unpack into a file that is gone when nobody looks at it any more."""
    with TemporaryFile() as whole, gzip.open(file) as packed:
        copyfileobj(packed, whole)
        whole.flush()
        return _mapped(whole)


def lines_of(data: Any, at: int = 0, end: int | None = None) -> Iterator[Line]:
    """Give each line with its offset; bytes that are no UTF-8 are kept as they are."""
    end = len(data) if end is None else end
    while at < end:
        stop = data.find(b"\n", min(at + PIECE, end) - 1, end) + 1 or end
        for line in data[at:stop].removesuffix(b"\n").split(b"\n"):
            yield at, line.decode("utf-8", "surrogateescape")
            at += len(line) + 1
