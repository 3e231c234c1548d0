"""The span stack of a thread, and which span on it is current: the rule that all else follows.

A stack is a list; a thread's holds weak references, for being entered keeps no span open. A span
that is entered again stays where it was first: its later entries are never current.

In Rust: `tracing_subscriber::registry`
https://github.com/tokio-rs/tracing/blob/tracing-subscriber-0.3.23/tracing-subscriber/src/registry/stack.rs
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import TypeVar

T = TypeVar("T")


def pop(stack: MutableSequence[T], span: T) -> None:
    """Exit a span: remove its last entry, wherever that is; a span that is not there is let be."""
    at = len(stack)
    while at:
        at -= 1
        if stack[at] == span:
            del stack[at]
            return


def top(stack: Sequence[T]) -> T | None:
    """Give the topmost span that is not on the stack further down too.

    If it has closed, no span is current: nothing below it is asked.
    """
    at = len(stack) - 1
    while at > 0 and stack.index(stack[at]) < at:
        at -= 1
    return stack[at] if stack else None
