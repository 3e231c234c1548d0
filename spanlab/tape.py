"""What a recording writes: the values of all rows, one after the other, with no object for each.

To write a row so takes half of the time, and gives Python's garbage collector nothing to walk.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

Row = tuple[Any, ...]

FULL = 100_000  # values after which a piece of tape is put aside


class Tape(list[Any]):
    """The tape itself; real threads share it, for `extend` is atomic.

    Whoever has written looks whether it is `full`, and asks its recorder to go on if so.
    """

    __slots__ = ("_lock", "aside", "past", "full")

    def __init__(self) -> None:
        self.aside: list[Row] = []  # tuples of plain values, which no collection walks twice
        self._lock = Lock()
        self.past = 0  # values in all, so far
        self.full = FULL

    def turn(self) -> None:
        """Put aside what is written, and begin with an empty piece."""
        with self._lock:
            piece = tuple(self[:])
            del self[: len(piece)]  # another thread may have written more
            self.aside.append(piece)
            self.past += len(piece)

    def take(self) -> list[Row]:
        """Give the rows that nobody has taken."""
        rows = list[Row]()
        if self:
            self.turn()
        while self.aside:
            from spanlab.record import WIDTHS  # to write needs none of the classes of records

            piece, at = self.aside.pop(0), 0
            while at < len(piece):
                width = WIDTHS[piece[at]]
                rows.append(piece[at : at + width])
                at += width
        return rows
