"""Numbers that stand for spans."""

from __future__ import annotations

from typing import Any

from spanlab.errors import UsageError


class Id(int):
    """The number of a span in the trace. It stands for the span, and does not keep it open.

    In Rust: `tracing::span::Id`.
    """

    _ref: Any  # a weak reference to the span

    @classmethod
    def of(cls, number: int, ref: Any) -> Id:
        """Make the number of a span."""
        made = cls(number)
        made._ref = ref
        return made

    def span(self) -> Any:
        """Give the span; raises `UsageError` if it has closed, where Rust panics."""
        span = self._ref()
        if span is None:
            raise UsageError(
                f"a parent is open, and the span with id={self:d} has closed. Write: parent=span. "
                "In Rust: tried to clone Id(…), but no span exists with that ID\n"
                "This may be caused by consuming a parent span (`parent: span`) rather than "
                "borrowing it (`parent: &span`)."
            )
        return span
