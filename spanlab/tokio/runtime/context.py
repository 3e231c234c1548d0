"""The span stack as Python would keep it: a value that every asyncio task gets a copy of."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any
from weakref import ref

_SPANS: ContextVar[tuple[Any, ...]] = ContextVar("spanlab_span_stack", default=())


class ContextStack(Sequence["ref[Any]"]):
    """A span stack that is kept in the context. Each copy of it holds its spans open.

    An entry is the reference that every stack holds, and the span itself.
    """

    def __getitem__(self, index: Any) -> Any:
        return _SPANS.get()[index][0]

    def __len__(self) -> int:
        return len(_SPANS.get())

    def append(self, span: ref[Any]) -> None:
        _SPANS.set((*_SPANS.get(), (span, span())))

    def __delitem__(self, index: int) -> None:
        entries = list(_SPANS.get())
        del entries[index]
        _SPANS.set(tuple(entries))
