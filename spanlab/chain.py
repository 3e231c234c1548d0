"""The frames behind a record, up to the poll: which code awaits which, or calls it.

A link is the code and the instruction of one frame, which frame it is, and the link of the frame
around it. The same frames come again and again, so each link is kept once. What they mean in
files, lines and columns is looked up when somebody asks.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter
from types import CodeType, FrameType
from typing import Any, NamedTuple

from spanlab.errors import HERE

Link = tuple[Any, int, int, Any]  # code, instruction, frame, what is around it; or file and line

_GENERATORS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_ends: set[int] = set()  # the code that polls a future, or begins a thread
_kept = [True]


def ends(function: Any) -> Any:
    """Mark a function at which a chain ends."""
    _ends.add(id(function.__code__))
    return function


@contextlib.contextmanager
def off() -> Iterator[None]:
    """Keep no chains in recordings that begin inside, for who measures: `why` says less then."""
    _kept.append(False)
    try:
        yield
    finally:
        _kept.pop()


@contextlib.contextmanager
def origins() -> Iterator[None]:
    """Have Python note where each coroutine is made, unless no chains are kept."""
    depth = sys.get_coroutine_origin_tracking_depth()
    sys.set_coroutine_origin_tracking_depth(max(depth, int(_kept[-1])))
    try:
        yield
    finally:
        sys.set_coroutine_origin_tracking_depth(depth)


class Chains:
    """The chains of one recording; who begins it is the outermost frame that matters."""

    def __init__(self) -> None:
        self._links: dict[tuple[int, ...], Link] = {}
        self._ends = {*_ends, id(_around(sys._getframe(1)))}

    @classmethod
    def noting(cls) -> Callable[[FrameType], Any]:
        """Give what notes a frame: with the frames around it, or its code alone."""
        return cls().link if _kept[-1] else attrgetter("f_code")

    def link(self, frame: Any) -> Link:
        """Note a frame with all that is around it, up to the poll."""
        way, around, ends = list[int](), frame, self._ends
        code = id(frame.f_code)
        while True:
            way += code, id(around), around.f_lasti
            around = around.f_back
            if around is None or (code := id(around.f_code)) in ends:
                break
        key = tuple(way)
        found = self._links.get(key)
        if found is None:
            more = self.link(frame.f_back) if len(way) > 3 else None
            found = self._links[key] = frame.f_code, frame.f_lasti, id(frame), more
        return found


def _around(frame: Any) -> CodeType | None:
    """Find the code that called who began a recording."""
    while frame is not None and frame.f_code.co_filename.startswith((HERE, contextlib.__file__)):
        frame = frame.f_back
    return frame.f_back.f_code if frame is not None and frame.f_back is not None else None


def owner(frame: Any) -> int:
    """Tell which frame a guard belongs to: that which entered it, or the block of a manager."""
    if frame.f_code.co_flags & _GENERATORS:
        back = frame.f_back
        while back is not None and back.f_code.co_filename == contextlib.__file__:
            back, frame = back.f_back, back.f_back
    return id(frame)


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


def sites(link: Link | None) -> tuple[Site, ...]:
    """Look up the frames of a chain, from the inside out."""
    found = []
    while link is not None:
        code, at, frame, link = link
        found.append(_site(code, at, frame))
    return tuple(found)


def _site(code: Any, at: int, frame: int) -> Site:
    if not isinstance(code, CodeType):  # a place that is written out
        return Site(code, at)
    if code.co_filename.startswith(HERE):
        return Site(code.co_qualname, 0, frame=frame)
    spot = next(islice(code.co_positions(), max(at, 0) // 2, None))
    line, end_line, column, end = (number or 0 for number in spot)
    return Site(code.co_filename, line, end_line, column, end, frame)


class Seen(NamedTuple):
    """What is known of one record: its frames from the inside out, the first its own place.

    `by` is the frame that entered a span, or the thread that started another; `made` is where
    a future was made that is spawned.
    """

    sites: tuple[Site, ...]
    by: int = 0
    made: tuple[str, int] | None = None
