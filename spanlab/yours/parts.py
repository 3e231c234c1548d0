"""A log in many files: each is read where there is room, and what was seen is judged together.

What one file tells is a list of packed pieces, which takes little memory; what two tell is the
one list after the other. So it does not matter who reads which file, or how often.
"""

from __future__ import annotations

import gzip
import pickle
import zlib
from array import array
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any

from spanlab.errors import MissingPackage, UsageError
from spanlab.yours.entry import Entry
from spanlab.yours.evidence import Evidence, Seen, seen_in
from spanlab.yours.rested import rested
from spanlab.yours.style import SAMPLE, Line, Style
from spanlab.yours.suspects import Suspects, found_in

PIECE = 5_000  # entries that are packed together
MEMORY = "400MB"  # of each worker
CALL = 'suspects_in(["a.log.gz", "b.log.gz"])'
Summary = tuple[list[bytes], "array[int]"]  # what was seen in a file, the lines of its events


def suspects_in(files: Sequence[str | Path], client: Any = None) -> Suspects:
    """Rank the suspects of a log that lies in many files, in this order; gzip is unpacked.

    `client` is a `distributed.Client`: then its workers read the files, each a file at a time and
    none of it as a whole, so they must see them under the same names. What they find is what one
    process finds, in the same order; a file whose worker died is read by another.

    Raises `UsageError` for what is no file.
    """
    if not isinstance(files, list | tuple) or not files:
        raise UsageError(f"a log in many files is a list of them, got {files!r:.60}. Write: {CALL}")
    paths = [Path(file).absolute() for file in files]
    with _opened(paths[0]) as file:
        style = Style(text for _, text in islice(_lines(file), SAMPLE))
    seen, lines, starts = list[Seen](), array("Q"), list[int]()  # the first event of each file
    with rested():
        for pieces, of_file in _summaries(partial(summary, style), paths, client):
            for one in (one for piece in pieces for one in _unpacked(piece)):
                one.number += len(lines) * bool(one.number)
                seen.append(one)
            starts.append(len(lines) + 1)
            lines += of_file
        found = found_in(Evidence(seen))
    placed = Suspects(
        replace(one, file=str(files[bisect(starts, n) - 1]), file_line=lines[n - 1])
        for one in found
        for n in one.lines[:1]
    )
    placed.note = found.note
    return placed


def _summaries(
    read: Callable[[Path], Summary], paths: list[Path], client: Any
) -> Iterator[Summary]:
    """Give the summary of each file, in their order; where a worker has gone another reads it."""
    if client is None:
        yield from map(read, paths)
        return
    futures = client.map(read, paths, pure=False)
    while futures:
        yield futures.pop(0).result()  # and nobody needs to keep it any more


def summary(style: Style, path: Path) -> Summary:
    """Read one file, a few entries at a time; the offset of an entry is its line, from 1."""
    lines = array("Q")

    def counted(entries: Iterator[Entry]) -> Iterator[Entry]:
        for entry in entries:
            if entry.kind == "event":
                lines.append(entry.at)
            yield entry

    with rested(), _opened(path) as file:
        seen = seen_in(counted(style.entries(_lines(file))))
        pieces = iter(lambda: [*islice(seen, PIECE)], [])
        return [zlib.compress(pickle.dumps(piece), 1) for piece in pieces], lines


def _unpacked(piece: bytes) -> list[Seen]:
    found: list[Seen] = pickle.loads(zlib.decompress(piece))
    return found


def _opened(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        return gzip.open(path) if packed else path.open("rb")
    except OSError as error:
        raise UsageError(
            f"a log was expected in {str(path)!r:.200}, got: {error!s:.200}. Write: {CALL}"
        ) from None


def _lines(file: IO[bytes]) -> Iterator[Line]:
    for number, line in enumerate(file, 1):
        yield number, line.removesuffix(b"\n").decode("utf-8", "surrogateescape")


@contextmanager
def workers(where: int | str) -> Iterator[Any]:
    """Give the client of so many workers on this machine, or of a cluster, by its address."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise MissingPackage("workers need dask. Write: pip install 'spanlab[dask]'") from None
    own = {"threads_per_worker": 1, "memory_limit": MEMORY, "dashboard_address": ":0"}
    with ExitStack() as stack:
        if isinstance(where, int):
            where = stack.enter_context(distributed.LocalCluster(n_workers=where, **own))
        yield stack.enter_context(distributed.Client(where))
