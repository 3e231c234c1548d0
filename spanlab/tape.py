"""What a recording writes: the values of all rows, one after the other, with no object for each.

To write a row so takes half of the time, and gives Python's garbage collector nothing to walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import RLock
from typing import Any

Row = tuple[Any, ...]

FULL = 100_000  # values after which a piece of tape is put aside


class Tape(list[Any]):
    """The tape itself; real threads share it, for `extend` is atomic.

    Whoever is about to write looks whether it is `full`, and if so asks the recorder to go on.
    """

    __slots__ = ("_lock", "_rows", "aside", "full", "most", "past")

    def __init__(self, rows: list[Row] | None = None) -> None:
        self._rows: list[Row] = [] if rows is None else rows  # what somebody has read
        self.aside: list[Row] = []  # tuples of plain values, which no collection walks twice
        self._lock = RLock()  # so that nobody reads rows before older ones
        self.past = 0  # values in all, before those of the tape
        self.full = self.most = FULL  # now, and in all

    def turn(self) -> None:
        """Put aside what is written, and begin with an empty piece."""
        with self._lock:
            if piece := tuple(self[:]):
                self.aside.append(piece)
                self.past += len(piece)
                del self[: len(piece)]  # another thread may have written more
            self.full = min(FULL, self.most - self.past)

    def rows(self) -> list[Row]:
        """Give all rows; what was written since the last time is cut into them."""
        if self or self.aside:
            with self._lock:
                self.turn()
                while self.aside:
                    self._rows += _cut(self.aside[0])
                    del self.aside[0]
        return self._rows


def _cut(piece: Row) -> Iterator[Row]:
    from spanlab.record import WIDTHS  # to write needs none of the classes of records

    at = 0
    while at < len(piece):
        end = at + WIDTHS[piece[at]]
        yield piece[at:end]
        at = end
