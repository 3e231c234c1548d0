"""The frames behind a record, up to the poll: which code awaits which, or calls it.

A link is the code and the instruction of one frame, which frame it is, and the link of the frame
around it. The same frames come again and again, so each link is kept once. What they mean in
files, lines and columns is looked up when somebody asks, by `frames.sites`.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from operator import attrgetter
from types import CodeType, FrameType
from typing import Any

from spanlab.errors import HERE

Link = tuple[Any, int, int, Any]  # code, instruction, frame, what is around it; or file and line

_CONTEXTLIB = contextlib.contextmanager.__code__.co_filename  # `__file__` may be its byte code
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
    while frame is not None and frame.f_code.co_filename.startswith((HERE, _CONTEXTLIB)):
        frame = frame.f_back
    return getattr(getattr(frame, "f_back", None), "f_code", None)


def owner(frame: Any) -> int:
    """Tell which frame a guard belongs to: that which entered it, or the block of a manager."""
    if frame.f_code.co_flags & _GENERATORS:
        back = frame.f_back
        while back is not None and back.f_code.co_filename == _CONTEXTLIB:
            back, frame = back.f_back, back.f_back
    return id(frame)
