"""Where frames and suspended futures stand in the source, and how errors say it."""

from __future__ import annotations

import linecache
import os
import re
import sys
from itertools import islice
from types import CodeType
from typing import Any, NamedTuple

from spanlab.errors import HERE, LIBRARY
from spanlab.evidence.chain import Link


def suspended_at(future: Any, outside: str = "//") -> tuple[str, str, int]:
    """Name the innermost function in which a future is suspended, its file and its line.

    Files of the folder `outside` are not looked into.
    """
    found = ("", "", 0)
    while future is not None:
        frame = getattr(future, "cr_frame", None) or getattr(future, "gi_frame", None)
        if frame is not None and not frame.f_code.co_filename.startswith(outside):
            found = (frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno)
        future = getattr(future, "cr_await", None) or getattr(future, "inner", None)
    return found


class Site(NamedTuple):
    """One frame of a chain: where it stands, and which frame it is.

    A frame of this package has the name of its function, and no line.
    """

    file: str
    line: int
    end_line: int = 0
    column: int = 0
    end: int = 0
    frame: int = 0


class Seen(NamedTuple):
    """What is known of one record: its frames from the inside out, the first its own place.

    `by` is the frame that entered a span, or the thread that started another; `made` is where
    a future was made that is spawned.
    """

    sites: tuple[Site, ...]
    by: int = 0
    made: tuple[str, int] | None = None


def sites(link: Link | None) -> tuple[Site, ...]:
    """Look up the frames of a chain, from the inside out."""
    found = list[Site]()
    while link is not None:
        code, at, frame, link = link
        mine = getattr(code, "co_filename", "").startswith(HERE)
        spot = (code.co_qualname, 0) if mine else _spot(code, max(at, 0))
        found.append(Site(*spot)._replace(frame=frame))
    return tuple(found)


def place(code: Any, at: int) -> tuple[str, int]:
    """Give file and line of an instruction, or of a link; what is written out stays as it is."""
    if isinstance(code, tuple):
        code, at, *_ = code
    file, line, *_ = _spot(code, at)
    return file, line


def _spot(code: Any, at: int) -> tuple[Any, ...]:
    if not isinstance(code, CodeType):
        return code, at
    positions = next(islice(code.co_positions(), at // 2, None))
    return code.co_filename, *(number or 0 for number in positions)


def file_name(file: str) -> str:
    """Shorten a path below the current directory, and name the cell that a notebook compiled."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    cell_name = getattr(getattr(shell, "compile", None), "format_code_name", lambda _: None)
    if cell := cell_name(file):
        return str(cell[1])
    if re.search(r"[/\\]ipykernel_\d+[/\\]\d+\.py$|^<ipython-input-", file):
        return "cell"
    return file.removeprefix(os.getcwd() + os.sep).replace(os.sep, "/")


def foreign(future: Any, got: Any) -> str:
    """Say that a future awaited what this runtime cannot wake."""
    name, file, line = suspended_at(future, LIBRARY)
    return (
        f"a future of spanlab was expected, and '{name}' awaits something of another "
        f"library ({file_name(file)}:{line}). Only its own loop can wake it; "
        f"write: await sleep(0.01)"
    )


def not_send(future: Any, guard: str, code: Any, instruction: int) -> str:
    """Say that a guard which must stay on its thread lives across an await."""
    (file, line), (name, at, awaits) = place(code, instruction), suspended_at(future)
    return (
        f"future cannot be sent between threads safely: the future of '{name}' is not `Send`\n"
        f"  {file_name(file)}:{line}: {linecache.getline(file, line).strip()}\n"
        f"    has type `{guard}` which is not `Send`\n"
        f"  {file_name(at)}:{awaits}: {linecache.getline(at, awaits).strip()}\n"
        f"    await occurs here, with the guard maybe used later\n"
        f"End the block before the await, or write: await span.instrument(future)"
    )
